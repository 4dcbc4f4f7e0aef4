//! The errors of the model cache. Each error says what to do.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// A source that could not provide a file, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub source: String,
    pub reason: String,
}

/// The reason why the cache cannot provide a model.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error(
        "the model cache {} has no {missing}: run `chatbot models pull`, or mount a filled cache",
        dir.display()
    )]
    Empty { dir: PathBuf, missing: String },
    #[error(
        "the model cache {} cannot be written ({reason}): make it writable, or fill it elsewhere \
         with `chatbot models pull` and mount it",
        dir.display()
    )]
    ReadOnly { dir: PathBuf, reason: String },
    #[error(
        "the disk that holds the model cache {} is full: free about 200 MB and run \
         `chatbot models pull`",
        dir.display()
    )]
    Full { dir: PathBuf },
    #[error(
        "{} is damaged (its SHA-256 is not the expected one): run `chatbot models pull`, or \
         replace it where the cache is filled",
        file.display()
    )]
    Corrupt { file: PathBuf },
    #[error(
        "another process has been filling the model cache {} for too long: stop it, or try again",
        dir.display()
    )]
    Locked { dir: PathBuf },
    #[error(
        "no source has {file}:{}\nlet one of embedding.sources reach it, or run \
         `chatbot models pull` on another machine and copy its folder to {}",
        reasons(tried),
        dir.display()
    )]
    NoSource {
        file: String,
        dir: PathBuf,
        tried: Vec<Tried>,
    },
}

fn reasons(tried: &[Tried]) -> String {
    if tried.is_empty() {
        return " embedding.sources is empty;".to_owned();
    }
    tried.iter().fold(String::new(), |mut text, tried| {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {}: {}", tried.source, tried.reason);
        text
    })
}

/// The reason why one source did not provide a file.
#[derive(Debug)]
pub(super) enum FetchError {
    /// This source failed; another one may succeed.
    Source(String),
    /// The cache failed; no source can help.
    Cache(CacheError),
}

/// Turns an error of writing into the cache into one that the user can act on.
pub(super) fn write_error(dir: &Path, error: &io::Error) -> CacheError {
    let dir = dir.to_path_buf();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CacheError::Full { dir },
        kind => CacheError::ReadOnly {
            dir,
            reason: kind.to_string(),
        },
    }
}
