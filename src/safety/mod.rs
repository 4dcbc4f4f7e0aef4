//! Clinical safety: pure, deterministic, without network or language model.

mod category;
mod contacts;
mod rules_en;
pub mod texts;
mod triage;

pub use category::Category;
pub use contacts::Contacts;
pub use triage::{Triage, triage};
