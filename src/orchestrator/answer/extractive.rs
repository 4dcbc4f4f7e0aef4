//! The answer without a language model: lines of the evidence, word for word, each with the number
//! of its passage.
//!
//! Passages are cut into units (sentences, list items, table rows) under the lines that govern
//! them. Among the units about the subject of the question, the best one is shown together with the
//! lines that belong to it, under its heading, lead-in and header. Lines are chosen, never written.

mod choose;
mod question;
mod rows;
mod scale;

pub(super) use choose::{Line, choose};
pub(super) use question::Form;

/// The provider name under which such an answer is recorded.
pub(super) const PROVIDER: &str = "extractive";
pub(super) const MODEL: &str = "verbatim-sentences";
