//! `chatbot config check|show`.

use clap::Subcommand;

use super::{output, wiring};
use crate::config::Config;
use crate::persistence;

/// Commands for the configuration.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Check that the configuration is valid.
    Check,
    /// Print the values in force, with secrets masked.
    Show,
}

/// Runs the command; loading has already validated most of the configuration.
pub fn run(command: &ConfigCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check => {
            // Checked here only, because commands without a database ignore another program's
            // DATABASE_URL.
            if !config.database.url.is_empty() {
                persistence::check_url(config.database.url.expose())?;
            }
            // Checked here only, because the roles need the token and the other commands do not.
            if !config.auth.internal_token.is_empty() {
                config.auth.check_secrets().map_err(anyhow::Error::msg)?;
            }
            wiring::triage_rules(&config.safety)?;
            wiring::replies(&config.safety)?;
            output::line("the configuration is valid")?;
        }
        ConfigCommand::Show => output::line(&serde_json::to_string_pretty(config)?)?,
    }
    Ok(())
}
