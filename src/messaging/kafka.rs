//! Apache Kafka through rskafka.
//!
//! rskafka has neither connect nor request timeouts, and keeps stale metadata after a leader
//! change. So every call runs under a deadline, and a failed call discards its client: the next
//! call connects again, looks up the leader again, and resolves names again.

mod connection;
mod security;
mod settings;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rskafka::client::Client;
use rskafka::client::error::{Error as KafkaError, ProtocolError};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient};

pub use security::{KafkaCredentials, KafkaSasl, KafkaSecurity};
pub use settings::KafkaSettings;

use self::connection::{Connections, PartitionKey, Purpose};
use super::log::{BusError, FetchedRecord, Log, Record, all_topics, check_sizes};

/// The most bytes that one fetch requests.
const FETCH_BYTES: i32 = 4 * 1024 * 1024;

/// The Kafka [`Log`]. It connects on first use.
pub struct KafkaLog(Connections);

impl KafkaLog {
    /// Creates a log that connects on first use.
    pub fn new(settings: KafkaSettings) -> Self {
        Self(Connections::new(settings))
    }

    fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.0.settings.topic_prefix)
    }

    async fn topic_sizes(&self) -> Result<HashMap<String, i32>, BusError> {
        let topics = self
            .0
            .on_cluster(async |client| client.list_topics().await)
            .await?;
        Ok(topics
            .into_iter()
            .map(|topic| {
                let size = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
                (topic.name, size)
            })
            .collect())
    }

    async fn create_topic(&self, name: &str, partitions: i32) -> Result<(), BusError> {
        let settings = &self.0.settings;
        let deadline = i32::try_from(settings.request_timeout.as_millis()).unwrap_or(i32::MAX);
        let create = async |client: Arc<Client>| {
            let controller = client.controller_client()?;
            let replication = settings.replication_factor;
            match controller
                .create_topic(name, partitions, replication, deadline)
                .await
            {
                Err(KafkaError::ServerError {
                    protocol_error: ProtocolError::TopicAlreadyExists,
                    ..
                }) => Ok(()),
                other => other,
            }
        };
        self.0.on_cluster(create).await
    }

    async fn offset(&self, key: &PartitionKey, at: OffsetAt) -> Result<i64, BusError> {
        let ask = async |client: Arc<PartitionClient>| client.get_offset(at).await;
        self.0.on_partition(key, Duration::ZERO, ask).await
    }
}

fn is_out_of_range(error: &KafkaError) -> bool {
    matches!(
        error,
        KafkaError::ServerError {
            protocol_error: ProtocolError::OffsetOutOfRange,
            ..
        }
    )
}

#[async_trait]
impl Log for KafkaLog {
    async fn ensure_topics(&self) -> Result<(), BusError> {
        let wanted: Vec<(String, i32)> = all_topics(self.0.settings.partitions)
            .into_iter()
            .map(|(topic, partitions)| (self.topic(&topic), partitions))
            .collect();
        let present = self.topic_sizes().await?;
        for (topic, partitions) in &wanted {
            if !present.contains_key(topic) {
                self.create_topic(topic, *partitions).await?;
                tracing::info!(topic, partitions, "topic created");
            }
        }
        let deadline = tokio::time::Instant::now() + self.0.settings.request_timeout;
        loop {
            let present = self.topic_sizes().await?;
            if wanted.iter().all(|(topic, _)| present.contains_key(topic)) {
                return Ok(());
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(BusError::Timeout);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn partitions(&self, topic: &str) -> Result<i32, BusError> {
        let name = self.topic(topic);
        self.topic_sizes()
            .await?
            .get(&name)
            .copied()
            .ok_or(BusError::Unknown(name))
    }

    async fn append(
        &self,
        topic: &str,
        partition: i32,
        records: Vec<Record>,
    ) -> Result<(), BusError> {
        check_sizes(&records)?;
        let timestamp = crate::domain::time::now();
        let records = records
            .into_iter()
            .map(|record| rskafka::record::Record {
                key: Some(record.key.into_bytes()),
                value: Some(record.value),
                headers: std::collections::BTreeMap::new(),
                timestamp,
            })
            .collect();
        let key = (self.topic(topic), partition, Purpose::Append);
        let produce = async |client: Arc<PartitionClient>| {
            client.produce(records, Compression::NoCompression).await
        };
        self.0.on_partition(&key, Duration::ZERO, produce).await?;
        Ok(())
    }

    async fn fetch(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_wait: Duration,
    ) -> Result<Vec<FetchedRecord>, BusError> {
        let key = (self.topic(topic), partition, Purpose::Fetch);
        let wait = i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX);
        let read = async |client: Arc<PartitionClient>| match client
            .fetch_records(offset, 1..FETCH_BYTES, wait)
            .await
        {
            Ok((records, _)) => Ok(Some(records)),
            Err(error) if is_out_of_range(&error) => Ok(None),
            Err(error) => Err(error),
        };
        let fetched = self.0.on_partition(&key, max_wait, read).await?;
        let Some(records) = fetched else {
            let earliest = self.offset(&key, OffsetAt::Earliest).await?;
            return Err(BusError::OutOfRange {
                earliest,
                earlier_log: false,
            });
        };
        Ok(records
            .into_iter()
            .map(|fetched| FetchedRecord {
                offset: fetched.offset,
                value: fetched.record.value.unwrap_or_default(),
            })
            .collect())
    }

    async fn end_offset(&self, topic: &str, partition: i32) -> Result<i64, BusError> {
        let key = (self.topic(topic), partition, Purpose::Append);
        self.offset(&key, OffsetAt::Latest).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.topic_sizes().await.map(|_| ())
    }
}
