//! The check of a sentence outside a turn, for measurements.

use std::sync::Arc;

use super::support::Support;
use super::{Grounder, Output, Words};
use crate::domain::document::Stated;
use crate::domain::evidence::Source;
use crate::domain::ids::{DocumentId, VersionId};

/// Passages against which sentences are checked, as those of a language model are.
pub struct Checker(Arc<Support>);

impl Checker {
    /// Creates a checker over passages, each a title and a text.
    pub fn new(passages: &[(String, String)]) -> Self {
        let sources = (1..).zip(passages).map(|(id, (title, text))| {
            let source = Source {
                id,
                document_id: DocumentId::new(),
                version_id: VersionId::new(),
                external_id: "document".into(),
                title: title.clone(),
                version: 1,
                stated: Stated::default(),
                page: None,
                start: 0,
                end: i32::try_from(text.chars().count()).unwrap_or(i32::MAX),
                text: text.clone(),
                score: 1.0,
            };
            (source, None)
        });
        Self(Arc::new(Support::new("", &sources.collect::<Vec<_>>())))
    }

    /// Whether the whole text would reach a reader with citations; otherwise the reason why not.
    pub fn check(&self, text: &str) -> Result<(), &'static str> {
        let mut grounder = Grounder::over(Words::Written, Arc::clone(&self.0));
        let mut outputs = grounder.push(&format!("{text}\n"));
        outputs.extend(grounder.finish());
        let mut cited = false;
        for output in outputs {
            match output {
                Output::Text(_, citations) => cited |= !citations.is_empty(),
                Output::Dropped(reason) => return Err(reason.as_str()),
            }
        }
        if cited { Ok(()) } else { Err("empty") }
    }
}
