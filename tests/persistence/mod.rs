//! The tables and the statements on them.

mod accept;
mod prepared;
mod schema;
mod wire;
