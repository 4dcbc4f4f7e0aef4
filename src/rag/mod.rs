//! The rag role: documents in, passages out.

pub mod chunk;
pub mod parse;
