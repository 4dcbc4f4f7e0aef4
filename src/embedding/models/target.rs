//! A file on its way into the cache.

use std::path::{Path, PathBuf};

use super::manifest::ModelFile;
use super::progress::PullProgress;

/// A downloaded file, and its source.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub file: &'static str,
    pub bytes: u64,
    pub source: String,
}

/// A file to download, and its destination.
pub(super) struct Target<'a> {
    pub model: &'static str,
    /// The model's folder.
    pub dir: &'a Path,
    pub file: &'static ModelFile,
    pub progress: &'a dyn PullProgress,
}

impl Target<'_> {
    pub fn path(&self) -> PathBuf {
        self.dir.join(self.file.name)
    }

    pub fn part_path(&self) -> PathBuf {
        self.dir.join(format!("{}.part", self.file.name))
    }
}
