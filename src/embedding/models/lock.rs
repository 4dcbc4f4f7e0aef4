//! A lock that lets one process at a time fill a cache.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::{CacheError, write_error};
use super::progress::PullProgress;

/// The longest time that another process may need to download everything.
const DEADLINE: Duration = Duration::from_mins(20);
const POLL: Duration = Duration::from_millis(100);

/// The lock is held until it is dropped; a process that dies loses it.
pub(super) struct CacheLock {
    _file: File,
}

impl CacheLock {
    /// Waits for the current holder.
    pub fn acquire(dir: &Path, progress: &dyn PullProgress) -> Result<Self, CacheError> {
        Self::acquire_within(dir, progress, DEADLINE)
    }

    pub fn acquire_within(
        dir: &Path,
        progress: &dyn PullProgress,
        deadline: Duration,
    ) -> Result<Self, CacheError> {
        let file = File::create(dir.join(".lock")).map_err(|e| write_error(dir, &e))?;
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                // Some network file systems have no locks; files are still written atomically.
                Err(TryLockError::Error(error))
                    if error.kind() == std::io::ErrorKind::Unsupported =>
                {
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(write_error(dir, &error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= deadline => {
                    return Err(CacheError::Locked {
                        dir: dir.to_path_buf(),
                    });
                }
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        progress.step("waiting for another process that fills the model cache");
                        told = true;
                    }
                    std::thread::sleep(POLL);
                }
            }
        }
    }
}
