//! The rskafka clients. Each call has a deadline, and a failed call discards its client.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::client::error::{Error as KafkaError, ProtocolError};
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::super::BusError;
use super::KafkaSettings;
use crate::tls::SecurityError;

/// The largest frame accepted from a broker.
const FRAME_BYTES: usize = 16 * 1024 * 1024;
/// How long rskafka retries by itself. The time is short, because after a leader change it may
/// retry with stale metadata, while a new client asks again.
const RETRIES: Duration = Duration::from_millis(500);
/// The least time that a broker gets to answer a new client.
const GREETING: Duration = Duration::from_secs(1);
/// How long a partition's own client stays after its last call. It is longer than a call waits; a
/// partition that moved to another replica must not leave its connections here.
const IDLE: Duration = Duration::from_mins(2);
/// The most characters of a message that are kept.
const MESSAGE_CHARS: usize = 300;

/// The purpose of a client. A broker answers the requests of one connection in order, so fetches
/// and appends have separate partition clients: a waiting fetch must not delay an append.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Append,
    Fetch,
}

/// The topic with its prefix, the partition, and the purpose.
pub(super) type PartitionKey = (String, i32, Purpose);

/// A client that is created on first use.
type Lazy<T> = Arc<OnceCell<Arc<T>>>;

/// One client for the cluster, and one for each partition in use. None waits for another, so a
/// silent broker delays only the partitions that need it.
pub(super) struct Connections {
    pub settings: KafkaSettings,
    /// Counts new clients, so that each starts with another broker.
    clients: AtomicUsize,
    cluster: Mutex<Lazy<Client>>,
    partitions: Mutex<HashMap<PartitionKey, Slot>>,
}

#[derive(Clone)]
struct Slot {
    client: Lazy<PartitionClient>,
    used: Instant,
    /// After a failure a partition connects by itself, because the cluster's client may remember
    /// the former leader or be connected to the silent broker, and still serve the others.
    apart: bool,
}

impl Slot {
    fn new(apart: bool) -> Self {
        Self {
            client: Arc::default(),
            used: Instant::now(),
            apart,
        }
    }
}

/// A failure inside a call.
enum Failure {
    Kafka(KafkaError),
    Security(SecurityError),
    Elapsed,
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(error)
    }
}

impl From<SecurityError> for Failure {
    fn from(error: SecurityError) -> Self {
        Self::Security(error)
    }
}

impl Connections {
    pub(super) fn new(settings: KafkaSettings) -> Self {
        Self {
            settings,
            clients: AtomicUsize::default(),
            cluster: Mutex::default(),
            partitions: Mutex::default(),
        }
    }

    /// Makes one call about the cluster. After a failure the next call connects again.
    pub(super) async fn on_cluster<T, F>(
        &self,
        call: impl FnOnce(Arc<Client>) -> F + Send,
    ) -> Result<T, BusError>
    where
        F: Future<Output = Result<T, KafkaError>> + Send,
    {
        let lazy = Arc::clone(&lock(&self.cluster));
        let call = async { Ok(call(self.cluster_client(&lazy).await?).await?) };
        let outcome = within(self.settings.request_timeout, call).await;
        if outcome.is_err() {
            let mut current = lock(&self.cluster);
            // Another failed call may already have discarded it.
            if Arc::ptr_eq(&current, &lazy) {
                *current = Arc::default();
            }
        }
        outcome
    }

    /// Makes one call to a partition's leader, with extra time beyond the usual deadline. After a
    /// failure the next call looks for the leader again.
    pub(super) async fn on_partition<T, F>(
        &self,
        key: &PartitionKey,
        extra: Duration,
        call: impl FnOnce(Arc<PartitionClient>) -> F + Send,
    ) -> Result<T, BusError>
    where
        F: Future<Output = Result<T, KafkaError>> + Send,
    {
        let slot = self.slot(key);
        let call = async { Ok(call(self.partition_client(key, &slot).await?).await?) };
        let outcome = within(self.settings.request_timeout + extra, call).await;
        if outcome.is_err()
            && let Some(current) = lock(&self.partitions).get_mut(key)
            && Arc::ptr_eq(&current.client, &slot.client)
        {
            *current = Slot::new(true);
        }
        outcome
    }

    fn slot(&self, key: &PartitionKey) -> Slot {
        let mut partitions = lock(&self.partitions);
        partitions.retain(|_, slot| slot.used.elapsed() < IDLE);
        let slot = partitions
            .entry(key.clone())
            .or_insert_with(|| Slot::new(false));
        slot.used = Instant::now();
        slot.clone()
    }

    async fn cluster_client(&self, lazy: &Lazy<Client>) -> Result<Arc<Client>, Failure> {
        let client = lazy.get_or_try_init(|| self.connect()).await?;
        Ok(Arc::clone(client))
    }

