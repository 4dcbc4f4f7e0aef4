//! The files of the rules, one for each language; `config/triage/en.toml` explains the shape.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::frames::FrameFile;
use super::readings::Cue;
use crate::domain::emergency::{Category, Level};

/// A file of rules. Several may serve one language; each list, frame and rule stands in one of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The code of the language, for example `en`.
    pub language: String,
    /// Frequent words, by which a message's language is told; see [`super::languages`].
    #[serde(default)]
    pub common: Vec<String>,
    /// The most words that a sign may span.
    pub within: Option<usize>,
    /// Words that end a clause.
    #[serde(default)]
    pub joins: Vec<String>,
    /// Right words that look like a misspelt word of a rule.
    #[serde(default)]
    pub right_words: Vec<String>,
    /// Named patterns, which others include as `$name`.
    #[serde(default)]
    pub lists: BTreeMap<String, Vec<String>>,
    /// Short forms and the words they stand for.
    #[serde(default)]
    pub text_speak: BTreeMap<String, String>,
    /// Numbers in words.
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
    /// The words around the numbers of devices and ages.
    #[serde(default)]
    pub readings: BTreeMap<Cue, Vec<String>>,
    #[serde(default, rename = "frame")]
    pub frames: Vec<FrameFile>,
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleText>,
}

/// A rule as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    pub id: String,
    pub category: Category,
    #[serde(default = "emergency")]
    pub level: Level,
    /// Groups of patterns; one pattern of each must occur, near each other in one sentence.
    pub signs: Vec<Vec<String>>,
    /// Groups of which one pattern each must occur anywhere in the message.
    #[serde(default)]
    pub context: Vec<Vec<String>>,
    /// Patterns that cancel the rule in their sentence.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Names of frames that do not cancel the rule.
    #[serde(default)]
    pub despite: Vec<String>,
    /// The most words that the sign may span, if not those of the language.
    pub within: Option<usize>,
    /// The rule counts only if the message tells of a child younger than this.
    pub age_below_months: Option<f64>,
    /// Whether the level stands though the classifier is sure of the contrary.
    #[serde(default)]
    pub firm: bool,
}

fn emergency() -> Level {
    Level::Emergency
}

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("{file}: not a file of triage rules: {problem}; compare it with config/triage/en.toml")]
    Syntax {
        file: String,
        problem: Box<toml::de::Error>,
    },
    #[error("{file}: {place}: {problem}")]
    Content {
        file: String,
        /// The rule, list or frame.
        place: String,
        problem: Problem,
    },
}

/// A mistake in a file, and how to mend it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Problem {
    #[error("the id is taken; give each rule an id of its own")]
    TakenId,
    #[error("the rule has no signs; list at least one group of patterns under `signs`")]
    NoSigns,
    #[error("the level is none; write \"urgent\" or \"emergency\"")]
    NoLevel,
    #[error("there is no list {0:?}; define it under [lists] or correct the name")]
    UnknownList(String),
    #[error("there is no frame {0:?}; name one of the language's [[frame]] tables")]
    UnknownFrame(String),
    #[error("a language has at most {0} frames; merge some")]
    TooManyFrames(usize),
    #[error(transparent)]
    Pattern(#[from] super::patterns::PatternError),
}

impl RuleFile {
    /// Reads a file; the name is for errors.
    pub fn parse(name: &str, text: &str) -> Result<Self, RulesError> {
        toml::from_str(text).map_err(|problem| RulesError::Syntax {
            file: name.to_owned(),
            problem: Box::new(problem),
        })
    }
}
