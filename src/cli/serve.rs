//! `chatbot serve orchestrator|rag`.

use std::net::TcpListener;
use std::time::Duration;

use clap::Subcommand;

use super::listen::listen;
use super::wiring::{self, Built, Process};
use crate::config::Config;
use crate::http::server;
use crate::shutdown::Shutdown;

/// Which role to run.
#[derive(Subcommand, Clone, Copy)]
pub enum Role {
    /// The chat API and the web page.
    Orchestrator,
    /// Documents and retrieval.
    Rag,
}

/// Serves until a signal, then drains; a second signal ends at once.
pub async fn run(role: Role, config: Config) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    tokio::select! {
        outcome = run_role(role, config, shutdown.clone()) => outcome,
        signals = shutdown.listen_for_signals() => Ok(signals?),
    }
}

async fn run_role(role: Role, config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    let listener = listen(&config.server)?;
    if config.auth.internal_token.is_empty() {
        anyhow::bail!(
            "auth.internal_token is not set: give orchestrator and rag the same long random value"
        );
    }
    let database = wiring::database(&config)?;
    wiring::require_migrated(&database, &config).await?;
    let server = &config.server;
    let until_closing = Duration::from_secs(server.endpoint_delay_seconds + server.drain_seconds);
    let process = Process::new(config, database, shutdown.clone())?;
    process.spawn_upkeep();
    let built = match role {
        Role::Orchestrator => process.orchestrator()?,
        Role::Rag => process.rag().await?,
    };
    let work = async {
        serve(listener, built, &shutdown).await?;
        shutdown.finish().await;
        Ok(())
    };
    tokio::select! {
        outcome = work => outcome,
        never = shutdown.close_after(until_closing) => match never {},
    }
}

/// Serves one built role until draining ends.
pub async fn serve(listener: TcpListener, built: Built, shutdown: &Shutdown) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    built.edge.health.set_started();
    tracing::info!(server.address = %address, "ready");
    server::serve(listener, built.edge, built.routes, shutdown.clone()).await?;
    Ok(())
}
