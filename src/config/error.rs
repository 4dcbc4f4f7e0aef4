//! The errors of the configuration.

use std::path::PathBuf;

/// The reason why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Invalid(String),
    #[error("{variable} names {}, which cannot be read: {reason}", path.display())]
    SecretFile {
        variable: String,
        path: PathBuf,
        reason: String,
    },
}
