//! The addresses of the brokers, and the security of the connections.

use std::time::Duration;

use super::security::KafkaSecurity;

/// The settings of the connection to Kafka.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// The `host:port` of the bootstrap brokers.
    pub brokers: Vec<String>,
    /// The prefix of every topic name.
    pub topic_prefix: String,
    /// The partitions of new topics.
    pub partitions: i32,
    /// The replication factor of new topics.
    pub replication_factor: i16,
    /// The deadline of one call; a fetch adds its waiting time.
    pub request_timeout: Duration,
    /// Encryption and authentication.
    pub security: KafkaSecurity,
}
