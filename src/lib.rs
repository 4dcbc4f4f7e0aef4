//! A healthcare chatbot that answers only from an organisation's own approved documents.

pub mod cache;
pub mod domain;
pub mod messaging;
