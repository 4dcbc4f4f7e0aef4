//! The room of language: everything that is known of a language in order to read a question, a
//! passage and an answer. Each language has one folder of plain data (`en/`) behind one interface
//! ([`interface::Language`]); the other files read texts with it.
//!
//! No other module holds a word to compare a text with. Two things are no language in this sense: the
//! instructions to a model (`orchestrator/answer/prompt.rs`) and the tags in which models think aloud.

pub mod interface;
pub mod lines;
pub mod lists;
pub mod sentences;
pub mod subject;
pub mod units;
pub mod words;

mod en;

use std::sync::LazyLock;

use interface::Language;

/// The language that questions, documents and answers are in.
pub fn spoken() -> &'static Language {
    LazyLock::force(&en::ENGLISH)
}

/// The stems of a text's words without its stop words, so that "hours" meets "hour". Numbers stay as
/// they are.
pub fn content_words(text: &str) -> impl Iterator<Item = String> + '_ {
    spoken().words.content(text)
}

/// The content words that tell the topic, with words of one meaning made equal. For finding and
/// weighing text; too coarse for checking what a text claims.
pub fn topic_words(text: &str) -> impl Iterator<Item = String> + '_ {
    spoken().words.topics(text)
}
