//! The configured bus.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use secrecy::SecretString;

use super::files::named;
use crate::config::{
    KafkaSaslConfig, KafkaTlsConfig, MessagingBackend, MessagingConfig, SaslMechanism,
};
use crate::messaging::{
    InProcessLog, InProcessSettings, KafkaCredentials, KafkaLog, KafkaSasl, KafkaSecurity,
    KafkaSettings, Log,
};
use crate::tls::ClientTls;

/// Creates Kafka or the in-process bus. It connects to nothing yet, but it reads the files of the
/// security settings once, so that a wrong path stops the start.
pub fn log(messaging: &MessagingConfig) -> anyhow::Result<Arc<dyn Log>> {
    if messaging.backend == MessagingBackend::InProcess {
        let settings = InProcessSettings::starting_now(messaging.partitions);
        return Ok(Arc::new(InProcessLog::new(settings)));
    }
    let brokers: Vec<String> = messaging
        .brokers
        .split(',')
        .map(str::trim)
        .filter(|broker| !broker.is_empty())
        .map(str::to_owned)
        .collect();
    if brokers.is_empty() {
        bail!("messaging.brokers is not set: set KAFKA_BROKERS to host:port[,host:port]");
    }
    let security = KafkaSecurity {
        tls: tls(&messaging.tls),
        sasl: sasl(&messaging.sasl),
    };
    security
        .check()
        .context("messaging.tls or messaging.sasl names a file that cannot be used")?;
    if security.exposes_a_secret() {
        tracing::warn!(
            "messaging.tls is off: the secret of messaging.sasl is sent without encryption"
        );
    }
    Ok(Arc::new(KafkaLog::new(KafkaSettings {
        brokers,
        topic_prefix: messaging.topic_prefix.clone(),
        partitions: messaging.partitions,
        replication_factor: messaging.replication_factor,
        request_timeout: Duration::from_millis(messaging.request_timeout_ms),
        security,
    })))
}

fn tls(config: &KafkaTlsConfig) -> Option<ClientTls> {
    config.enabled.then(|| ClientTls {
        ca_file: named(&config.ca_file),
        identity: named(&config.certificate_file).zip(named(&config.key_file)),
    })
}

fn sasl(config: &KafkaSaslConfig) -> Option<KafkaSasl> {
    let credentials = KafkaCredentials {
        username: config.username.clone(),
        password: SecretString::from(config.password.expose().to_owned()),
    };
    match config.mechanism {
        SaslMechanism::None => None,
        SaslMechanism::Plain => Some(KafkaSasl::Plain(credentials)),
        SaslMechanism::ScramSha256 => Some(KafkaSasl::ScramSha256(credentials)),
        SaslMechanism::ScramSha512 => Some(KafkaSasl::ScramSha512(credentials)),
        SaslMechanism::Oauthbearer => Some(KafkaSasl::Oauthbearer {
            token_file: config.token_file.clone(),
        }),
    }
}
