//! `chatbot models pull|list|check`.

use clap::Subcommand;

use super::output;
use crate::config::Config;
use crate::embedding::models::{BarProgress, ModelCache};
use crate::llm::{self, LlmConfig, ModelCheck, ModelState};

/// Commands about model files and models.
#[derive(Subcommand)]
pub enum ModelsCommand {
    /// Download files that are missing or damaged.
    Pull,
    /// Show the files and whether they are intact.
    List,
    /// Ask each provider whether it still has the configured language model, and until when.
    Check,
}

/// Runs the command.
pub async fn run(command: &ModelsCommand, config: &Config) -> anyhow::Result<()> {
    let cache = ModelCache::from_config(&config.embedding);
    match command {
        ModelsCommand::Check => check(&config.llm).await?,
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

/// Prints a line for each model; fails if one is unknown, has an announced end, or could not be
/// looked up.
async fn check(config: &LlmConfig) -> anyhow::Result<()> {
    let checks = llm::check_models(config).await?;
    if checks.is_empty() {
        output::line(
            "no provider is configured; set GEMINI_API_KEY, ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENAI_BASE_URL",
        )?;
    }
    for check in &checks {
        output::line(&format!(
            "{}/{}: {}",
            check.provider,
            check.model,
            describe(check)
        ))?;
    }
    if checks.iter().all(ModelCheck::is_fine) {
        return Ok(());
    }
    anyhow::bail!("at least one model needs attention; set llm.<provider>.model to another one")
}

/// A model's state in words, for people and logs.
pub(super) fn describe(check: &ModelCheck) -> String {
    let state = match &check.state {
        ModelState::Listed => "the provider has it".to_owned(),
        ModelState::Unknown => "the provider has no such model".to_owned(),
        ModelState::Unasked(error) => format!("the provider could not be asked ({error})"),
    };
    match check.shutdown {
        None => state,
        Some((date, None)) => format!("{state}; shut down on {date}"),
        Some((date, Some(successor))) => {
            format!("{state}; shut down on {date}, successor {successor}")
        }
    }
}
