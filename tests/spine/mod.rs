//! The whole system, as people use it.

mod bad_input;
mod chat;
mod lifecycle;
mod recall;
