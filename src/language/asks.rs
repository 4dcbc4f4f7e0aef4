//! Questions in languages other than English, as far as an answer needs to know them.

use std::sync::LazyLock;

use super::Tongue;
use super::lists::Table;
use super::sentences::sentences;
use super::terms::{Forms, folded_words, words};
use crate::domain::text::slice_chars;

/// The question marks of all languages.
pub const MARKS: [char; 3] = ['?', '？', '؟'];

/// A question in a language other than English.
pub struct Ask {
    pub tongue: Tongue,
    /// Its words, each with its forms.
    pub words: Vec<Forms>,
    /// Whether it asks for a time, a number or a duration.
    pub wants_quantity: bool,
}

static QUANTITY: LazyLock<Table<&'static str, Vec<String>>> = LazyLock::new(|| {
    let lines = include_str!("quantity_words.tsv").lines();
    let lines = lines.filter_map(|line| line.split_once('\t'));
    lines
        .map(|(code, words)| {
            let folded = words.split(' ').flat_map(folded_words);
            (code, folded.collect())
        })
        .collect()
});

impl Ask {
    /// Reads a message: its sentences with a question mark, or all of them if none has one.
    pub fn of(message: &str, tongue: Tongue) -> Self {
        let asking: Vec<&str> = sentences(message)
            .into_iter()
            .filter_map(|(start, end)| slice_chars(message, start, end))
            .filter(|sentence| sentence.ends_with(MARKS))
            .collect();
        let joined = asking.join(" ");
        let asked = if joined.is_empty() { message } else { &joined };
        let mut words = words(asked, tongue);
        words.sort_unstable();
        words.dedup();
        Self {
            tongue,
            words,
            wants_quantity: wants_quantity(asked, tongue),
        }
    }
}

fn wants_quantity(asked: &str, tongue: Tongue) -> bool {
    let Some(known) = QUANTITY.get(tongue.code()) else {
        return false;
    };
    if !tongue.has_spaces() {
        return known.iter().any(|piece| asked.contains(piece.as_str()));
    }
    folded_words(asked).any(|word| known.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_without_what_stands_around_it() {
        let ask = Ask::of(
            "Hola, vengo de lejos. ¿Cuándo puedo visitar a mi madre?",
            Tongue::Spanish,
        );
        assert!(
            ask.wants_quantity && ask.words.len() == 2,
            "{:?}",
            ask.words
        );
        let ask = Ask::of("胃镜检查前多久不能吃东西？", Tongue::Chinese);
        assert!(ask.wants_quantity);
        assert!(!Ask::of("薬局はどこですか", Tongue::Japanese).wants_quantity);
    }
}
