//! Which gate and which quoted answer a question gets, by its language.

use super::extractive::{self, Line};
use super::gate::{self, Decision};
use super::governed::Governed;
use super::other::{self, tongue_of};
use crate::domain::evidence::{Passage, RetrieveResponse};
use crate::language::Tongue;
use crate::safety::texts;

/// Decides whether the evidence is enough for an answer, as [`gate::weigh`] does for English.
///
/// A question in another language is answered from passages in that language. If there is none, the
/// English ones may do, because names and figures are the same; a third language never does.
pub(super) fn weigh(
    message: &str,
    mut evidence: RetrieveResponse,
    min_support: f32,
) -> (Decision, RetrieveResponse) {
    let passages = evidence.results.iter();
    let told = passages.map(|passage| tongue_of(&passage.title, &passage.text));
    let told: Vec<Option<Tongue>> = told.collect();
    match other_than_english(message, &told) {
        Some((tongue, true)) => return other::weigh(message, tongue, evidence),
        Some((_, false)) => {
            let mut told = told.into_iter();
            evidence.results.retain(|_| {
                told.next()
                    .flatten()
                    .is_none_or(|own| own == Tongue::English)
            });
        }
        None => {}
    }
    gate::weigh(message, evidence, min_support)
}

/// Returns the lines that answer the message, word for word.
pub(super) fn choose(message: &str, evidence: &[Governed]) -> Vec<Line> {
    let sources = evidence.iter();
    let told = sources.map(|(source, _)| tongue_of(&source.title, &source.text));
    let told: Vec<Option<Tongue>> = told.collect();
    match other_than_english(message, &told) {
        Some((tongue, true)) => other::choose(message, tongue, evidence),
        _ => extractive::choose(message, evidence),
    }
}

/// Returns the language of the question if it is not English, and whether the rules for other
/// languages read it: always, unless it could be read like English and no passage is in its language.
fn other_than_english(message: &str, told: &[Option<Tongue>]) -> Option<(Tongue, bool)> {
    let tongue = Tongue::guess(message).filter(|tongue| *tongue != Tongue::English)?;
    let is_told = |tongue: Tongue| told.contains(&Some(tongue));
    match tongue {
        // A few ideographs may be either.
        Tongue::Chinese if !is_told(tongue) && is_told(Tongue::Japanese) => {
            Some((Tongue::Japanese, true))
        }
        Tongue::Spanish | Tongue::French | Tongue::German | Tongue::Portuguese => {
            Some((tongue, is_told(tongue)))
        }
        _ => Some((tongue, true)),
    }
}

/// Returns the notice before these lines if their document is in another language than the message.
pub(super) fn notice(asked: Tongue, lines: &[Line], evidence: &[Governed]) -> Option<String> {
    let first = lines.first()?;
    let (source, _) = evidence
        .iter()
        .find(|(source, _)| source.id == first.number)?;
    let written = tongue_of(&source.title, &source.text)?;
    let readable = [asked, written] == [Tongue::Chinese, Tongue::Japanese];
    (written != asked && !readable).then(|| texts::other_language(written, asked))
}

/// Whether a passage is in this language, in English, or in one that it does not tell.
pub(super) fn may_be_read(tongue: Tongue, passage: &Passage) -> bool {
    let written = tongue_of(&passage.title, &passage.text);
    written.is_none_or(|written| written == tongue || written == Tongue::English)
}

/// Returns the share of a message's words that a passage holds, with its title and the lines that govern
/// it.
pub(super) fn covered(message: &str, passage: &Passage) -> f32 {
    match Tongue::guess(message) {
        None | Some(Tongue::English) => gate::covered(message, passage),
        Some(tongue) => other::covered(message, tongue, passage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document::Stated;
    use crate::domain::evidence::Source;
    use crate::domain::ids::{DocumentId, VersionId};

    fn source(title: &str, text: &str) -> Governed {
        let source = Source {
            id: 1,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            external_id: String::new(),
            title: title.into(),
            version: 1,
            stated: Stated::default(),
            page: None,
            start: 0,
            end: i32::try_from(text.chars().count()).unwrap(),
            text: text.into(),
            score: 1.0,
        };
        (source, None)
    }

    fn said(message: &str, title: &str, text: &str) -> Option<String> {
        let lines = [Line {
            number: 1,
            text: text.to_owned(),
        }];
        notice(Tongue::of(message), &lines, &[source(title, text)])
    }

    #[test]
    fn a_quote_from_a_document_in_another_language_says_so_in_that_of_the_question() {
        let dose = "Adults take 500 mg to 1 g of paracetamol every 4 to 6 hours.";
        let french = "Quelle est la dose de paracétamol pour un adulte ?";
        let notice = said(french, "Paracetamol", dose).unwrap();
        assert!(notice.contains("anglais"), "{notice}");
        assert_eq!(
            said("What is the dose for adults?", "Paracetamol", dose),
            None
        );
        let japanese = "面会時間は午後2時からです。";
        assert_eq!(said("面会時間", "面会", japanese), None);
        assert!(said("When are visiting hours?", "面会", japanese).is_some());
    }

    #[test]
    fn ideographs_are_read_as_the_language_of_the_documents() {
        let told = [Some(Tongue::Japanese), Some(Tongue::English)];
        let read = other_than_english("面会時間", &told);
        assert_eq!(read, Some((Tongue::Japanese, true)));
        let french = "Quels sont les horaires ?";
        assert_eq!(
            other_than_english(french, &told),
            Some((Tongue::French, false))
        );
        assert_eq!(other_than_english("When is it?", &told), None);
    }
}
