//! Repeated work for governance: scheduled versions, and the number of decisions that wait.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use super::Retired;
use crate::persistence::documents::{Waiting, count_waiting};
use crate::persistence::{Database, DbError, versions};

/// The pause between two rounds. Searches do not wait for them.
const PAUSE: Duration = Duration::from_mins(1);

/// The decision that documents wait for.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WaitingLabels {
    decision: &'static str,
}

/// Every replica counts all documents, so the metrics of replicas must not be added up.
#[derive(Clone, Default)]
pub struct WaitingMetrics(Family<WaitingLabels, Gauge>);

impl WaitingMetrics {
    /// Registers the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "documents_waiting",
            "Documents that wait for a decision: approval, release, review or renewal",
            self.0.clone(),
        );
    }

    fn set(&self, waiting: Waiting) {
        for (decision, count) in [
            ("approval", waiting.drafts),
            ("release", waiting.quarantined),
            ("review", waiting.overdue),
            ("renewal", waiting.expired),
        ] {
            let labels = WaitingLabels { decision };
            self.0.get_or_create(&labels).set(count);
        }
    }
}

/// Works until the token is cancelled.
pub async fn keep(
    database: Database,
    retired: Retired,
    metrics: WaitingMetrics,
    token: CancellationToken,
) {
    let work = async {
        loop {
            if let Err(error) = round(&database, &retired, &metrics).await {
                tracing::warn!(error = %error, "decisions about documents were not counted");
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    token.run_until_cancelled(work).await;
}

async fn round(
    database: &Database,
    retired: &Retired,
    metrics: &WaitingMetrics,
) -> Result<(), DbError> {
    for document in versions::promote_due(database).await? {
        retired.announce(document);
    }
    metrics.set(count_waiting(database).await?);
    Ok(())
}
