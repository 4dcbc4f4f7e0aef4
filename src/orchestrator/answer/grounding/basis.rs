//! The passages of an answer, cut into units while its sentences are compared with them.
//!
//! Cut passages take many times the room of their text. A turn that waits for its model needs none of
//! it, so a replica keeps those of the answers that grew last, and cuts the others again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::support::Support;
use crate::orchestrator::answer::governed::Governed;

/// The cut passages of the answers that grew last.
pub struct Recent {
    most: usize,
    /// The least recently used first.
    kept: Mutex<Vec<Arc<Support>>>,
}

impl Recent {
    /// Keeps the passages of at most so many answers.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Arc<Support>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, support: &Arc<Support>) {
        let mut kept = self.kept();
        kept.retain(|other| !Arc::ptr_eq(other, support));
        kept.push(Arc::clone(support));
        let over = kept.len().saturating_sub(self.most);
        let oldest: Vec<Arc<Support>> = kept.drain(..over).collect();
        drop(kept);
        drop(oldest);
    }

    fn forget(&self, support: &Arc<Support>) {
        self.kept().retain(|other| !Arc::ptr_eq(other, support));
    }
}

/// The passages with which the sentences of one answer are compared.
pub(super) enum Basis<'a> {
    Own(Arc<Support>),
    Shared {
        recent: &'a Recent,
        question: &'a str,
        passages: &'a [Governed],
        cut: Weak<Support>,
    },
}

impl<'a> Basis<'a> {
    pub fn shared(recent: &'a Recent, question: &'a str, passages: &'a [Governed]) -> Self {
        Self::Shared {
            recent,
            question,
            passages,
            cut: Weak::new(),
        }
    }

    /// Returns the cut passages, and cuts them if they are not kept.
    pub fn support(&mut self) -> Arc<Support> {
        match self {
            Self::Own(support) => Arc::clone(support),
            Self::Shared {
                recent,
                question,
                passages,
                cut,
            } => {
                let support = cut
                    .upgrade()
                    .unwrap_or_else(|| Arc::new(Support::new(question, passages)));
                *cut = Arc::downgrade(&support);
                recent.keep(&support);
                support
            }
        }
    }
}

impl Drop for Basis<'_> {
    fn drop(&mut self) {
        if let Self::Shared { recent, cut, .. } = self
            && let Some(support) = cut.upgrade()
        {
            recent.forget(&support);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Grounder, Output};
    use super::*;
    use crate::domain::evidence::Source;
    use crate::domain::ids::{DocumentId, VersionId};

    fn passage(text: &str) -> Governed {
        let source = Source {
            id: 1,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            external_id: "document".into(),
            title: "Visiting".into(),
            version: 1,
            stated: crate::domain::document::Stated::default(),
            page: None,
            start: 0,
            end: i32::try_from(text.chars().count()).unwrap(),
            text: text.into(),
            score: 1.0,
        };
        (source, None)
    }

    fn shows(grounder: &mut Grounder<'_>, sentence: &str) -> bool {
        let outputs = grounder.push(&format!("{sentence}\n"));
        let mut texts = outputs.iter();
        texts.any(|output| matches!(output, Output::Text(_, cited) if !cited.is_empty()))
    }

    #[test]
    fn answers_that_take_turns_share_the_room_and_keep_their_own_passages() {
        let recent = Recent::new(1);
        let visits = [passage(
            "Visiting hours are from 2 pm to 8 pm on every day.",
        )];
        let meals = [passage("Lunch is served at noon in the dining room.")];
        let mut first = Grounder::sharing(&recent, "", &visits);
        let mut second = Grounder::sharing(&recent, "", &meals);
        assert!(recent.kept().is_empty());
        for _ in 0..2 {
            assert!(shows(
                &mut first,
                "Visiting hours are from 2 pm to 8 pm on every day. [1]"
            ));
            assert!(!shows(
                &mut first,
                "Lunch is served at noon in the dining room. [1]"
            ));
            assert!(shows(
                &mut second,
                "Lunch is served at noon in the dining room. [1]"
            ));
            assert_eq!(recent.kept().len(), 1);
        }
        drop(first);
        assert_eq!(recent.kept().len(), 1);
        drop(second);
        assert!(recent.kept().is_empty());
    }
}
