//! A message in its conversation: its kind, and the question that it asks when it is read together
//! with what was said before.
//!
//! Three things tie a message to its conversation: a word that points back ("is it safe?"), a
//! beginning that goes on or puts right ("and for children?", "no, I meant ward 8"), and an option of
//! a question that was asked back. A message that names what it is about stands alone, whatever was
//! said before: a name of the person is never replaced by one of the conversation. Between both are
//! messages that could stand alone; for those, both readings are looked up and the documents decide.

mod choice;
mod cues;
mod kinds;
mod parts;
mod pointing;
mod reading;
mod resolve;
#[cfg(test)]
mod tests;
mod thread;

pub use choice::{asked_back, options_of};
pub use parts::parts;
pub use reading::{Need, Reading};
pub use thread::{Thread, Understood};
