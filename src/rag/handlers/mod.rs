//! Thin handlers: parse, authorise, call one function, map the result.

pub mod decisions;
pub mod documents;
pub mod search;
pub mod uploads;
