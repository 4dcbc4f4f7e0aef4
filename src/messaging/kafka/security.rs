//! TLS and SASL towards Kafka.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use rskafka::client::{Credentials, OauthBearerCredentials, SaslConfig};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};

/// How connections are protected, and who connects. The default is neither.
#[derive(Clone, Debug, Default)]
pub struct KafkaSecurity {
    pub tls: Option<KafkaTls>,
    pub sasl: Option<KafkaSasl>,
}

/// Encryption. The files are PEM and read at every connection, because certificates rotate.
#[derive(Clone, Debug, Default)]
pub struct KafkaTls {
    /// The authorities to trust; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// Certificate chain and key of this client.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Authentication.
#[derive(Clone, Debug)]
pub enum KafkaSasl {
    /// RFC 4616: the password itself travels, so it wants TLS.
    Plain(KafkaCredentials),
    /// RFC 7677.
    ScramSha256(KafkaCredentials),
    /// The same with SHA-512.
    ScramSha512(KafkaCredentials),
    /// RFC 7628, with the token that this file holds.
    Oauthbearer { token_file: PathBuf },
}

/// A name and its password.
#[derive(Clone, Debug)]
pub struct KafkaCredentials {
    pub username: String,
    pub password: SecretString,
}

/// Why a file of the security settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{} holds no {expected}", path.display())]
    Malformed {
        path: PathBuf,
        expected: &'static str,
    },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl KafkaSecurity {
    /// Whether every file is there and usable. Reads files.
    pub fn check(&self) -> Result<(), SecurityError> {
        if let Some(tls) = &self.tls {
            tls.client_config()?;
        }
        if let Some(KafkaSasl::Oauthbearer { token_file }) = &self.sasl {
            token(token_file, &read(token_file)?)?;
        }
        Ok(())
    }

    /// Whether a secret travels unencrypted.
    pub fn exposes_a_secret(&self) -> bool {
        let readable = matches!(
            self.sasl,
            Some(KafkaSasl::Plain(_) | KafkaSasl::Oauthbearer { .. })
        );
        self.tls.is_none() && readable
    }
}

impl KafkaTls {
    /// What rustls needs. Reads files, the system's authorities among them.
    pub(super) fn client_config(&self) -> Result<ClientConfig, SecurityError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = match &self.ca_file {
            Some(path) => builder.with_root_certificates(authorities(path)?),
            None => builder.with_platform_verifier()?,
        };
        Ok(match &self.identity {
            Some((chain, key)) => {
                builder.with_client_auth_cert(certificates(chain)?, secret(key)?)?
            }
            None => builder.with_no_client_auth(),
        })
    }
}

impl KafkaSasl {
    /// What rskafka needs.
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

fn authorities(path: &Path) -> Result<RootCertStore, SecurityError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store
            .add(certificate)
            .map_err(|_| malformed(path, "certificate of an authority"))?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    let text = read(path)?;
    match CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(malformed(path, "PEM certificate")),
    }
}

fn secret(path: &Path) -> Result<PrivateKeyDer<'static>, SecurityError> {
    // The reason is left out: it might quote the file.
    PrivateKeyDer::from_pem_slice(read(path)?.as_bytes()).map_err(|_| malformed(path, "PEM key"))
}

fn read(path: &Path) -> Result<String, SecurityError> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> SecurityError {
    SecurityError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

fn malformed(path: &Path, expected: &'static str) -> SecurityError {
    SecurityError::Malformed {
        path: path.to_owned(),
        expected,
    }
}
