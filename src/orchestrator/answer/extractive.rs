//! The answer without a language model: verbatim lines of the evidence, each with its passage's number.
//!
//! Passages are cut into units (sentences, list items, table rows) under the lines that govern them;
//! of those that speak of what was asked about, the one that fits best is shown with what belongs to
//! it, under its heading, lead-in and header. Nothing is written, only chosen.

mod choose;
mod question;

pub(super) use choose::choose;

/// The names under which such an answer is recorded.
pub(super) const PROVIDER: &str = "extractive";
pub(super) const MODEL: &str = "verbatim-sentences";
