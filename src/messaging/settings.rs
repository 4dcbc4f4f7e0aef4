//! How the consumer and the relay work.

use std::time::Duration;

/// A limit for handlers that hang; every step of a handler has a deadline of its own. A dozen of
/// the longest documents in a row take about five hours on half a core.
const HANDLE_TIMEOUT: Duration = Duration::from_hours(8);

/// The settings of a consumer.
#[derive(Clone, Debug)]
pub struct ConsumerSettings {
    /// The group; its members share the partitions of one topic.
    pub group: String,
    /// The name of this consumer, unique within its group across all processes.
    pub owner: String,
    /// The topic's name without prefix.
    pub topic: String,
    /// How long a lease outlives its last heartbeat.
    pub ttl: Duration,
    /// The time between heartbeats; at most half of `ttl`.
    pub heartbeat: Duration,
    /// How long a fetch waits for records.
    pub max_wait: Duration,
    /// The last resort against a handler call that hangs; exceeding it counts as an attempt.
    /// Heartbeats continue meanwhile, beside the partitions' loops.
    pub handle_timeout: Duration,
    /// The number of attempts before a record goes to the dead letters. Attempts that failed
    /// because a shared dependency was unavailable do not count; attempts that ended with their
    /// process do.
    pub max_attempts: u32,
    /// The pause before the second attempt, doubled for each further one. The records behind it on
    /// its partition wait too, so that records with one key keep their order: four pauses take 0.4
    /// s.
    pub retry_initial: Duration,
    /// The longest pause between attempts, and between checks of an unavailable dependency.
    pub retry_max: Duration,
    /// How long a stopping consumer waits for its current records.
    pub drain: Duration,
}

impl ConsumerSettings {
    /// Creates settings with defaults for everything except names.
    pub fn new(group: &str, owner: &str, topic: &str) -> Self {
        Self {
            group: group.to_owned(),
            owner: owner.to_owned(),
            topic: topic.to_owned(),
            ttl: Duration::from_secs(15),
            heartbeat: Duration::from_secs(2),
            max_wait: Duration::from_secs(1),
            handle_timeout: HANDLE_TIMEOUT,
            max_attempts: 5,
            retry_initial: Duration::from_millis(25),
            retry_max: Duration::from_secs(2),
            drain: Duration::from_secs(20),
        }
    }
}

/// The settings of the relay.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// The rows in one batch.
    pub batch: i64,
    /// The pause before rows that were just added are published, so that they share a batch, between
    /// two looks at rows that have to wait, and after the first error.
    pub poll: Duration,
    /// The pause between two looks at an outbox to which this process adds nothing.
    pub idle: Duration,
    /// The longest pause after errors.
    pub backoff_max: Duration,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            batch: 200,
            poll: Duration::from_millis(200),
            idle: Duration::from_secs(2),
            backoff_max: Duration::from_secs(10),
        }
    }
}
