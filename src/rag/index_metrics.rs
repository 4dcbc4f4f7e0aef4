//! Measurements of the index in memory.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::persistence::index_changes::Changes;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SourceLabels {
    source: &'static str,
}

/// Sizes, changes and lag; numbers only.
#[derive(Clone, Default)]
pub struct IndexMetrics {
    chunks: Gauge,
    bytes: Gauge,
    changes: Counter,
    lag: Gauge<f64, AtomicU64>,
    searches: Family<SourceLabels, Counter>,
}

impl IndexMetrics {
    /// Registers the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "retrieval_index_chunks",
            "Chunks in the index in memory; 0 while PostgreSQL answers searches",
            self.chunks.clone(),
        );
        registry.register(
            "retrieval_index_bytes",
            "Approximate size of the index in memory",
            self.bytes.clone(),
        );
        registry.register(
            "retrieval_index_changes",
            "Changed versions that the index in memory has applied",
            self.changes.clone(),
        );
        registry.register(
            "retrieval_index_lag_seconds",
            "Age of the oldest change that the last look at the log applied",
            self.lag.clone(),
        );
        registry.register(
            "retrieval_searches",
            "Searches by the source that answered them",
            self.searches.clone(),
        );
    }

    pub(super) fn size(&self, chunks: usize, bytes: usize) {
        let number = |n| i64::try_from(n).unwrap_or(i64::MAX);
        self.chunks.set(number(chunks));
        self.bytes.set(number(bytes));
    }

    pub(super) fn applied(&self, changes: &Changes) {
        self.changes.inc_by(changes.versions.len() as u64);
        self.lag.set(changes.age_seconds);
    }

    pub(super) fn searched(&self, source: &'static str) {
        self.searches.get_or_create(&SourceLabels { source }).inc();
    }
}
