//! The tables and the statements on them.

mod schema;
