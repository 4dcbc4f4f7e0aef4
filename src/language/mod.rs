//! Everything about a language that is needed to read a question, a passage and an answer. Each
//! language has one folder of plain data (`en/`) behind one interface ([`interface::Language`]);
//! the other files use it to read texts.
//!
//! No other module contains words to compare a text with. Two things do not count as language here:
//! the instructions to a model (`orchestrator/answer/prompt.rs`), and the tags of a model's
//! thoughts.

pub mod asked;
pub mod asks;
pub mod aspect;
pub mod conversation;
pub mod demand;
mod demands;
pub mod differences;
pub mod digits;
pub mod grams;
pub mod interface;
pub mod lexicon;
pub mod linear;
pub mod lines;
pub mod lists;
mod question;
pub mod recognised;
pub mod script;
pub mod senses;
pub mod sentences;
pub mod stated;
pub mod subject;
pub mod terms;
mod tongue;
pub mod units;
pub mod words;

mod en;

use std::sync::LazyLock;

use interface::Language;
pub use tongue::Tongue;
pub(crate) use tongue::by_tongue;

/// Returns the language of questions, documents and answers.
pub fn spoken() -> &'static Language {
    LazyLock::force(&en::ENGLISH)
}

/// Returns the stems of a text's words without its stop words, so that "hours" matches "hour".
/// Numbers stay unchanged.
pub fn content_words(text: &str) -> impl Iterator<Item = String> + '_ {
    spoken().words.content(text)
}

/// Returns the content words that decide the topic, with one word for each meaning. Use them to
/// find and weigh text; they are too coarse to check a claim.
pub fn topic_words(text: &str) -> impl Iterator<Item = String> + '_ {
    spoken().words.topics(text)
}
