//! The tables and the statements on them.

mod accept;
mod documents;
mod prepared;
mod schema;
mod wire;
