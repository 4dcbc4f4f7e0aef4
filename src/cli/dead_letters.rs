//! `chatbot dead-letters list|show|replay`.

use anyhow::{Context, bail};
use clap::Subcommand;

use super::{output, wiring};
use crate::config::Config;
use crate::persistence::{Database, dead_letters};

/// The most dead letters that one command reads.
const LIMIT: i64 = 10_000;

/// Commands for records that no handler could process.
#[derive(Subcommand)]
pub enum DeadLettersCommand {
    /// Show the dead letters that wait for a decision, oldest first.
    List {
        /// Also show those that were replayed.
        #[arg(long)]
        all: bool,
    },
    /// Show one dead letter with its event, as JSON.
    Show { id: i64 },
    /// Publish dead letters again, once their cause is gone.
    Replay {
        #[arg(required_unless_present = "all")]
        ids: Vec<i64>,
        /// Replay every dead letter that waits.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

/// Runs the command.
pub async fn run(command: &DeadLettersCommand, config: &Config) -> anyhow::Result<()> {
    let database = wiring::database(config)?;
    match command {
        DeadLettersCommand::List { all } => list(&database, *all).await,
        DeadLettersCommand::Show { id } => {
            let letter = dead_letters::find(&database, *id).await?;
            let letter = letter.context("there is no such dead letter")?;
            Ok(output::line(&serde_json::to_string_pretty(&letter)?)?)
        }
        DeadLettersCommand::Replay { ids, all: false } => replay(&database, ids).await,
        DeadLettersCommand::Replay { .. } => {
            let waiting = dead_letters::list(&database, false, LIMIT).await?;
            let ids: Vec<i64> = waiting.iter().map(|letter| letter.id).collect();
            replay(&database, &ids).await
        }
    }
}

async fn list(database: &Database, all: bool) -> anyhow::Result<()> {
    let letters = dead_letters::list(database, all, LIMIT).await?;
    if letters.is_empty() {
        output::line("there are no dead letters")?;
    }
    for letter in letters {
        let state = if letter.replayed_at.is_some() {
            "replayed"
        } else {
            "waiting"
        };
        output::line(&format!(
            "{}  {}  {state}  {}/{}@{}  group={} attempts={}  {}",
            letter.id,
            letter.created_at.format("%Y-%m-%dT%H:%M:%SZ"),
            letter.topic,
            letter.partition,
            letter.record_offset,
            letter.consumer_group,
            letter.attempts,
            letter.cause
        ))?;
    }
    Ok(())
}

async fn replay(database: &Database, ids: &[i64]) -> anyhow::Result<()> {
    let mut refused = Vec::new();
    for id in ids {
        if dead_letters::replay(database, *id).await? {
            output::line(&format!("{id} will be published again"))?;
        } else {
            refused.push(id.to_string());
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    bail!(
        "not replayed (unknown, already replayed, not an event, or too large for one): {}",
        refused.join(", ")
    )
}
