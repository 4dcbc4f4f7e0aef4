//! Encrypted connections to PostgreSQL, Redis and Kafka.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// How a connection is encrypted. The files are PEM, and are read at every connection, because
/// certificates rotate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// The authorities to trust; `None` means the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain and key of this client.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// The reason why a file of the security settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{} contains no {expected}", path.display())]
    Malformed {
        path: PathBuf,
        expected: &'static str,
    },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl ClientTls {
    /// Returns the configuration for rustls, which always verifies the other side's certificate and
    /// name. The function blocks, because it reads files, including the system's authorities.
    pub fn client_config(&self) -> Result<ClientConfig, SecurityError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = match &self.ca_file {
            Some(path) => builder.with_root_certificates(authorities(path, &read(path)?)?),
            None => builder.with_platform_verifier()?,
        };
        Ok(match &self.identity {
            Some((chain, key)) => {
                builder.with_client_auth_cert(certificates(chain, &read(chain)?)?, secret(key)?)?
            }
            None => builder.with_no_client_auth(),
        })
    }

    /// Loads the configuration without blocking the calling task.
    pub(crate) async fn load(&self) -> Result<ClientConfig, SecurityError> {
        let tls = self.clone();
        tokio::task::spawn_blocking(move || tls.client_config())
            .await
            .unwrap_or_else(|_| {
                Err(rustls::Error::General("reading the files failed".into()).into())
            })
    }
}

/// Chooses rustls' provider for libraries that build their own configuration, because two providers
/// are compiled in and rustls does not choose between them.
pub(crate) fn choose_provider() {
    // An earlier caller chose the same provider.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// Returns the rustls error inside a library's error; `None` if TLS did not fail.
pub(crate) fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Returns the PEM of a file of authorities, for libraries that read it themselves and skip invalid
/// parts.
pub(crate) fn authorities_pem(path: &Path) -> Result<String, SecurityError> {
    let text = read(path)?;
    authorities(path, &text)?;
    Ok(text)
}

fn authorities(path: &Path, text: &str) -> Result<RootCertStore, SecurityError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path, text)? {
        store
            .add(certificate)
            .map_err(|_| malformed(path, "certificate of an authority"))?;
    }
    Ok(store)
}

fn certificates(path: &Path, text: &str) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    match CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(malformed(path, "PEM certificate")),
    }
}

fn secret(path: &Path) -> Result<PrivateKeyDer<'static>, SecurityError> {
    // Omits the cause, because it might quote the file.
    PrivateKeyDer::from_pem_slice(read(path)?.as_bytes()).map_err(|_| malformed(path, "PEM key"))
}

pub(crate) fn read(path: &Path) -> Result<String, SecurityError> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> SecurityError {
    SecurityError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

pub(crate) fn malformed(path: &Path, expected: &'static str) -> SecurityError {
    SecurityError::Malformed {
        path: path.to_owned(),
        expected,
    }
}
