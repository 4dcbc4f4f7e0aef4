//! The Prometheus metrics of a process's relay and consumers.

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::{ConsumerStats, RelayStats};

/// Reads a relay's counters at each scrape.
#[derive(Debug)]
pub struct RelayCollector(pub Arc<RelayStats>);

/// Reads a consumer's counters at each scrape.
#[derive(Debug)]
pub struct ConsumerCollector(pub Arc<ConsumerStats>);

/// The name without prefix, the help text, and the value.
type Reading = (&'static str, &'static str, Value);

enum Value {
    Count(u64),
    Level(i64),
    Seconds(f64),
}

fn encode(mut encoder: DescriptorEncoder, readings: &[Reading]) -> Result<(), std::fmt::Error> {
    for (name, help, value) in readings {
        match value {
            Value::Count(count) => {
                let metric = ConstCounter::new(*count);
                let encoder = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
                metric.encode(encoder)?;
            }
            Value::Level(level) => {
                let metric = ConstGauge::new(*level);
                let encoder = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
                metric.encode(encoder)?;
            }
            Value::Seconds(seconds) => {
                let metric = ConstGauge::new(*seconds);
                let unit = Some(&Unit::Seconds);
                let encoder = encoder.encode_descriptor(name, help, unit, metric.metric_type())?;
                metric.encode(encoder)?;
            }
        }
    }
    Ok(())
}

fn level(count: usize) -> Value {
    Value::Level(i64::try_from(count).unwrap_or(i64::MAX))
}

impl Collector for RelayCollector {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let stats = &self.0;
        encode(
            encoder,
            &[
                (
                    "outbox_pending",
                    "Events that wait to be published",
                    Value::Level(stats.pending()),
                ),
                (
                    "outbox_published",
                    "Events published by this process",
                    Value::Count(stats.published()),
                ),
                (
                    "outbox_errors",
                    "Batches that could not be published",
                    Value::Count(stats.errors()),
                ),
            ],
        )
    }
}

impl Collector for ConsumerCollector {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let stats = &self.0;
        let count = |name, help, value| (name, help, Value::Count(value));
        encode(
            encoder,
            &[
                (
                    "consumer_lag",
                    "Records behind the end, over the partitions of this process",
                    Value::Level(stats.lag()),
                ),
                (
                    "consumer_partitions",
                    "Partitions that this process holds",
                    level(stats.owned()),
                ),
                (
                    "consumer_lease_age",
                    "Time since the leases were last renewed",
                    Value::Seconds(stats.lease_age().as_secs_f64()),
                ),
                count("consumer_handled", "Records handled", stats.handled()),
                count(
                    "consumer_duplicates",
                    "Records whose event was handled before; they had no second effect",
                    stats.duplicates(),
                ),
                count(
                    "consumer_takeovers",
                    "Partitions taken over from another member",
                    stats.takeovers(),
                ),
                count(
                    "consumer_epoch_conflicts",
                    "Partitions lost to another member during work on them",
                    stats.fenced(),
                ),
                count(
                    "consumer_retries",
                    "Attempts that are repeated",
                    stats.retries(),
                ),
                count(
                    "consumer_dead_letters",
                    "Records moved to the dead letters",
                    stats.dead_letters(),
                ),
                count(
                    "consumer_gaps",
                    "Skips over records that the bus no longer has",
                    stats.gaps(),
                ),
                count(
                    "consumer_errors",
                    "Failures of the bus or of the lease store",
                    stats.errors(),
                ),
            ],
        )
    }
}
