//! Verifies that a file matches the manifest, and remembers the result.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::manifest::ModelFile;

/// Reads the file completely.
pub(super) fn is_intact(path: &Path, file: &ModelFile) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == file.bytes)
        && sha256_of(path).is_ok_and(|sum| sum == file.sha256)
}

/// Reads the file completely only if it has changed since it was last found intact.
pub(super) fn is_intact_or_stamped(path: &Path, file: &ModelFile) -> bool {
    let stamp = fs::metadata(path)
        .ok()
        .and_then(|metadata| stamp(&metadata, file));
    let stored = fs::read_to_string(stamp_path(path)).ok();
    if stamp.is_some() && stamp == stored {
        return true;
    }
    let intact = is_intact(path, file);
    if let (true, Some(stamp)) = (intact, stamp) {
        // Ignores errors, because a read-only cache is verified at every start instead.
        let _ = fs::write(stamp_path(path), stamp);
    }
    intact
}

/// The properties that a file must have for its stamp to apply.
fn stamp(metadata: &Metadata, file: &ModelFile) -> Option<String> {
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    (metadata.len() == file.bytes).then(|| {
        format!(
            "{} {} {}\n",
            file.sha256,
            metadata.len(),
            modified.as_nanos()
        )
    })
}

fn stamp_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.verified"))
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    digest_all(&mut File::open(path)?, &mut digest)?;
    Ok(hex::encode(digest.finalize()))
}

/// Digests everything that can be read; returns the number of bytes.
pub(super) fn digest_all(source: &mut impl Read, digest: &mut Sha256) -> io::Result<u64> {
    let mut buffer = vec![0_u8; 65_536];
    let mut total = 0;
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok(total);
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        total += read as u64;
    }
}
