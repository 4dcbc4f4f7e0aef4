//! Apache Kafka through rskafka.
//!
//! rskafka has neither connect nor request timeouts, and keeps stale metadata after a leader
//! change. So every call runs under a deadline. A call that fails costs its partition client; one
//! that is not answered in time, or the second failure in a row, costs the whole connection.
//! Everything is rebuilt on demand.

mod connection;
mod security;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rskafka::client::error::{Error as KafkaError, ProtocolError};
use rskafka::client::partition::{Compression, OffsetAt};

pub use security::{KafkaCredentials, KafkaSasl, KafkaSecurity, KafkaTls, SecurityError};

use self::connection::{Connection, Failure};
use super::{BusError, FetchedRecord, Log, Record, all_topics, check_sizes};

/// The most that one fetch asks for.
const FETCH_BYTES: i32 = 4 * 1024 * 1024;

/// How to reach Kafka.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port` of the bootstrap brokers.
    pub brokers: Vec<String>,
    /// Put in front of every topic name.
    pub topic_prefix: String,
    /// Partitions of topics that are created.
    pub partitions: i32,
    /// Replication factor of topics that are created.
    pub replication_factor: i16,
    /// Deadline of one call; a fetch has its waiting time on top.
    pub request_timeout: Duration,
    /// Encryption and authentication.
    pub security: KafkaSecurity,
}

/// A broker answers the requests of one connection in order: a waiting fetch must not delay an
/// append, so the two have their own partition clients.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Purpose {
    Append,
    Fetch,
}

type PartitionKey = (String, i32, Purpose);

/// The Kafka [`Log`]. Connects when first used.
pub struct KafkaLog {
    settings: KafkaSettings,
    current: Mutex<Arc<Connection>>,
}

impl KafkaLog {
    /// A log that connects when first used.
    pub fn new(settings: KafkaSettings) -> Self {
        Self {
            settings,
            current: Mutex::default(),
        }
    }

    fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.settings.topic_prefix)
    }

    fn connection(&self) -> Arc<Connection> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// The next call connects anew, unless one did already.
    fn give_up(&self, connection: &Arc<Connection>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, connection) {
            *current = Arc::default();
        }
    }

    /// Runs one call under its deadline and forgets what it used if it fails.
    async fn within<T>(
        &self,
        connection: &Arc<Connection>,
        key: Option<&PartitionKey>,
        extra: Duration,
        call: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, BusError> {
        let deadline = self.settings.request_timeout + extra;
        let failure = match tokio::time::timeout(deadline, call).await {
            Ok(Ok(value)) => {
                if let Some(key) = key {
                    connection.succeeded(key);
                }
                return Ok(value);
            }
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Elapsed,
        };
        let lasting = key.is_none_or(|key| connection.failed(key));
        // Silence does not tell which of the brokers is silent, and rskafka would wait for the same
        // one again.
        if lasting || matches!(failure, Failure::Elapsed) {
            self.give_up(connection);
        }
        Err(failure.into())
    }

    async fn topic_sizes(&self) -> Result<HashMap<String, i32>, BusError> {
        let connection = self.connection();
        let topics = self
            .within(&connection, None, Duration::ZERO, async {
                let client = connection.client(&self.settings).await?;
                Ok(client.list_topics().await?)
            })
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
        let deadline = i32::try_from(self.settings.request_timeout.as_millis()).unwrap_or(i32::MAX);
        let connection = self.connection();
        self.within(&connection, None, Duration::ZERO, async {
            let client = connection.client(&self.settings).await?;
            let controller = client.controller_client()?;
            let replication = self.settings.replication_factor;
            match controller
                .create_topic(name, partitions, replication, deadline)
                .await
            {
                Err(KafkaError::ServerError {
                    protocol_error: ProtocolError::TopicAlreadyExists,
                    ..
                }) => Ok(()),
                other => Ok(other?),
            }
        })
        .await
    }

    async fn offset(&self, key: &PartitionKey, at: OffsetAt) -> Result<i64, BusError> {
        let connection = self.connection();
        self.within(&connection, Some(key), Duration::ZERO, async {
            let client = connection.partition(&self.settings, key).await?;
            Ok(client.get_offset(at).await?)
        })
        .await
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
        let wanted: Vec<(String, i32)> = all_topics(self.settings.partitions)
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
        let deadline = tokio::time::Instant::now() + self.settings.request_timeout;
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
        let connection = self.connection();
        self.within(&connection, Some(&key), Duration::ZERO, async {
            let client = connection.partition(&self.settings, &key).await?;
            Ok(client.produce(records, Compression::NoCompression).await?)
        })
        .await?;
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
        let connection = self.connection();
        let fetched = self
            .within(&connection, Some(&key), max_wait, async {
                let client = connection.partition(&self.settings, &key).await?;
                match client.fetch_records(offset, 1..FETCH_BYTES, wait).await {
                    Ok((records, _)) => Ok(Some(records)),
                    Err(error) if is_out_of_range(&error) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            })
            .await?;
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
