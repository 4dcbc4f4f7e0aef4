//! Apache Kafka through rskafka.
//!
//! rskafka has neither connect nor request timeouts, keeps stale metadata after a leader change,
//! and retries for ever. So every call runs under a deadline; after one failure its partition
//! client is dropped, after a second one in a row the whole client, and both are rebuilt on demand.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rskafka::BackoffConfig;
use rskafka::client::error::{Error as KafkaError, ProtocolError};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use tokio::sync::Mutex;

use super::{BusError, FetchedRecord, Log, Record, all_topics, check_sizes};

/// The largest frame accepted from a broker.
const FRAME_BYTES: usize = 16 * 1024 * 1024;
/// The most that one fetch asks for.
const FETCH_BYTES: i32 = 4 * 1024 * 1024;
/// Failures in a row after which the client is rebuilt.
const FAILURES_BEFORE_RECONNECT: u32 = 2;

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
}

/// A broker answers the requests of one connection in order: a waiting fetch must not delay an
/// append, so the two have their own partition clients.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Purpose {
    Append,
    Fetch,
}

type PartitionKey = (String, i32, Purpose);

#[derive(Default)]
struct State {
    client: Option<Arc<Client>>,
    partitions: HashMap<PartitionKey, Arc<PartitionClient>>,
    failures: u32,
}

/// The Kafka [`Log`]. Connects when first used.
pub struct KafkaLog {
    settings: KafkaSettings,
    state: Mutex<State>,
}

/// A failure inside a call, before it is mapped.
enum Failure {
    Kafka(KafkaError),
    Elapsed,
}

impl KafkaLog {
    /// A log that connects when first used.
    pub fn new(settings: KafkaSettings) -> Self {
        Self {
            settings,
            state: Mutex::default(),
        }
    }

    fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.settings.topic_prefix)
    }

    async fn connect(&self, state: &mut State) -> Result<Arc<Client>, KafkaError> {
        if let Some(client) = &state.client {
            return Ok(Arc::clone(client));
        }
        let client = ClientBuilder::new(self.settings.brokers.clone())
            .client_id("chatbot")
            .max_message_size(FRAME_BYTES)
            .backoff_config(BackoffConfig {
                init_backoff: Duration::from_millis(50),
                max_backoff: Duration::from_secs(1),
                base: 2.0,
                deadline: Some(self.settings.request_timeout / 2),
            })
            .build()
            .await?;
        let client = Arc::new(client);
        state.client = Some(Arc::clone(&client));
        Ok(client)
    }

    async fn client(&self) -> Result<Arc<Client>, KafkaError> {
        self.connect(&mut *self.state.lock().await).await
    }

    async fn partition(&self, key: &PartitionKey) -> Result<Arc<PartitionClient>, KafkaError> {
        let mut state = self.state.lock().await;
        if let Some(partition) = state.partitions.get(key) {
            return Ok(Arc::clone(partition));
        }
        let client = self.connect(&mut state).await?;
        // Metadata of a topic created a moment ago may be late: retried up to the deadline.
        let partition = client
            .partition_client(key.0.clone(), key.1, UnknownTopicHandling::Retry)
            .await?;
        let partition = Arc::new(partition);
        state.partitions.insert(key.clone(), Arc::clone(&partition));
        Ok(partition)
    }

    /// Runs one call under its deadline and forgets what it used if it fails.
    async fn within<T>(
        &self,
        key: Option<&PartitionKey>,
        extra: Duration,
        call: impl Future<Output = Result<T, KafkaError>> + Send,
    ) -> Result<T, BusError> {
        let failure = match tokio::time::timeout(self.settings.request_timeout + extra, call).await
        {
            Ok(Ok(value)) => {
                self.state.lock().await.failures = 0;
                return Ok(value);
            }
            Ok(Err(error)) => Failure::Kafka(error),
            Err(_) => Failure::Elapsed,
        };
        let mut state = self.state.lock().await;
        if let Some(key) = key {
            state.partitions.remove(key);
        }
        state.failures += 1;
        if state.failures >= FAILURES_BEFORE_RECONNECT {
            *state = State::default();
        }
        drop(state);
        Err(match failure {
            Failure::Elapsed => BusError::Timeout,
            Failure::Kafka(error) => describe(&error),
        })
    }

    async fn topic_sizes(&self) -> Result<HashMap<String, i32>, BusError> {
        let topics = self
            .within(None, Duration::ZERO, async {
                self.client().await?.list_topics().await
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
        self.within(None, Duration::ZERO, async {
            let controller = self.client().await?.controller_client()?;
            let replication = self.settings.replication_factor;
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
        })
        .await
    }

    async fn offset(&self, key: &PartitionKey, at: OffsetAt) -> Result<i64, BusError> {
        self.within(Some(key), Duration::ZERO, async {
            self.partition(key).await?.get_offset(at).await
        })
        .await
    }
}

/// The error's kind only: its text may be long, and never carries a record.
fn describe(error: &KafkaError) -> BusError {
    match error {
        KafkaError::Timeout => BusError::Timeout,
        KafkaError::ServerError {
            protocol_error: ProtocolError::UnknownTopicOrPartition,
            ..
        } => BusError::Unknown("the broker does not know it".into()),
        KafkaError::ServerError { protocol_error, .. } => {
            BusError::Unavailable(format!("{protocol_error:?}"))
        }
        other => BusError::Unavailable(other.to_string().chars().take(200).collect()),
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
        self.within(Some(&key), Duration::ZERO, async {
            self.partition(&key)
                .await?
                .produce(records, Compression::NoCompression)
                .await
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
        let fetched = self
            .within(Some(&key), max_wait, async {
                let client = self.partition(&key).await?;
                match client.fetch_records(offset, 1..FETCH_BYTES, wait).await {
                    Ok((records, _)) => Ok(Some(records)),
                    Err(error) if is_out_of_range(&error) => Ok(None),
                    Err(error) => Err(error),
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
