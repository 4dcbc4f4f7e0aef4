//! TLS and SASL for Kafka.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use rskafka::client::{Credentials, OauthBearerCredentials, SaslConfig};
use secrecy::{ExposeSecret, SecretString};

use crate::tls::{ClientTls, SecurityError, malformed, read, unreadable};

/// The protection of connections, and the credentials. The default is neither.
#[derive(Clone, Debug, Default)]
pub struct KafkaSecurity {
    pub tls: Option<ClientTls>,
    pub sasl: Option<KafkaSasl>,
}

/// The authentication mechanism.
#[derive(Clone, Debug)]
pub enum KafkaSasl {
    /// RFC 4616. The password itself is sent, so use TLS.
    Plain(KafkaCredentials),
    /// RFC 7677.
    ScramSha256(KafkaCredentials),
    /// SCRAM with SHA-512.
    ScramSha512(KafkaCredentials),
    /// RFC 7628, with the token in this file.
    Oauthbearer { token_file: PathBuf },
}

/// A user name and its password.
#[derive(Clone, Debug)]
pub struct KafkaCredentials {
    pub username: String,
    pub password: SecretString,
}

impl KafkaSecurity {
    /// Checks that every file exists and is usable; reads the files.
    pub fn check(&self) -> Result<(), SecurityError> {
        if let Some(tls) = &self.tls {
            tls.client_config()?;
        }
        if let Some(KafkaSasl::Oauthbearer { token_file }) = &self.sasl {
            token(token_file, &read(token_file)?)?;
        }
        Ok(())
    }

    /// Whether a secret is sent without encryption.
    pub fn exposes_a_secret(&self) -> bool {
        let readable = matches!(
            self.sasl,
            Some(KafkaSasl::Plain(_) | KafkaSasl::Oauthbearer { .. })
        );
        self.tls.is_none() && readable
    }
}

impl KafkaSasl {
    /// Builds rskafka's configuration.
    pub(super) fn config(&self) -> SaslConfig {
        match self {
            Self::Plain(credentials) => SaslConfig::Plain(credentials.exposed()),
            Self::ScramSha256(credentials) => SaslConfig::ScramSha256(credentials.exposed()),
            Self::ScramSha512(credentials) => SaslConfig::ScramSha512(credentials.exposed()),
            Self::Oauthbearer { token_file } => SaslConfig::Oauthbearer(bearer(token_file.clone())),
        }
    }
}

impl KafkaCredentials {
    fn exposed(&self) -> Credentials {
        let password = self.password.expose_secret().to_owned();
        Credentials::new(self.username.clone(), password)
    }
}

/// Reads the token whenever rskafka authenticates.
fn bearer(token_file: PathBuf) -> OauthBearerCredentials {
    OauthBearerCredentials {
        callback: Arc::new(move || {
            let path = token_file.clone();
            async move {
                let text = tokio::fs::read_to_string(&path)
                    .await
                    .map_err(|error| unreadable(&path, &error))?;
                Ok(token(&path, &text)?)
            }
            .boxed()
        }),
        authz_id: None,
        bearer_kvs: Vec::new(),
    }
}

fn token(path: &Path, text: &str) -> Result<String, SecurityError> {
    let token = text.trim();
    if token.is_empty() {
        return Err(malformed(path, "token"));
    }
    Ok(token.to_owned())
}