    async fn partition_client(
        &self,
        key: &PartitionKey,
        slot: &Slot,
    ) -> Result<Arc<PartitionClient>, Failure> {
        let make = async || {
            let client = if slot.apart {
                self.connect().await?
            } else {
                let lazy = Arc::clone(&lock(&self.cluster));
                self.cluster_client(&lazy).await?
            };
            // The metadata of a new topic may be late, so this retries for a moment.
            let partition = client
                .partition_client(key.0.clone(), key.1, UnknownTopicHandling::Retry)
                .await?;
            Ok::<_, Failure>(Arc::new(partition))
        };
        slot.client.get_or_try_init(make).await.cloned()
    }

    /// Creates a client. It asks the brokers one after the other, each for its share of the
    /// deadline, because rskafka would wait for a silent one until the end.
    async fn connect(&self) -> Result<Arc<Client>, Failure> {
        let brokers = &self.settings.brokers;
        let first = self.clients.fetch_add(1, Ordering::Relaxed) % brokers.len().max(1);
        let shares = u32::try_from(brokers.len() + 1).unwrap_or(u32::MAX);
        let share = GREETING.max(self.settings.request_timeout / shares);
        let mut failure = Failure::Elapsed;
        for broker in brokers.iter().cycle().skip(first).take(brokers.len()) {
            failure = match tokio::time::timeout(share, connect(&self.settings, broker)).await {
                Ok(Ok(client)) => return Ok(Arc::new(client)),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Elapsed,
            };
        }
        Err(failure)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = Result<T, Failure>> + Send,
) -> Result<T, BusError> {
    match tokio::time::timeout(deadline, call).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(BusError::Timeout),
    }
}

async fn connect(settings: &KafkaSettings, broker: &str) -> Result<Client, Failure> {
    let mut builder = ClientBuilder::new(vec![broker.to_owned()])
        .client_id("chatbot")
        .max_message_size(FRAME_BYTES)
        .backoff_config(BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
            deadline: Some(RETRIES.min(settings.request_timeout / 4)),
        });
    if let Some(tls) = &settings.security.tls {
        builder = builder.tls_config(Arc::new(tls.load().await?));
    }
    if let Some(sasl) = &settings.security.sasl {
        builder = builder.sasl_config(sasl.config());
    }
    Ok(builder.build().await?)
}

impl From<Failure> for BusError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Elapsed | Failure::Kafka(KafkaError::Timeout) => Self::Timeout,
            Failure::Security(error) => Self::Unavailable(error.to_string()),
            Failure::Kafka(KafkaError::ServerError {
                protocol_error: ProtocolError::UnknownTopicOrPartition,
                ..
            }) => Self::Unknown("the broker does not know it".into()),
            // Keeps only the error's kind, because its text may be long.
            Failure::Kafka(KafkaError::ServerError { protocol_error, .. }) => {
                Self::Unavailable(format!("{protocol_error:?}"))
            }
            Failure::Kafka(error) => Self::Unavailable(explain(&error.to_string())),
        }
    }
}

/// Returns the part of a message that a person can act on. For a failed connection rskafka provides
/// only text, after a list of its attempts; the text contains no secret.
fn explain(text: &str) -> String {
    for (sign, meaning) in [
        (
            "SaslAuthenticationFailed",
            "the broker refused the credentials of messaging.sasl",
        ),
        (
            "Sasl session error",
            "the broker refused the credentials of messaging.sasl, or is not who it says",
        ),
        (
            "UnsupportedSaslMechanism",
            "the broker does not offer messaging.sasl.mechanism",
        ),
        (
            "invalid peer certificate",
            "the broker's certificate is not accepted, see messaging.tls",
        ),
        (
            "received fatal alert",
            "the broker refused the TLS connection, see messaging.tls",
        ),
    ] {
        if let Some(detail) = text.find(sign).and_then(|at| text.get(at..)) {
            let detail: String = detail.chars().take(MESSAGE_CHARS).collect();
            return format!("{meaning} ({detail})");
        }
    }
    text.chars().take(MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::super::KafkaSecurity;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_partition_that_is_no_longer_used_keeps_no_connections() {
        let connections = Connections::new(KafkaSettings {
            brokers: Vec::new(),
            topic_prefix: String::new(),
            partitions: 1,
            replication_factor: 1,
            request_timeout: Duration::from_secs(1),
            security: KafkaSecurity::default(),
        });
        let key = |partition| ("t".to_owned(), partition, Purpose::Fetch);
        let kept = || {
            let partitions = lock(&connections.partitions);
            let mut kept: Vec<i32> = partitions.keys().map(|key| key.1).collect();
            kept.sort_unstable();
            kept
        };
        connections.slot(&key(1));
        connections.slot(&key(2));
        tokio::time::advance(IDLE / 2).await;
        connections.slot(&key(2));
        tokio::time::advance(IDLE / 2).await;
        connections.slot(&key(3));
        assert_eq!(kept(), [2, 3]);
    }
}
