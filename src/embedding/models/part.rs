//! A file on its way into the cache: `{file}.part`, hashed while it is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::error::{FetchError, write_error};
use super::target::Target;
use super::verify::digest_all;

/// The unfinished file. It stays on disk when dropped, so that a web download can resume.
pub(super) struct Part<'a> {
    target: &'a Target<'a>,
    path: PathBuf,
    file: File,
    digest: Sha256,
    written: u64,
}

impl<'a> Part<'a> {
    /// Starts an empty file.
    pub fn create(target: &'a Target<'a>) -> Result<Self, FetchError> {
        let path = target.part_path();
        let file = File::create(&path).map_err(|error| cache_error(target, &error))?;
        Ok(Self {
            target,
            path,
            file,
            digest: Sha256::new(),
            written: 0,
        })
    }

    /// Resumes an earlier attempt, if its bytes can be the beginning of the file.
    pub fn resume(target: &'a Target<'a>) -> Result<Self, FetchError> {
        let path = target.part_path();
        let usable = fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() < target.file.bytes);
        if !usable {
            return Self::create(target);
        }
        let failed = |error: io::Error| cache_error(target, &error);
        // Reading moves to the end, where writing continues.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let mut digest = Sha256::new();
        let written = digest_all(&mut file, &mut digest).map_err(failed)?;
        Ok(Self {
            target,
            path,
            file,
            digest,
            written,
        })
    }

    /// The number of bytes so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Appends bytes; refuses more bytes than the file has.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.written += bytes.len() as u64;
        if self.written > self.target.file.bytes {
            return Err(FetchError::Source(
                "the file is longer than expected".into(),
            ));
        }
        self.digest.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(|error| cache_error(self.target, &error))?;
        let (file, total) = (self.target.file.name, self.target.file.bytes);
        self.target
            .progress
            .advance(file, self.written, Some(total));
        Ok(())
    }

    /// Appends everything that can be read.
    pub fn append_all(&mut self, source: &mut impl Read) -> Result<(), FetchError> {
        let mut buffer = vec![0_u8; 65_536];
        loop {
            let read = source
                .read(&mut buffer)
                .map_err(|error| FetchError::Source(error.kind().to_string()))?;
            if read == 0 {
                return Ok(());
            }
            self.append(buffer.get(..read).unwrap_or_default())?;
        }
    }

    /// Verifies the file, makes it durable and gives it its name. A wrong file is removed.
    pub fn commit(self) -> Result<(), FetchError> {
        let expected = self.target.file;
        if self.written != expected.bytes || hex::encode(self.digest.finalize()) != expected.sha256
        {
            // A failure is harmless, because the next attempt truncates the file.
            let _ = fs::remove_file(&self.path);
            return Err(FetchError::Source(
                "the file does not have the expected SHA-256".into(),
            ));
        }
        let target = self.target;
        let failed = |error: io::Error| cache_error(target, &error);
        self.file.sync_all().map_err(failed)?;
        fs::rename(&self.path, target.path()).map_err(failed)?;
        File::open(target.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(failed)
    }
}

fn cache_error(target: &Target<'_>, error: &io::Error) -> FetchError {
    let error = write_error(target.dir, error);
    if matches!(error, super::CacheError::Full { .. }) {
        // Frees the little space that is used.
        let _ = fs::remove_file(target.part_path());
    }
    FetchError::Cache(error)
}
