//! `chatbot config check|show`.

use clap::Subcommand;

use super::output;
use crate::config::Config;
use crate::persistence;

/// What to do with the configuration.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Say whether it is valid.
    Check,
    /// Print it as it is in force, secrets masked.
    Show,
}

/// Runs the command; most of the configuration was validated when it was loaded.
pub fn run(command: &ConfigCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check => {
            // Commands that need no database leave another program's DATABASE_URL alone.
            if !config.database.url.is_empty() {
                persistence::check_url(config.database.url.expose())?;
            }
            // Without it no role starts; the other commands do without.
            if !config.auth.internal_token.is_empty() {
                config.auth.check_secrets().map_err(anyhow::Error::msg)?;
            }
            output::line("the configuration is valid")?;
        }
        ConfigCommand::Show => output::line(&serde_json::to_string_pretty(config)?)?,
    }
    Ok(())
}
