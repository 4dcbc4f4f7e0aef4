//! The tables and the statements on them.

mod accept;
mod documents;
mod governance;
mod prepared;
mod schema;
