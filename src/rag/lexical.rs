//! The language of a document, and the terms by which the lexical leg finds its chunks.

use crate::language::{Tongue, terms};
use crate::persistence::indexing::NewChunk;

/// The characters of a document that tell its language.
const TELLING: usize = 4_000;

/// The language of a document, and what follows from it.
pub(super) struct Told {
    pub tongue: Option<Tongue>,
    /// The terms of each chunk; none for English and for a document that tells no language, whose
    /// terms PostgreSQL makes.
    pub terms: Option<Vec<Vec<String>>>,
}

/// Returns the beginning of a document that tells its language.
pub(super) fn beginning(title: &str, text: &str) -> String {
    let words = title.chars().chain(['\n']).chain(text.chars());
    words.take(TELLING).collect()
}

/// Reads the language from the beginning, and the terms from each chunk with its title and the lines
/// outside it that govern its first line, as `english_terms.sql` does for English.
pub(super) fn tell(beginning: &str, title: &str, chunks: &[NewChunk]) -> Told {
    let tongue = Tongue::guess(beginning);
    let other = tongue.filter(|tongue| *tongue != Tongue::English);
    let terms = other.map(|tongue| {
        let of = |chunk| terms_of(title, chunk, tongue);
        chunks.iter().map(of).collect()
    });
    Told { tongue, terms }
}

fn terms_of(title: &str, chunk: &NewChunk, tongue: Tongue) -> Vec<String> {
    let governing = chunk
        .context
        .iter()
        .filter(|line| line.end <= chunk.start && line.until > chunk.start)
        .map(|line| line.text.as_str())
        .filter(|line| !line.eq_ignore_ascii_case(title));
    let texts = std::iter::once(title).chain(governing);
    let texts = texts.chain([chunk.text.as_str()]);
    texts
        .flat_map(|text| terms::lexemes(text, tongue))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(text: &str) -> NewChunk {
        NewChunk {
            page: None,
            start: 0,
            end: 1,
            text: text.to_owned(),
            context: Vec::new(),
            embedding: Vec::new(),
        }
    }

    #[test]
    fn only_other_languages_than_english_bring_terms() {
        let told = tell(
            &beginning("Visits", "Visiting hours are from 2 pm."),
            "Visits",
            &[],
        );
        assert_eq!((told.tongue, told.terms), (Some(Tongue::English), None));
        let chunks = [chunk("检查前8小时不能吃东西。")];
        let told = tell(&beginning("胃镜检查", &chunks[0].text), "胃镜检查", &chunks);
        assert_eq!(told.tongue, Some(Tongue::Chinese));
        let terms = &told.terms.unwrap()[0];
        assert!(terms.contains(&"zh:胃镜".to_owned()) && terms.contains(&"zh:8".to_owned()));
    }
}
