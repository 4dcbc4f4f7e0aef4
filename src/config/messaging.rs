//! The `messaging` section: the bus, and the security of the connection to Kafka.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Secret;

/// The bus that carries documents and events.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessagingConfig {
    pub backend: MessagingBackend,
    pub brokers: String,
    pub topic_prefix: String,
    pub partitions: i32,
    pub replication_factor: i16,
    pub request_timeout_ms: u64,
    pub lease_ttl_ms: u64,
    pub heartbeat_ms: u64,
    pub poll_ms: u64,
    pub max_attempts: u32,
    pub keep_days: u32,
    pub tls: KafkaTlsConfig,
    pub sasl: KafkaSaslConfig,
}

/// The kind of bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagingBackend {
    Kafka,
    InProcess,
}

impl Default for MessagingConfig {
    fn default() -> Self {
        Self {
            backend: MessagingBackend::Kafka,
            brokers: String::new(),
            topic_prefix: String::new(),
            partitions: 12,
            replication_factor: 1,
            request_timeout_ms: 10_000,
            lease_ttl_ms: 15_000,
            heartbeat_ms: 2_000,
            poll_ms: 200,
            max_attempts: 5,
            keep_days: 14,
            tls: KafkaTlsConfig::default(),
            sasl: KafkaSaslConfig::default(),
        }
    }
}

/// Encryption of the connections to Kafka. Files are PEM; an empty path means none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaTlsConfig {
    pub enabled: bool,
    /// The authorities to trust; empty means the system's.
    pub ca_file: PathBuf,
    /// The certificate that this client shows, with its chain.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

/// The credentials for Kafka.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaSaslConfig {
    pub mechanism: SaslMechanism,
    pub username: String,
    pub password: Secret,
    /// The file with the bearer token; read again at every authentication, because tokens rotate.
    pub token_file: PathBuf,
}

/// How this client authenticates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanism {
    #[default]
    #[serde(rename = "none")]
    None,
    #[serde(rename = "plain")]
    Plain,
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
    #[serde(rename = "oauthbearer")]
    Oauthbearer,
}

/// A value that contradicts another one.
pub(super) struct Contradiction {
    pub key: &'static str,
    /// The actual and the expected value.
    pub expected: &'static str,
    /// The key whose value requires it.
    pub because: &'static str,
}

/// Whether it is wrong, the key, the actual and the expected value, and the key that requires it.
type Rule = (bool, &'static str, &'static str, &'static str);

impl MessagingConfig {
    /// Finds the first setting of TLS or SASL that contradicts another one. An incomplete
    /// configuration is refused, so that no setting is silently ignored.
    pub(super) fn contradiction(&self) -> Option<Contradiction> {
        if self.backend != MessagingBackend::Kafka {
            return None;
        }
        self.tls
            .rules()
            .into_iter()
            .chain(self.sasl.rules())
            .find(|(wrong, ..)| *wrong)
            .map(|(_, key, expected, because)| Contradiction {
                key,
                expected,
                because,
            })
    }
}

fn set(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}

impl KafkaTlsConfig {
    fn rules(&self) -> [Rule; 4] {
        const CA: &str = "messaging.tls.ca_file";
        const CERTIFICATE: &str = "messaging.tls.certificate_file";
        const KEY: &str = "messaging.tls.key_file";
        let (ca, certificate) = (set(&self.ca_file), set(&self.certificate_file));
        let (off, key) = (!self.enabled, set(&self.key_file));
        let ignored = "is set, but nothing is encrypted: expected messaging.tls.enabled = true";
        let no_key = "is empty: expected the key of the certificate";
        let no_certificate = "is empty: expected the certificate of the key";
        [
            (off && ca, CA, ignored, CA),
            (off && certificate, CERTIFICATE, ignored, CERTIFICATE),
            (certificate && !key, KEY, no_key, CERTIFICATE),
            (key && !certificate, CERTIFICATE, no_certificate, KEY),
        ]
    }
}

impl KafkaSaslConfig {
    fn rules(&self) -> [Rule; 6] {
        const MECHANISM: &str = "messaging.sasl.mechanism";
        const USERNAME: &str = "messaging.sasl.username";
        const PASSWORD: &str = "messaging.sasl.password";
        const TOKEN: &str = "messaging.sasl.token_file";
        let by_token = self.mechanism == SaslMechanism::Oauthbearer;
        let by_password = !by_token && self.mechanism != SaslMechanism::None;
        let (name, password) = (!self.username.is_empty(), !self.password.is_empty());
        let token = set(&self.token_file);
        let no_name = "is empty: expected a name (KAFKA_SASL_USERNAME sets it)";
        let no_password = "is empty: expected a password (KAFKA_SASL_PASSWORD sets it)";
        let no_token = "is empty: expected a file with a bearer token";
        let unused = "is set, but not used: expected messaging.sasl.mechanism = plain, \
                      scram-sha-256 or scram-sha-512";
        let unused_token = "is set, but not used: expected messaging.sasl.mechanism = oauthbearer";
        [
            (by_password && !name, USERNAME, no_name, MECHANISM),
            (by_password && !password, PASSWORD, no_password, MECHANISM),
            (by_token && !token, TOKEN, no_token, MECHANISM),
            (!by_password && name, USERNAME, unused, USERNAME),
            (!by_password && password, PASSWORD, unused, PASSWORD),
            (!by_token && token, TOKEN, unused_token, TOKEN),
        ]
    }
}
