//! `chatbot healthcheck`: for containers without a shell.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::config::Config;

/// A role, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    Orchestrator,
    Rag,
}

/// Which server to ask.
#[derive(Args)]
pub struct HealthcheckArgs {
    /// Only this role; without it whichever answers on the configured port.
    #[arg(value_enum)]
    role: Option<RoleName>,
    /// Ask for liveness instead of readiness.
    #[arg(long)]
    live: bool,
}

/// Exit 0 if the server answers as it should.
pub async fn run(args: &HealthcheckArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(4))
        .build()?;
    let suffix = if args.live { "" } else { "/ready" };
    for (role, path) in [
        (RoleName::Orchestrator, "/health"),
        (RoleName::Rag, "/v1/health"),
    ] {
        if args.role.is_some_and(|asked| asked != role) {
            continue;
        }
        let url = format!("http://127.0.0.1:{}{path}{suffix}", config.server.port);
        let answer = http.get(url).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    Ok(ExitCode::FAILURE)
}
