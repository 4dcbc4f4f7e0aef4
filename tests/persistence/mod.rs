//! The tables and the statements on them.

mod prepared;
mod schema;
mod wire;
