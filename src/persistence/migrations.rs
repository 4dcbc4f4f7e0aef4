//! Embedded migrations, which one process at a time runs under an advisory lock.

use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::time::sleep;

use super::connect::Target;
use super::connection::{Connection, LONGEST_CALL};
use super::database::Database;
use super::error::{DbError, is_given_up, is_out_of_resources};

/// The deadline for all migrations together, including the wait for another process that runs them.
/// Rewriting a large table takes hours.
const LONGEST_RUN: Duration = Duration::from_hours(24);
/// How long a migration waits for a lock in one try.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause between two tries, so that others get the lock.
const PAUSE: Duration = Duration::from_secs(3);
/// About ten minutes; longer than storing the longest document takes.
const MOST_REFUSALS: u32 = 120;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Lists the migrations that the binary contains and the database lacks, oldest first.
pub async fn list_pending(database: &Database) -> Result<Vec<String>, DbError> {
    let connection = database.connection().await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let pending = harness
        .pending_migrations(MIGRATIONS)
        .map_err(|error| DbError::Query(error.to_string()))?;
    Ok(pending.iter().map(|m| m.name().to_string()).collect())
}

/// Lists every migration that the binary contains.
pub fn list_known() -> Vec<String> {
    let source: Result<Vec<Box<dyn Migration<Pg>>>, _> = MIGRATIONS.migrations();
    source
        .map(|all| all.iter().map(|m| m.name().to_string()).collect())
        .unwrap_or_default()
}

/// Applies the pending migrations and returns their names. Waits for another process that does the
/// same.
pub async fn run(url: &str) -> Result<Vec<String>, DbError> {
    let mut connection = Connection::alone(&Target::of(url)?)
        .await?
        .with_deadline(LONGEST_RUN);
    // A session lock, so that each migration's own transaction sees everything that another process
    // committed before the lock was free.
    diesel::sql_query(
        "SELECT pg_advisory_lock(hashtext('chatbot.migrations ' || current_schema()))",
    )
    .execute(&mut connection)
    .await?;
    // A statement that waits for a table's lock also delays everybody behind it, for example
    // heartbeats.
    diesel::sql_query(format!("SET lock_timeout = {}", LOCK_TIMEOUT.as_millis()))
        .execute(&mut connection)
        .await?;
    // Dropping the harness and its connection frees the session's lock.
    let mut harness = AsyncMigrationHarness::new(connection);
    match apply(&mut harness).await {
        Ok(applied) => Ok(applied),
        Err(error) => Err(explain(&error.to_string(), harness.into_inner()).await),
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn apply(harness: &mut AsyncMigrationHarness<Connection>) -> Result<Vec<String>, Failure> {
    let mut applied = Vec::new();
    let mut refused = 0;
    while harness.has_pending_migration(MIGRATIONS)? {
        match harness.run_next_migration(MIGRATIONS) {
            Ok(version) => applied.push(version.to_string()),
            Err(error) if is_in_the_way(&error.to_string()) && refused < MOST_REFUSALS => {
                refused += 1;
                tracing::info!(
                    times = refused,
                    "a migration waits for a table that is in use"
                );
                sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(applied)
}

/// Whether the running system held a lock that the migration needs; nothing was changed then.
fn is_in_the_way(message: &str) -> bool {
    message.contains("due to lock timeout") || message.contains("deadlock detected")
}

/// Distinguishes a migration that cannot succeed from a server that was busy or went away, where a
/// retry helps. The error is only text here, so this asks the connection.
async fn explain(error: &str, connection: Connection) -> DbError {
    let message = error.split_once(" with: ").map_or(error, |(_, told)| told);
    if is_given_up(message) || is_out_of_resources(message) {
        return DbError::Busy(format!("a migration was given up: {message}"));
    }
    let mut connection = connection.with_deadline(LONGEST_CALL);
    let probe = diesel::sql_query("SELECT 1").execute(&mut connection).await;
    match probe.map_err(DbError::from) {
        Err(away @ DbError::Unavailable(_)) => away,
        _ => DbError::Query(format!("a migration failed: {error}")),
    }
}
