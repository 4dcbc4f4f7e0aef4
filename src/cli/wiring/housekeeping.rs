//! Repeated work beside the requests.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::models::describe;
use crate::llm::{self, LlmConfig};
use crate::persistence::indexing::Generation;
use crate::persistence::{Database, indexing, outbox};

/// The pause between two rounds.
const PAUSE: Duration = Duration::from_mins(10);
/// The pause before a failed task of the start is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// How long a round lets a document wait before it counts its record as lost.
const LOST_AFTER_SECONDS: i32 = 3_600;
/// The pause between two looks at whether the vector index pays off.
const INDEX_LOOK: Duration = Duration::from_secs(30);

/// Logs once whether the configured language models exist. A failed check stops nothing, because
/// the circuit breaker handles an unavailable provider.
pub(super) async fn check_models(config: &LlmConfig) {
    let checks = match llm::check_models(config).await {
        Ok(checks) => checks,
        Err(error) => {
            tracing::warn!(error = %error, "the language models could not be checked");
            return;
        }
    };
    for check in checks {
        let (provider, model) = (check.provider, &check.model);
        let state = describe(&check);
        if check.is_fine() {
            tracing::info!(
                llm.provider = provider,
                llm.model = model,
                llm.state = state,
                "language model checked"
            );
        } else {
            tracing::warn!(
                llm.provider = provider,
                llm.model = model,
                llm.state = state,
                "language model needs attention"
            );
        }
    }
}

/// Builds the vector index once the number of chunks makes it pay off.
pub(super) async fn keep_index(
    database: &Database,
    generation: Generation,
    exact_scan_max_chunks: i64,
    token: &CancellationToken,
) {
    repeat(INDEX_LOOK, token, || async move {
        match indexing::ensure_hnsw(database, generation, exact_scan_max_chunks).await {
            Ok(true) => tracing::info!(generation = generation.id, "vector index built"),
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "the vector index was not built"),
        }
    })
    .await;
}

/// Announces documents that have waited this long when the process starts, because an in-process
/// bus has lost every record. A bus may lose records later too, but then a document may simply be
/// waiting, so later rounds wait longer.
pub(super) async fn reannounce(database: &Database, seconds: i32, token: &CancellationToken) {
    let at_start = async {
        while !announce(database, seconds).await {
            tokio::time::sleep(RETRY).await;
        }
    };
    if token.run_until_cancelled(at_start).await.is_some() {
        let seconds = seconds.max(LOST_AFTER_SECONDS);
        repeat(PAUSE, token, || announce(database, seconds)).await;
    }
}

/// Announces waiting documents; returns whether it could.
async fn announce(database: &Database, seconds: i32) -> bool {
    loop {
        match indexing::reannounce_received(database, seconds).await {
            Ok(0) => return true,
            Ok(versions) => {
                tracing::info!(versions, "waiting documents announced again");
                if versions < indexing::ANNOUNCED_AT_ONCE {
                    return true;
                }
            }
            Err(error) => {
                tracing::warn!(error = %error, "waiting documents could not be announced again");
                return false;
            }
        }
    }
}

/// Deletes old events and processed event ids, a bounded number at a time.
pub(super) async fn prune(database: &Database, keep: Duration, token: &CancellationToken) {
    repeat(PAUSE, token, || async move {
        match outbox::prune(database, keep).await {
            Ok(rows) => tracing::debug!(rows, "old events removed"),
            Err(error) => tracing::warn!(error = %error, "old events were not removed"),
        }
    })
    .await;
}

/// Repeats a round with pauses until cancelled, and drops the round that is running then.
async fn repeat<F: Future>(pause: Duration, token: &CancellationToken, round: impl Fn() -> F) {
    let rounds = async {
        loop {
            round().await;
            tokio::time::sleep(pause).await;
        }
    };
    token.run_until_cancelled(rounds).await;
}
