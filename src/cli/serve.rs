//! `chatbot serve orchestrator|rag`.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::bail;

use super::listen::listen;
use super::role::Role;
use super::wiring::{self, Built, Process};
use crate::config::Config;
use crate::http::server;
use crate::shutdown::Shutdown;

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
    require_loopback(&config, &listener)?;
    config.auth.check_secrets().map_err(anyhow::Error::msg)?;
    if config.auth.allow_weak_secrets {
        tracing::warn!("auth.allow_weak_secrets is true: a shared secret may be easy to guess");
    }
    let database = match role {
        Role::Orchestrator => wiring::orchestrator_database(&config)?,
        Role::Rag => wiring::database(&config)?,
    };
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

/// Fails unless only this machine can connect, because authentication is off.
fn require_loopback(config: &Config, listener: &TcpListener) -> anyhow::Result<()> {
    if config.auth.enabled {
        return Ok(());
    }
    if !listener.local_addr()?.ip().is_loopback() {
        bail!(
            "auth.enabled is false and server.host is {}: without API keys `serve` listens on \
             loopback only. Set server.host to 127.0.0.1, or auth.enabled to true.",
            config.server.host
        );
    }
    tracing::warn!(
        "AUTHENTICATION IS OFF (auth.enabled is false): every program on this machine may read \
         and change everything here"
    );
    Ok(())
}

/// Serves one built role until draining ends.
pub async fn serve(listener: TcpListener, built: Built, shutdown: &Shutdown) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    built.edge.health.set_started();
    tracing::info!(server.address = %address, "ready");
    server::serve(listener, built.edge, built.routes, shutdown.clone()).await?;
    Ok(())
}
