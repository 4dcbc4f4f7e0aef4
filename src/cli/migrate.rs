//! `chatbot migrate [--status [--wait SECONDS]]`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::{output, wiring};
use crate::config::Config;
use crate::persistence::{Database, DbError, migrations};

/// Pause between two looks at what is pending.
const POLL: Duration = Duration::from_secs(1);

/// Apply, or only look.
#[derive(Args)]
pub struct MigrateArgs {
    /// Only say what is pending.
    #[arg(long)]
    status: bool,
    /// Wait this long for another process to apply them.
    #[arg(long, value_name = "SECONDS", requires = "status")]
    wait: Option<u64>,
}

/// Applies pending migrations, or with `--status` lists them (exit code 1 if there are any).
pub async fn run(args: &MigrateArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let database = wiring::database(config)?;
    if let Some(seconds) = args.wait {
        wait(&database, Duration::from_secs(seconds)).await?;
    }
    if args.status {
        let pending = migrations::list_pending(&database).await?;
        for name in migrations::list_known() {
            let state = if pending.contains(&name) {
                "pending"
            } else {
                "applied"
            };
            output::line(&format!("{state}  {name}"))?;
        }
        return Ok(if pending.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let applied = migrations::run(config.database.url.expose()).await?;
    if applied.is_empty() {
        output::line("the database is up to date")?;
    }
    for version in applied {
        output::line(&format!("applied {version}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn wait(database: &Database, longest: Duration) -> Result<(), DbError> {
    let deadline = Instant::now() + longest;
    while !migrations::list_pending(database).await?.is_empty() && Instant::now() < deadline {
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
