//! Checks that the tables of the migrations exist and can be used. The record of applied migrations
//! does not show that a restore was incomplete, or that another user made it.

use std::fmt;

use diesel::sql_types::{Array, Bool, Text};
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::DbError;
use super::statement::statement;

/// Every table named by a statement of this release; a test compares the list with the migrations.
const TABLES: [&str; 24] = [
    "api_keys",
    "audit_log",
    "chunk_embeddings",
    "chunks",
    "citations",
    "collections",
    "consumer_members",
    "conversations",
    "dead_letters",
    "document_conflicts",
    "document_versions",
    "documents",
    "embedding_generations",
    "feedback",
    "inbox",
    "index_changes",
    "lexical_postings",
    "lexical_stats",
    "lexical_terms",
    "messages",
    "outbox",
    "partition_leases",
    "turn_attempts",
    "turns",
];

/// A table on which statements would fail.
#[derive(Clone, Debug, PartialEq, Eq, diesel::QueryableByName)]
pub struct UnusableTable {
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Whether the table is missing; otherwise this user has no right to it.
    #[diesel(sql_type = Bool)]
    pub missing: bool,
}

impl fmt::Display for UnusableTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.missing { "missing" } else { "forbidden" };
        write!(f, "{state}  {}", self.name)
    }
}

/// Looks up every table in the catalogue, along the connection's search path, without reading it.
pub async fn list_unusable_tables(database: &Database) -> Result<Vec<UnusableTable>, DbError> {
    let mut connection = database.connection().await?;
    let rows = statement(include_str!("catalogue/unusable_tables.sql"))
        .bind::<Array<Text>, _>(TABLES.as_slice())
        .load(&mut connection)
        .await?;
    Ok(rows)
}

/// Describes the missing tables in a sentence; `None` if nothing is wrong.
pub async fn find_defect(database: &Database) -> Result<Option<String>, DbError> {
    let tables = list_unusable_tables(database).await?;
    let (missing, forbidden): (Vec<_>, Vec<_>) = tables.iter().partition(|table| table.missing);
    let named = |tables: Vec<&UnusableTable>, what: &str| {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
    };
    let parts = [
        named(missing, "tables are missing"),
        named(forbidden, "tables belong to another user"),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    Ok((!text.is_empty()).then_some(text))
}
