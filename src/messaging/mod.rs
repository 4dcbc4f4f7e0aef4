//! The bus. Only this module uses rskafka; an in-process twin implements the same [`Log`].
//!
//! ```text
//! outbox row -> OutboxRelay -> LogPublisher -> Log -> LeasedConsumer -> Handler
//!                                                        |-> dead letters (table, then topic)
//! ```
//!
//! rskafka has no consumer groups and stores no offsets. The ownership of a partition, its fencing
//! epoch and its next offset are behind `LeaseStore`, in the database that holds the effects.

mod consumer;
mod failures;
mod in_process;
mod kafka;
mod log;
mod metrics;
mod partition;
mod publisher;
mod relay;
mod settings;
mod stats;
mod store;
#[cfg(test)]
mod tests;

pub use consumer::LeasedConsumer;
pub use in_process::{InProcessLog, InProcessSettings};
pub use kafka::{KafkaCredentials, KafkaLog, KafkaSasl, KafkaSecurity, KafkaSettings};
pub use log::{
    BusError, FetchedRecord, Log, MAX_RECORD_BYTES, Record, dead_letter_topic, partition_for,
};
pub use metrics::{ConsumerCollector, RelayCollector};
pub use relay::OutboxRelay;
pub use settings::{ConsumerSettings, RelaySettings};
pub use stats::{ConsumerStats, RelayStats};
