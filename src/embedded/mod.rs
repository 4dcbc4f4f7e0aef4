//! The managed PostgreSQL with pgvector of `chatbot demo`: downloaded once, kept under a data
//! directory, started as a child, and stopped together with the program.

mod distribution;
mod start;

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

pub use start::{EmbeddedError, StartProgress};

use start::at;

/// The user under which PostgreSQL runs when the program runs as root.
#[derive(Clone, Copy)]
struct OtherUser {
    uid: u32,
    gid: u32,
}

/// A running embedded PostgreSQL. Call [`EmbeddedPostgres::stop`]; dropping it kills the server.
pub struct EmbeddedPostgres {
    child: Child,
    port: u16,
    password: String,
    _lock: File,
}

const START_DEADLINE: Duration = Duration::from_secs(30);
const STOP_DEADLINE: Duration = Duration::from_secs(15);

impl EmbeddedPostgres {
    /// Downloads and initialises what is missing, then starts the server.
    pub async fn start(
        data_dir: &Path,
        progress: &dyn StartProgress,
    ) -> Result<Self, EmbeddedError> {
        let user = other_user()?;
        fs::create_dir_all(data_dir).map_err(at(data_dir))?;
        if user.is_some() {
            make_traversable(data_dir)?;
        }
        let lock = lock(data_dir)?;
        let programs = distribution::ensure(data_dir, progress).await?;
        let cluster = data_dir.join("pgdata");
        let secret = data_dir.join("pgpassword");
        if !cluster.join("PG_VERSION").exists() {
            progress.step("creating the database");
            initialise(data_dir, &programs, &cluster, &secret, user).await?;
        }
        stop_orphan(&cluster).await;
        let password = fs::read_to_string(&secret)
            .map_err(at(&secret))?
            .trim()
            .to_owned();
        progress.step("starting PostgreSQL");
        let log = data_dir.join("postgres.log");
        let port = free_port().map_err(at(data_dir))?;
        let child = spawn(&programs, &cluster, &log, port, user)?;
        let mut server = Self {
            child,
            port,
            password,
            _lock: lock,
        };
        server.wait_until_ready(&programs, &log).await?;
        Ok(server)
    }

    /// Returns the connection URL.
    pub fn url(&self) -> String {
        format!(
            "postgresql://chatbot:{}@127.0.0.1:{}/postgres",
            self.password, self.port
        )
    }

    async fn wait_until_ready(&mut self, programs: &Path, log: &Path) -> Result<(), EmbeddedError> {
        let end = Instant::now() + START_DEADLINE;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            let ready = Command::new(programs.join("pg_isready"))
                .args([
                    "--quiet",
                    "--host=127.0.0.1",
                    "--port",
                    &self.port.to_string(),
                ])
                .status()
                .await;
            if ready.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(EmbeddedError::NotStarted(log.to_path_buf()))
    }

    /// Stops cleanly: open transactions are rolled back, and everything committed is on disk.
    pub async fn stop(mut self) {
        for signal in [Signal::INT, Signal::QUIT] {
            if let Some(pid) = self.child.id().and_then(pid) {
                // An error means that the process has already ended.
                let _ = kill_process(pid, signal);
            }
            if timeout(STOP_DEADLINE, self.child.wait()).await.is_ok() {
                return;
            }
        }
        let _ = self.child.kill().await;
    }
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}

/// Finds another user, because PostgreSQL refuses to run as root; `nobody` exists on every system.
fn other_user() -> Result<Option<OtherUser>, EmbeddedError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").map_err(at(Path::new("/etc/passwd")))?;
    let entry = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == "nobody").then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(OtherUser { uid, gid })
    });
    entry.map(Some).ok_or(EmbeddedError::NoUser)
}

/// Lets the other user enter one of our directories; the cluster itself stays closed.
fn make_traversable(dir: &Path) -> Result<(), EmbeddedError> {
    let metadata = fs::metadata(dir).map_err(at(dir))?;
    fs::set_permissions(dir, fs::Permissions::from_mode(metadata.mode() | 0o711)).map_err(at(dir))
}

fn lock(data_dir: &Path) -> Result<File, EmbeddedError> {
    let path = data_dir.join("lock");
    let file = File::create(&path).map_err(at(&path))?;
    file.try_lock()
        .map_err(|_| EmbeddedError::InUse(data_dir.to_path_buf()))?;
    Ok(file)
}

/// Initialises in a temporary directory first, so that an incomplete cluster is never used.
async fn initialise(
    data_dir: &Path,
    programs: &Path,
    cluster: &Path,
    secret: &Path,
    user: Option<OtherUser>,
) -> Result<(), EmbeddedError> {
    let mut random = [0_u8; 24];
    getrandom::fill(&mut random).map_err(|error| EmbeddedError::Fetch(error.to_string()))?;
    fs::write(secret, hex::encode(random)).map_err(at(secret))?;
    fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).map_err(at(secret))?;
    let temporary = data_dir.join("pgdata.new");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(at(&temporary))?;
    }
    fs::create_dir(&temporary).map_err(at(&temporary))?;
    if let Some(user) = user {
        chown(&temporary, Some(user.uid), Some(user.gid)).map_err(at(&temporary))?;
        chown(secret, Some(user.uid), Some(user.gid)).map_err(at(secret))?;
    }
    let mut command = as_user(Command::new(programs.join("initdb")), user);
    command
        .arg("--pgdata")
        .arg(&temporary)
        .arg("--pwfile")
        .arg(secret)
        .args(["--username=chatbot", "--encoding=UTF8", "--locale=C"])
        .args(["--auth=scram-sha-256"])
        .kill_on_drop(true);
    let output = command.output().await.map_err(at(programs))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(EmbeddedError::Program {
            program: "initdb",
            output: text,
        });
    }
    fs::rename(&temporary, cluster).map_err(at(cluster))
}

fn as_user(mut command: Command, user: Option<OtherUser>) -> Command {
    if let Some(user) = user {
        command.gid(user.gid).uid(user.uid);
    }
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn spawn(
    programs: &Path,
    cluster: &Path,
    log: &Path,
    port: u16,
    user: Option<OtherUser>,
) -> Result<Child, EmbeddedError> {
    let output = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(at(log))?;
    let errors = output.try_clone().map_err(at(log))?;
    let mut command = as_user(Command::new(programs.join("postgres")), user);
    command
        .arg("-D")
        .arg(cluster)
        .args(["-c", &format!("port={port}")])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories="])
        .args(["-c", "max_connections=60"])
        .args(["-c", "shared_buffers=64MB"])
        .args(["-c", "timezone=UTC"])
        .stdout(output)
        .stderr(errors)
        // Keeps Ctrl-C away from the database, which is stopped after the roles have drained.
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().map_err(at(programs))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Stops a database that survived a killed process, if it belongs to this cluster.
async fn stop_orphan(cluster: &Path) {
    let Some(id) = orphan(cluster) else {
        return;
    };
    let Some(target) = pid(id) else {
        return;
    };
    let _ = kill_process(target, Signal::INT);
    let end = Instant::now() + STOP_DEADLINE;
    while orphan(cluster).is_some() && Instant::now() < end {
        sleep(Duration::from_millis(50)).await;
    }
}

fn orphan(cluster: &Path) -> Option<u32> {
    let pidfile = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let id: u32 = pidfile.lines().next()?.trim().parse().ok()?;
    let command_line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let ours = String::from_utf8_lossy(&command_line).contains(&*cluster.to_string_lossy());
    ours.then_some(id)
}
