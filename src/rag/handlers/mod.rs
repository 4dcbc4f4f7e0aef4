//! Thin handlers: parse, authorise, call one function, map the result.

pub mod documents;
pub mod search;
