//! The gate and the answer without a language model, outside a turn: what `chatbot eval answers`
//! measures is what a person gets.

use super::gate;
pub use super::gate::{Model, NAMES, Values};
use super::governed::{Governed, to_source};
use super::grounding::{Grounder, Output, Words};
use super::{gate::Decision, tongues};
use crate::domain::evidence::RetrieveResponse;
use crate::domain::ids::DocumentId;

/// An answer word for word.
pub struct Quoted {
    pub decision: Decision,
    pub text: String,
    /// The documents that it cites.
    pub cited: Vec<DocumentId>,
}

/// Returns the answer of the verbatim rung, whether or not the gate lets it pass.
pub fn quote(message: &str, evidence: RetrieveResponse, min_support: f32) -> Quoted {
    let (decision, evidence) = tongues::weigh(message, evidence, min_support);
    let sources: Vec<Governed> = (1..).zip(evidence.results).map(to_source).collect();
    let lines = tongues::choose(message, &sources);
    let mut grounder = Grounder::new(Words::Quoted, message, &sources);
    let mut outputs: Vec<Output> = lines
        .iter()
        .flat_map(|line| grounder.push(&format!("{} [{}]\n", line.text, line.number)))
        .collect();
    outputs.extend(grounder.finish());
    let mut text = String::new();
    let mut cited = Vec::new();
    for output in outputs {
        if let Output::Text(piece, citations) = output {
            text.push_str(&piece);
            cited.extend(citations.into_iter().map(|citation| citation.document_id));
        }
    }
    Quoted {
        decision,
        text,
        cited,
    }
}

/// Returns each passage on the subject, by its place in the evidence, with its values.
pub fn candidates(message: &str, evidence: &RetrieveResponse) -> Vec<(usize, Values)> {
    let found = gate::candidates(message, evidence).into_iter();
    found.map(|one| (one.at, one.values)).collect()
}
