//! Embedded migrations, run one process at a time under an advisory lock.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::Target;
use super::{Database, DbError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Names of migrations that the binary carries and the database lacks, oldest first.
pub async fn list_pending(database: &Database) -> Result<Vec<String>, DbError> {
    let connection = database.connection().await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let pending = harness
        .pending_migrations(MIGRATIONS)
        .map_err(|error| DbError::Query(error.to_string()))?;
    Ok(pending.iter().map(|m| m.name().to_string()).collect())
}

/// Names of every migration that the binary carries.
pub fn list_known() -> Vec<String> {
    let source: Result<Vec<Box<dyn Migration<Pg>>>, _> = MIGRATIONS.migrations();
    source
        .map(|all| all.iter().map(|m| m.name().to_string()).collect())
        .unwrap_or_default()
}

/// Applies what is pending; returns the names. Waits for another process that does the same.
pub async fn run(url: &str) -> Result<Vec<String>, DbError> {
    let mut connection = Target::of(url)?.connect().await?;
    // A session lock, so that each migration's own transaction sees what another process
    // committed before the lock came free.
    diesel::sql_query(
        "SELECT pg_advisory_lock(hashtext('chatbot.migrations ' || current_schema()))",
    )
    .execute(&mut connection)
    .await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let applied = harness
        .run_pending_migrations(MIGRATIONS)
        .map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|error| DbError::Query(format!("a migration failed: {error}")));
    // Dropping the connection gives the lock back.
    drop(harness.into_inner());
    applied
}
