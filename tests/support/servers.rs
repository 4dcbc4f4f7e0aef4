//! PostgreSQL and Redis of a test's own, which it may kill.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::ports::free_port;
use super::service;

const START_LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
enum Kind {
    Postgres,
    Redis,
}

/// A server on a port and data of its own; killed when it is dropped.
pub struct Server {
    kind: Kind,
    port: u16,
    data: TempDir,
    running: Option<Child>,
}

impl Server {
    /// PostgreSQL with pgvector. What it committed is on disk, as in production.
    pub async fn postgres() -> Self {
        let data = directory("postgres");
        let cluster = data.path().join("cluster");
        fs::create_dir(&cluster).unwrap();
        let mut initdb = Command::new(postgres_program("initdb"));
        if let Some((user, group)) = other_user() {
            chown(&cluster, Some(user), Some(group)).unwrap();
        }
        initdb.args(["--username=chatbot", "--encoding=UTF8", "--locale=C"]);
        initdb.args(["--auth=trust", "--no-sync", "--pgdata"]);
        let output = as_other_user(initdb.arg(&cluster)).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Self::of(Kind::Postgres, data).await
    }

    /// Redis without persistence, as the product expects it.
    pub async fn redis() -> Self {
        Self::of(Kind::Redis, directory("redis")).await
    }

    async fn of(kind: Kind, data: TempDir) -> Self {
        let mut server = Self {
            kind,
            port: free_port(),
            data,
            running: None,
        };
        server.start().await;
        server
    }

    /// `host:port`; the same for all of its lives.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How to connect.
    pub fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => format!("postgres://chatbot@{}/postgres", self.address()),
            Kind::Redis => format!("redis://{}/", self.address()),
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it, again where it was; returns once it answers.
    pub async fn start(&mut self) {
        let deadline = Instant::now() + START_LIMIT;
        while !self.answers().await {
            assert!(Instant::now() < deadline, "a server of a test is up");
            let running = self.running.as_mut().map(|child| child.try_wait().unwrap());
            // PostgreSQL ends while processes of its former life still hold its memory.
            if !matches!(running, Some(None)) {
                self.running = Some(self.command().spawn().unwrap());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn command(&self) -> Command {
        let port = self.port.to_string();
        let mut command = match self.kind {
            Kind::Postgres => Command::new(postgres_program("postgres")),
            Kind::Redis => Command::new(service("CHATBOT_TEST_REDIS_SERVER")),
        };
        match self.kind {
            Kind::Postgres => {
                command.arg("-D").arg(self.data.path().join("cluster"));
                for setting in [
                    &format!("port={port}"),
                    "listen_addresses=127.0.0.1",
                    "unix_socket_directories=",
                    "max_connections=150",
                    "timezone=UTC",
                ] {
                    command.args(["-c", setting]);
                }
                as_other_user(&mut command);
            }
            Kind::Redis => {
                command.args(["--bind", "127.0.0.1", "--port", &port, "--save", ""]);
                command
                    .args(["--appendonly", "no", "--dir"])
                    .arg(self.data.path());
            }
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    async fn answers(&self) -> bool {
        let second = Duration::from_secs(1);
        match self.kind {
            Kind::Postgres => {
                let url = self.url();
                let connecting = AsyncPgConnection::establish(&url);
                matches!(timeout(second, connecting).await, Ok(Ok(_)))
            }
            Kind::Redis => {
                let address = self.address();
                let answer = redis_command(&address, "PING");
                timeout(second, answer)
                    .await
                    .is_ok_and(|answer| answer.is_ok())
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a command without arguments that hold spaces; fails unless the server is content.
pub async fn redis_command(address: &str, command: &str) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    socket
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    match socket.read_u8().await? {
        b'+' | b':' => Ok(()),
        other => Err(std::io::Error::other(format!(
            "answer {}",
            char::from(other)
        ))),
    }
}

/// A program of the PostgreSQL that the tests start.
pub fn postgres_program(name: &str) -> PathBuf {
    Path::new(&service("CHATBOT_TEST_POSTGRES_BIN")).join(name)
}

/// Another user may walk into it.
fn directory(name: &str) -> TempDir {
    let prefix = format!("chatbot-test-{name}-");
    let directory = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    directory
}

/// PostgreSQL refuses to run as root; `nobody` is on every system.
fn other_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = users.lines().find(|line| line.starts_with("nobody:"));
    let fields: Vec<&str> = nobody.expect("a user nobody").split(':').collect();
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

fn as_other_user(command: &mut Command) -> &mut Command {
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
    command.current_dir("/")
}
