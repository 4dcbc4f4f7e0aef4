//! `chatbot healthcheck`, for containers without a shell.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::output;
use super::role::Role;
use crate::config::Config;
use crate::domain::causes;

/// The server to check.
#[derive(Args)]
pub struct HealthcheckArgs {
    /// Check this role only; the default is the role that answers on the configured port.
    #[arg(value_enum)]
    role: Option<Role>,
    /// Check liveness instead of readiness.
    #[arg(long)]
    live: bool,
}

/// The most characters of a response that are shown.
const SHOWN: usize = 300;

/// Exits with 0 if the server is well. Prints the request and the response.
pub async fn run(args: &HealthcheckArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(4))
        .build()?;
    let suffix = if args.live { "" } else { "/ready" };
    let mut refusals = Vec::new();
    for role in Role::value_variants() {
        if args.role.is_some_and(|asked| asked != *role) {
            continue;
        }
        let path = role.health_path();
        let url = format!("http://127.0.0.1:{}{path}{suffix}", config.server.port);
        let (healthy, said) = ask(&http, &url).await;
        if healthy {
            output::line(&said)?;
            return Ok(ExitCode::SUCCESS);
        }
        refusals.push(said);
    }
    for said in refusals {
        output::notice(&said);
    }
    Ok(ExitCode::FAILURE)
}

/// Whether the server is well, and its response.
async fn ask(http: &reqwest::Client, url: &str) -> (bool, String) {
    let answer = match http.get(url).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => {
            return (false, format!("GET {url}: no answer in time."));
        }
        Err(error) => {
            let why = causes::sentence(&causes::joined(&error));
            return (false, format!("GET {url}: {why}"));
        }
    };
    let status = answer.status();
    let body = answer.text().await.unwrap_or_default();
    let shown: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = shown.chars().take(SHOWN).collect();
    (status.is_success(), format!("GET {url}: {status} {shown}"))
}
