//! Paths of the configuration.

use std::path::{Path, PathBuf};

/// Reads a path of the configuration; an empty path means none.
pub(super) fn named(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}
