//! PostgreSQL: the only module that knows diesel.
//!
//! Concrete functions over [`Database`], with one file per aggregate. A function that writes
//! contains its whole transaction, so that callers cannot leave half an effect behind. Every query
//! for a person's data takes that person's id.

pub mod api_keys;
pub mod attempts;
mod audit;
pub mod catalogue;
pub mod conflicts;
mod connect;
mod connection;
pub mod conversations;
mod database;
pub mod dead_letters;
pub mod documents;
mod error;
mod functions;
pub mod index_changes;
pub mod indexing;
pub mod leases;
mod locks;
pub mod migrations;
pub mod outbox;
mod patience;
mod pooled;
mod prepared;
pub mod retrieval;
pub mod schema;
mod settings;
mod statement;
pub mod turns;
mod types;
pub mod versions;

pub use connect::check_url;
pub use database::Database;
pub use error::DbError;
pub use patience::patiently;
pub use settings::DatabaseSettings;
