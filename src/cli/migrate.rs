//! `chatbot migrate [--status]`.

use std::process::ExitCode;

use super::{output, wiring};
use crate::config::Config;
use crate::persistence::migrations;

/// Applies pending migrations, or with `--status` lists them (exit code 1 if there are any).
pub async fn run(status: bool, config: &Config) -> anyhow::Result<ExitCode> {
    let database = wiring::database(config)?;
    if status {
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
