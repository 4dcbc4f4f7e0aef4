//! `chatbot models pull|list`.

use clap::Subcommand;

use super::output;
use crate::config::Config;
use crate::embedding::models::{ModelCache, PullProgress};

/// What to do with model files.
#[derive(Subcommand)]
pub enum ModelsCommand {
    /// Fetch what is missing or damaged.
    Pull,
    /// Show the files and whether they are intact.
    List,
}

struct Lines;

impl PullProgress for Lines {
    fn step(&self, message: &str) {
        // Progress is a courtesy: a closed terminal must not stop the download.
        let _ = output::line(message);
    }
}

/// Runs the command.
pub async fn run(command: &ModelsCommand, config: &Config) -> anyhow::Result<()> {
    let cache = ModelCache::new(&config.embedding.cache_dir);
    match command {
        ModelsCommand::Pull => {
            tokio::task::spawn_blocking(move || cache.pull(&Lines)).await??;
            output::line("the model cache is complete")?;
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
