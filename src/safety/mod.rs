//! Clinical safety: pure, deterministic, without network or language model.

mod contacts;
pub mod hostile;
pub mod ladder;
mod named;
pub mod replies;
pub mod texts;
mod triage;

pub use crate::domain::emergency::Category;
pub use contacts::Contacts;
pub use triage::rules::Rules;
pub use triage::{EARLIER, Triage, triage, triage_in};

/// Reads the rules and the models of triage, which takes longer than a message may wait.
pub fn warm_up() {
    triage("");
}
