//! What is done again and again beside the requests.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::models::describe;
use crate::llm::LlmConfig;
use crate::persistence::indexing::Generation;
use crate::persistence::{Database, bounded, indexing, outbox};

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_mins(10);
/// Pause before what failed at the start is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// How long a document waits for its turn before, in a round, its record is taken for lost.
const LOST_AFTER_SECONDS: i32 = 3_600;
/// Pause between two looks whether the vector index pays.
const INDEX_LOOK: Duration = Duration::from_secs(30);

/// Says once whether the configured language models exist. A check that fails stops nothing: a
/// provider that is away for the moment is a matter for the circuit breaker.
pub(super) async fn check_models(config: &LlmConfig) {
    let checks = match config.check_models().await {
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

/// Builds the vector index when there is enough to search for it to pay.
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

/// At the start what has waited for so many seconds: a bus that keeps nothing has lost it all. A bus
/// may lose records while the process runs, too, but there a document may just have to wait.
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

/// Whether it could.
async fn announce(database: &Database, seconds: i32) -> bool {
    loop {
        match bounded(indexing::reannounce_received(database, seconds)).await {
            Ok(0) => return true,
            Ok(versions) => {
                tracing::info!(versions, "documents that wait are announced again");
                if versions < indexing::ANNOUNCED_AT_ONCE {
                    return true;
                }
            }
            Err(error) => {
                tracing::warn!(error = %error, "documents were not announced again");
                return false;
            }
        }
    }
}

/// Old events and processed event ids go, a bounded number at a time.
pub(super) async fn prune(database: &Database, keep: Duration, token: &CancellationToken) {
    repeat(PAUSE, token, || async move {
        match outbox::prune(database, keep).await {
            Ok(rows) => tracing::debug!(rows, "old events removed"),
            Err(error) => tracing::warn!(error = %error, "old events were not removed"),
        }
    })
    .await;
}

/// Rounds with pauses until cancelled; the round that runs then is dropped.
async fn repeat<F: Future>(pause: Duration, token: &CancellationToken, round: impl Fn() -> F) {
    let rounds = async {
        loop {
            round().await;
            tokio::time::sleep(pause).await;
        }
    };
    token.run_until_cancelled(rounds).await;
}
