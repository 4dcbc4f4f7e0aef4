//! Clinical safety: pure, deterministic, without network or language model.

mod rules_en;
mod triage;

pub use triage::{Category, Level, Triage, triage};
