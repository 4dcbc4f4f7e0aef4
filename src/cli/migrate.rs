//! `chatbot migrate [--status [--wait SECONDS]]`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::{output, wiring};
use crate::config::Config;
use crate::persistence::{Database, DbError, catalogue, migrations};

/// The pause between two looks for pending migrations.
const POLL: Duration = Duration::from_secs(1);
/// The exit code when a retry cannot help: a migration fails, or tables are missing. The Job of
/// `k8s/base/migrate` gives up at this code.
const HOPELESS: u8 = 3;

/// The options of the migration.
#[derive(Args)]
pub struct MigrateArgs {
    /// List the pending migrations without applying them.
    #[arg(long)]
    status: bool,
    /// Wait this long for another process to apply them.
    #[arg(long, value_name = "SECONDS", requires = "status")]
    wait: Option<u64>,
}

/// Applies pending migrations. With `--status` it lists them and the missing tables instead, with
/// exit code 1 if there are any.
pub async fn run(args: &MigrateArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let database = wiring::database(config)?;
    if let Some(seconds) = args.wait {
        wait(&database, Duration::from_secs(seconds)).await?;
    }
    if args.status {
        return status(&database).await;
    }
    let applied = match migrations::run(config.database.url.expose()).await {
        Ok(applied) => applied,
        Err(error @ DbError::Query(_)) => return Ok(hopeless(&error.into())),
        Err(error) => return Err(error.into()),
    };
    for version in &applied {
        output::line(&format!("applied {version}"))?;
    }
    if let Some(defect) = catalogue::find_defect(&database).await? {
        return Ok(hopeless(&wiring::not_whole(&defect)));
    }
    if applied.is_empty() {
        output::line("the database is up to date")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(database: &Database) -> anyhow::Result<ExitCode> {
    let pending = migrations::list_pending(database).await?;
    for name in migrations::list_known() {
        let state = if pending.contains(&name) {
            "pending"
        } else {
            "applied"
        };
        output::line(&format!("{state}  {name}"))?;
    }
    if !pending.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    for table in catalogue::list_unusable_tables(database).await? {
        output::line(&table.to_string())?;
    }
    wiring::require_whole(database).await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the reason; the exit code says that a retry cannot help.
fn hopeless(error: &anyhow::Error) -> ExitCode {
    output::error(error);
    ExitCode::from(HOPELESS)
}

async fn wait(database: &Database, longest: Duration) -> Result<(), DbError> {
    let deadline = Instant::now() + longest;
    while !migrations::list_pending(database).await?.is_empty() && Instant::now() < deadline {
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
