//! Thin handlers: parse, authorise, call one function, map the result.

pub mod completions;
pub mod conversations;
pub mod messages;
pub mod page;
pub mod turns;
mod urgency;
