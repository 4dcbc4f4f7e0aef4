//! `chatbot models pull|list`.

use clap::Subcommand;

use super::output;
use crate::config::Config;
use crate::embedding::models::{BarProgress, ModelCache};

/// What to do with model files.
#[derive(Subcommand)]
pub enum ModelsCommand {
    /// Fetch what is missing or damaged.
    Pull,
    /// Show the files and whether they are intact.
    List,
}

/// Runs the command.
pub async fn run(command: &ModelsCommand, config: &Config) -> anyhow::Result<()> {
    let cache = ModelCache::from_config(&config.embedding);
    match command {
        ModelsCommand::Pull => {
            let report =
                tokio::task::spawn_blocking(move || cache.pull(&BarProgress::default())).await??;
            for fetched in report.fetched {
                let (file, bytes, source) = (fetched.file, fetched.bytes, fetched.source);
                output::line(&format!("{file}: {bytes} bytes from {source}"))?;
            }
            for file in report.kept {
                output::line(&format!("{file}: intact, kept"))?;
            }
        }
        ModelsCommand::List => {
            for file in cache.list() {
                let state = match (file.bytes, file.verified) {
                    (None, _) => "missing".to_owned(),
                    (Some(bytes), true) => format!("intact, {bytes} bytes"),
                    (Some(_), false) => "damaged".to_owned(),
                };
                output::line(&format!("{}  {state}", file.path.display()))?;
            }
        }
    }
    Ok(())
}
