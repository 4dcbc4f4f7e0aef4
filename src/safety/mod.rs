//! Clinical safety: pure, deterministic, without network or language model.

mod contacts;
mod rules_en;
pub mod texts;
mod triage;

pub use contacts::Contacts;
pub use triage::{Category, Triage, triage};
