//! Parses uploads where they can do no harm: in a child process with limits.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use super::worker::{self, WorkerLimits};
use super::{ContentType, ParseError, ParseLimits, ParsedDocument};

/// How many bytes of a dying child's output are read, to tell a lack of memory from other causes.
const MAX_STDERR_BYTES: u64 = 4_096;
/// jemalloc otherwise keeps addresses that it has freed, which count against the limit.
const ALLOCATOR: (&str, &str) = (
    "_RJEM_MALLOC_CONF",
    "retain:false,dirty_decay_ms:0,narenas:1,background_thread:false",
);

/// The settings of the parser processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxConfig {
    /// The program with the subcommand `parse-worker`; empty means this one.
    pub executable: PathBuf,
    /// The most children at the same time; each may take `memory_bytes`.
    pub max_concurrent: usize,
    /// The wall-clock time for one document.
    pub timeout_ms: u64,
    pub cpu_seconds: u64,
    pub memory_bytes: u64,
    pub limits: ParseLimits,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            executable: PathBuf::new(),
            max_concurrent: 1,
            timeout_ms: 60_000,
            cpu_seconds: 30,
            memory_bytes: 384 << 20,
            limits: ParseLimits::default(),
        }
    }
}

/// The reason why a document was not parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// The document is the cause; the verdict is final.
    #[error(transparent)]
    Document(#[from] ParseError),
    /// No child could be started, which does not depend on the document.
    #[error("the parser process did not start: {0}")]
    NotStarted(String),
    /// The child was ended from outside, which says nothing about the document.
    #[error("the parser process was interrupted")]
    Interrupted,
}

/// Parses documents of every format in children: a parser may use up all memory, overflow the stack
/// or panic, and its allocations end with it.
#[derive(Debug)]
pub struct Sandbox {
    config: SandboxConfig,
    executable: PathBuf,
    slots: Semaphore,
}

impl Sandbox {
    /// Fails if the configuration names no program and the path of this one is unknown.
    pub fn new(config: SandboxConfig) -> io::Result<Self> {
        let executable = if config.executable.as_os_str().is_empty() {
            own_executable()?
        } else {
            config.executable.clone()
        };
        Ok(Self {
            slots: Semaphore::new(config.max_concurrent.max(1)),
            executable,
            config,
        })
    }

    /// Parses one document. The configured time starts when a slot is free.
    ///
    /// Dropping the future kills the child.
    pub async fn parse(
        &self,
        content: impl Into<ContentType>,
        bytes: Vec<u8>,
    ) -> Result<ParsedDocument, SandboxError> {
        if bytes.len() > self.config.limits.max_input_bytes {
            return Err(ParseError::TooLarge.into());
        }
        let slot = self.slots.acquire().await;
        let _slot = slot.map_err(|_| SandboxError::Interrupted)?;
        let mut child = self
            .spawn(content.into())
            .map_err(|error| SandboxError::NotStarted(error.to_string()))?;
        let deadline = Duration::from_millis(self.config.timeout_ms);
        let talk = converse(
            &mut child,
            bytes,
            worker::max_reply_bytes(&self.config.limits),
        );
        if let Ok(outcome) = tokio::time::timeout(deadline, talk).await {
            return outcome;
        }
        // The slot is free again only when the child has ended.
        if let Err(error) = child.kill().await {
            tracing::warn!(error = %error, "Parser process could not be killed");
        }
        Err(ParseError::TimedOut.into())
    }

    fn spawn(&self, content: ContentType) -> io::Result<Child> {
        let limits = WorkerLimits {
            parse: self.config.limits,
            memory_bytes: self.config.memory_bytes,
            cpu_seconds: self.config.cpu_seconds,
        };
        Command::new(&self.executable)
            .arg("parse-worker")
            .args(["--media-type", &content.to_string()])
            .args(["--limits", &serde_json::to_string(&limits)?])
            // The environment contains secrets, and the child needs none of it.
            .env_clear()
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Keeps Ctrl-C on the terminal away from the child. If this process is killed, the
            // pipes close, and a child that is computing ends at its limit of processor time.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

/// The path of this program, even if an upgrade has replaced its file.
fn own_executable() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && link.exists() {
        return Ok(link);
    }
    std::env::current_exe()
}

async fn converse(
    child: &mut Child,
    bytes: Vec<u8>,
    max_reply: u64,
) -> Result<ParsedDocument, SandboxError> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(SandboxError::Interrupted);
    };
    let send = async move {
        // A child that ends early closes the pipe; its exit status says why.
        let _ = stdin.write_all(&bytes).await;
        drop(bytes);
        let _ = stdin.shutdown().await;
    };
    let ((), reply, last_words) = tokio::join!(
        send,
        read_at_most(stdout, max_reply + 1),
        read_at_most(stderr, MAX_STDERR_BYTES)
    );
    if reply.len() as u64 > max_reply {
        let _ = child.kill().await;
        return Err(ParseError::TooLarge.into());
    }
    let status = child.wait().await;
    let status = status.map_err(|_| SandboxError::Interrupted)?;
    if status.success()
        && let Some(outcome) = worker::read_reply(reply)
    {
        return Ok(outcome?);
    }
    Err(cause_of_death(status, &last_words))
}

/// Reads up to the limit; a stream that fails simply ends.
async fn read_at_most(stream: impl AsyncRead + Unpin, most: u64) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = stream.take(most).read_to_end(&mut read).await;
    read
}

/// Searches the child's output for messages of the runtime. The output is never shown or logged.
fn cause_of_death(status: ExitStatus, last_words: &[u8]) -> SandboxError {
    const SIGXCPU: i32 = 24;
    /// Hang-up, interrupt, kill and terminate. None of the child's own limits ends it with one of
    /// these; the system kills when memory runs out, whoever used it.
    const FROM_OUTSIDE: [i32; 4] = [1, 2, 9, 15];
    let out_of_memory = last_words
        .windows(b"memory allocation of".len())
        .any(|w| w == b"memory allocation of");
    match status.signal() {
        Some(SIGXCPU) => ParseError::TimedOut.into(),
        Some(signal) if FROM_OUTSIDE.contains(&signal) => SandboxError::Interrupted,
        _ if out_of_memory => ParseError::OutOfMemory.into(),
        _ => ParseError::Crashed.into(),
    }
}
