//! What one client of rskafka has open, and when it is thrown away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::client::error::{Error as KafkaError, ProtocolError};
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use tokio::sync::OnceCell;

use super::super::BusError;
use super::security::{KafkaTls, SecurityError};
use super::{KafkaSettings, PartitionKey};

/// The largest frame accepted from a broker.
const FRAME_BYTES: usize = 16 * 1024 * 1024;
/// How long rskafka tries again by itself. Short: after a leader change it may do so with what it
/// remembers, while a partition client that is made anew asks.
const RETRIES: Duration = Duration::from_secs(1);
/// Failures in a row of one partition after which nothing of the connection is trusted any more.
const FAILURES_BEFORE_RECONNECT: u32 = 2;
/// How much of a message is kept, in characters.
const MESSAGE_CHARS: usize = 300;

/// A client and its partition clients. Everything is made when it is first used, each part by
/// itself: a broker that is silent holds up only those who need it.
#[derive(Default)]
pub(super) struct Connection {
    client: OnceCell<Client>,
    partitions: Mutex<HashMap<PartitionKey, Slot>>,
}

#[derive(Default)]
struct Slot {
    client: Arc<OnceCell<Arc<PartitionClient>>>,
    failures: u32,
}

/// A failure inside a call.
pub(super) enum Failure {
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

impl Connection {
    pub(super) async fn client(&self, settings: &KafkaSettings) -> Result<&Client, Failure> {
        self.client.get_or_try_init(|| connect(settings)).await
    }

    pub(super) async fn partition(
        &self,
        settings: &KafkaSettings,
        key: &PartitionKey,
    ) -> Result<Arc<PartitionClient>, Failure> {
        let (slot, failed) =
            self.with_slot(key, |slot| (Arc::clone(&slot.client), slot.failures > 0));
        let make = async || {
            let client = self.client(settings).await?;
            if failed {
                // Replaces the metadata that rskafka remembers: the leader may be another one.
                client.list_topics().await?;
            }
            // Metadata of a topic created a moment ago may be late: retried up to the deadline.
            let partition = client
                .partition_client(key.0.clone(), key.1, UnknownTopicHandling::Retry)
                .await?;
            Ok::<_, Failure>(Arc::new(partition))
        };
        slot.get_or_try_init(make).await.cloned()
    }

    pub(super) fn succeeded(&self, key: &PartitionKey) {
        self.with_slot(key, |slot| slot.failures = 0);
    }

    /// Forgets a partition client. True if its partition failed so often in a row that the whole
    /// connection should be given up.
    pub(super) fn failed(&self, key: &PartitionKey) -> bool {
        self.with_slot(key, |slot| {
            slot.client = Arc::default();
            slot.failures += 1;
            slot.failures >= FAILURES_BEFORE_RECONNECT
        })
    }

    fn with_slot<T>(&self, key: &PartitionKey, change: impl FnOnce(&mut Slot) -> T) -> T {
        let mut partitions = self
            .partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        change(partitions.entry(key.clone()).or_default())
    }
}

async fn connect(settings: &KafkaSettings) -> Result<Client, Failure> {
    let mut builder = ClientBuilder::new(settings.brokers.clone())
        .client_id("chatbot")
        .max_message_size(FRAME_BYTES)
        .backoff_config(BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
            deadline: Some(RETRIES.min(settings.request_timeout / 2)),
        });
    if let Some(tls) = &settings.security.tls {
        builder = builder.tls_config(Arc::new(client_config(tls.clone()).await?));
    }
    if let Some(sasl) = &settings.security.sasl {
        builder = builder.sasl_config(sasl.config());
    }
    Ok(builder.build().await?)
}

/// The system's authorities are many: read where blocking is allowed.
async fn client_config(tls: KafkaTls) -> Result<rustls::ClientConfig, SecurityError> {
    tokio::task::spawn_blocking(move || tls.client_config())
        .await
        .unwrap_or_else(|_| Err(rustls::Error::General("reading the files failed".into()).into()))
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
            // The error's kind only: its text may be long.
            Failure::Kafka(KafkaError::ServerError { protocol_error, .. }) => {
                Self::Unavailable(format!("{protocol_error:?}"))
            }
            Failure::Kafka(error) => Self::Unavailable(explain(&error.to_string())),
        }
    }
}

/// What a person can act on. Of a connection that failed, rskafka gives the text only, behind a
/// list of what it tried; no secret is in it.
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
