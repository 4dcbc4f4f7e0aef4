//! The model cache: files checked by SHA-256 and written atomically.
//!
//! Files are at `{cache_dir}/{model}/{file}`. A file gets its name only when it is complete and
//! verified; until then it is `{file}.part`. `.{file}.verified` records that a file was read
//! completely and found intact, so that the next start can skip this.

mod error;
mod fetch;
mod http;
mod lock;
mod manifest;
mod part;
mod pip;
mod progress;
mod target;
#[cfg(test)]
mod tests;
mod verify;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::config::LocalModel;
use super::{EmbeddingConfig, ModelSource};

pub use error::{CacheError, Tried};
pub use progress::{BarProgress, LogProgress, PullProgress};
pub use target::Fetched;

use error::write_error;
use lock::CacheLock;
use manifest::{MINI_LM, MULTILINGUAL_E5, Manifest, ModelFile};
use target::Target;

fn manifest_of(model: LocalModel) -> &'static Manifest {
    match model {
        LocalModel::MiniLm => &MINI_LM,
        LocalModel::MultilingualE5 => &MULTILINGUAL_E5,
    }
}

/// Returns a model's name, which is its folder in the cache.
pub(super) fn name(model: LocalModel) -> &'static str {
    manifest_of(model).model
}

/// The paths of the model's files.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    pub model: PathBuf,
    /// Not there for a model whose file holds its vocabulary.
    pub tokenizer: PathBuf,
}

/// A file's state in the cache.
#[derive(Clone, Debug)]
pub struct ModelStatus {
    pub model: &'static str,
    pub path: PathBuf,
    /// The size; `None` if the file is missing.
    pub bytes: Option<u64>,
    /// Whether its SHA-256 is the expected one.
    pub verified: bool,
}

/// The results of a pull.
#[derive(Clone, Debug, Default)]
pub struct PullReport {
    /// Files that were present and intact.
    pub kept: Vec<&'static str>,
    pub fetched: Vec<Fetched>,
}

/// Downloads missing or damaged files. The call blocks; do not make it on an async thread.
pub fn pull(
    config: &EmbeddingConfig,
    progress: &dyn PullProgress,
) -> Result<PullReport, CacheError> {
    ModelCache::from_config(config).pull(progress)
}

/// Lists every file with its state; reads the files completely.
pub fn list(config: &EmbeddingConfig) -> Vec<ModelStatus> {
    ModelCache::from_config(config).list()
}

/// Returns the files if all are present and intact.
pub fn open(config: &EmbeddingConfig) -> Result<ModelFiles, CacheError> {
    ModelCache::from_config(config).open()
}

/// A folder of models, and the sources of its files.
pub struct ModelCache {
    manifest: &'static Manifest,
    /// The model's folder.
    dir: PathBuf,
    sources: Vec<ModelSource>,
}

impl ModelCache {
    /// Opens the cache in this folder, with the default sources.
    pub fn new(cache_dir: &Path) -> Self {
        Self::with_manifest(&MINI_LM, cache_dir, EmbeddingConfig::default().sources)
    }

    /// Opens the configured folder with the configured sources.
    pub fn from_config(config: &EmbeddingConfig) -> Self {
        let manifest = manifest_of(config.model);
        Self::with_manifest(manifest, &config.cache_dir, config.sources.clone())
    }

    fn with_manifest(
        manifest: &'static Manifest,
        cache_dir: &Path,
        sources: Vec<ModelSource>,
    ) -> Self {
        Self {
            manifest,
            dir: cache_dir.join(manifest.model),
            sources,
        }
    }

    /// Lists every file with its state; reads the files completely.
    pub fn list(&self) -> Vec<ModelStatus> {
        let status = |file: &ModelFile| {
            let path = self.dir.join(file.name);
            ModelStatus {
                model: self.manifest.model,
                bytes: fs::metadata(&path).ok().map(|m| m.len()),
                verified: verify::is_intact(&path, file),
                path,
            }
        };
        self.manifest.files.iter().map(status).collect()
    }

    /// Returns the files if all are present and intact. It reads a file completely once, then
    /// trusts its size and modification time.
    pub fn open(&self) -> Result<ModelFiles, CacheError> {
        let missing: Vec<&str> = self
            .manifest
            .files
            .iter()
            .filter(|file| !self.dir.join(file.name).exists())
            .map(|file| file.name)
            .collect();
        if !missing.is_empty() {
            return Err(CacheError::Empty {
                dir: self.dir.clone(),
                missing: missing.join(" and "),
            });
        }
        for file in self.manifest.files {
            let path = self.dir.join(file.name);
            if !verify::is_intact_or_stamped(&path, file) {
                return Err(CacheError::Corrupt { file: path });
            }
        }
        Ok(ModelFiles {
            model: self
                .dir
                .join(self.manifest.files.first().map_or("", |file| file.name)),
            tokenizer: self.dir.join("tokenizer.json"),
        })
    }

    /// Downloads missing or damaged files, then opens the cache. The call blocks.
    pub fn ensure(&self, progress: &dyn PullProgress) -> Result<ModelFiles, CacheError> {
        match self.open() {
            Err(CacheError::Empty { .. } | CacheError::Corrupt { .. }) => {
                self.pull(progress)?;
                self.open()
            }
            outcome => outcome,
        }
    }

    /// Downloads missing or damaged files, one process at a time. It only reads a complete cache,
    /// which may therefore be read-only. The call blocks.
    pub fn pull(&self, progress: &dyn PullProgress) -> Result<PullReport, CacheError> {
        let mut report = PullReport::default();
        if self.missing(&mut report.kept).is_empty() {
            return Ok(report);
        }
        let failed = |error: io::Error| write_error(&self.dir, &error);
        fs::create_dir_all(&self.dir).map_err(failed)?;
        let _lock = CacheLock::acquire(&self.dir, progress)?;
        // Another process may have downloaded them meanwhile.
        report.kept.clear();
        let missing = self.missing(&mut report.kept);
        pip::remove_leftovers(&self.dir);
        for file in missing {
            let target = Target {
                model: self.manifest.model,
                dir: &self.dir,
                file,
                progress,
            };
            report.fetched.push(target.fetch(&self.sources)?);
        }
        Ok(report)
    }

    fn missing(&self, kept: &mut Vec<&'static str>) -> Vec<&'static ModelFile> {
        let (intact, missing): (Vec<&ModelFile>, Vec<&ModelFile>) = self
            .manifest
            .files
            .iter()
            .partition(|file| verify::is_intact(&self.dir.join(file.name), file));
        kept.extend(intact.iter().map(|file| file.name));
        missing
    }
}
