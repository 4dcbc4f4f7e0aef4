//! The rag role: it parses, chunks, embeds and indexes documents, and retrieves evidence.

pub mod backfill;
pub mod chunk;
mod config;
mod conflicts;
mod embedded_text;
pub mod follower;
pub mod fuse;
mod handlers;
pub mod index;
mod index_metrics;
mod lexical;
pub mod parse;
mod quarantine;
mod retired;
pub mod retrieve;
pub mod routes;
mod spelling;
mod stated;
pub mod title;
pub mod upkeep;
mod uploads;
pub mod worker;

pub use config::{GovernanceConfig, IngestionConfig, RagConfig, RetrievalConfig};

pub use retired::Retired;
pub use uploads::Uploads;

use crate::persistence::Database;

/// The state that the handlers share.
pub struct Rag {
    pub database: Database,
    pub retriever: retrieve::Retriever,
    pub ingestion: IngestionConfig,
    pub governance: GovernanceConfig,
    pub uploads: Uploads,
    pub retired: Retired,
}
