//! Both roles as real processes on real PostgreSQL, Redis and Kafka.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ports::free_port;
use super::provider::{Dialect, Provider};
use super::{TestDatabase, leaflet, service, unique, until};

/// A process that ends with the test.
pub struct Role {
    pub child: Child,
    pub url: String,
}

impl Role {
    /// Fails the test at once, with the last words it had, if the process has ended.
    pub fn assert_runs(&mut self, last_words: impl FnOnce() -> String) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("{} ended ({status}): {}", self.url, last_words());
        }
    }

    /// Sends SIGTERM and waits; `None` if the process is still there after `limit`.
    pub fn terminate(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return Some(status),
                None if Instant::now() > end => return None,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The parts that belong to one test's system: schema, topic prefix, and special settings.
pub struct Setup {
    pub database: TestDatabase,
    program: PathBuf,
    prefix: String,
    settings: Vec<(String, String)>,
    log: Option<Log>,
}

/// The file to which a role of this name prints its log.
type Log = Box<dyn Fn(&str) -> File + Send + Sync>;

impl Setup {
    /// A schema and a topic prefix that no other test uses.
    pub async fn new() -> Self {
        Self::of(TestDatabase::new().await)
    }

    /// The same with a schema that is there.
    pub fn of(database: TestDatabase) -> Self {
        Self {
            database,
            program: env!("CARGO_BIN_EXE_chatbot").into(),
            prefix: format!("{}.", unique("system")),
            settings: Vec::new(),
            log: None,
        }
    }

    /// Runs this program, such as that of an earlier release.
    #[must_use]
    pub fn running(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Has each role print its log into a file.
    #[must_use]
    pub fn printing(mut self, log: impl Fn(&str) -> File + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// The prefix of every topic of this system.
    pub fn topic_prefix(&self) -> &str {
        &self.prefix
    }

    /// The address of Kafka for its processes.
    pub fn brokers(&self) -> String {
        let mut own = self.settings.iter().rev();
        own.find(|(name, _)| name == "KAFKA_BROKERS").map_or_else(
            || service("CHATBOT_TEST_KAFKA_BROKERS"),
            |(_, value)| value.clone(),
        )
    }

    /// Sets a variable for every process of this system; the last value of a name wins.
    #[must_use]
    pub fn with(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.set(variable, value);
        self
    }

    /// The same, for the processes that start from now on.
    pub fn set(&mut self, variable: &str, value: impl Into<String>) {
        self.settings.push((variable.to_owned(), value.into()));
    }

    /// Answers come from this provider and from nobody else.
    #[must_use]
    pub fn asking(self, dialect: Dialect, provider: &Provider) -> Self {
        self.asking_at(dialect, &provider.url)
    }

    /// The same at this address.
    #[must_use]
    pub fn asking_at(self, dialect: Dialect, url: &str) -> Self {
        let setup = match dialect {
            Dialect::OpenAi => self.with("OPENAI_BASE_URL", url),
            Dialect::Anthropic => self
                .with("ANTHROPIC_API_KEY", "key-of-a-test")
                .with("CHATBOT__LLM__ANTHROPIC__BASE_URL", url),
        };
        setup
            .with(
                "CHATBOT__LLM__PROVIDERS",
                format!("[{:?}]", dialect.provider()),
            )
            .with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false")
            .with("CHATBOT__LLM__OPENAI__MODEL", "a-model")
            .with("CHATBOT__LLM__ANTHROPIC__MODEL", "a-model")
    }

    /// Answers come from this provider, and from the documents where it has none.
    #[must_use]
    pub fn asking_first(self, dialect: Dialect, provider: &Provider) -> Self {
        let setup = self.asking(dialect, provider);
        setup.with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "true")
    }

    /// `chatbot`, configured for this system.
    pub fn chatbot(&self) -> Command {
        let mut command = Command::new(&self.program);
        for name in ["GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"] {
            command.env_remove(name);
        }
        command
            .env_remove("OPENAI_BASE_URL")
            .env("DATABASE_URL", &self.database.url)
            .env("REDIS_URL", service("CHATBOT_TEST_REDIS_URL"))
            .env("KAFKA_BROKERS", service("CHATBOT_TEST_KAFKA_BROKERS"))
            .env("CHATBOT__MESSAGING__TOPIC_PREFIX", &self.prefix)
            .env("CHATBOT__MESSAGING__PARTITIONS", "2")
            .env(
                "CHATBOT__EMBEDDING__CACHE_DIR",
                service("CHATBOT_TEST_MODEL_DIR"),
            )
            .env(
                "CHATBOT__AUTH__INTERNAL_TOKEN",
                "internal-token-of-a-test-and-of-nothing-else",
            )
            // Redis is shared, and so is the owner of most tests' keys.
            .env("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "100000")
            .env("CHATBOT__RAG__REQUESTS_PER_MINUTE", "100000")
            .env("CHATBOT__SERVER__HOST", "127.0.0.1")
            .env("CHATBOT__LOG__FILTER", "warn")
            // Uploads answer at once, except where approval is the matter.
            .env("CHATBOT__RAG__GOVERNANCE__APPROVAL", "false")
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts `serve orchestrator` or `serve rag` on a free port.
    pub fn serve(&self, role: &str, settings: &[(&str, &str)]) -> Role {
        self.serve_at(free_port(), role, settings)
    }

    /// The same on this port.
    pub fn serve_at(&self, port: u16, role: &str, settings: &[(&str, &str)]) -> Role {
        let log = self.log.as_ref().map(|log| Stdio::from(log(role)));
        let child = self
            .chatbot()
            .args(["serve", role])
            .env("CHATBOT__SERVER__PORT", port.to_string())
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(log.unwrap_or_else(Stdio::inherit))
            .spawn()
            .unwrap();
        Role {
            child,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// A new API key of this owner with these scopes.
    pub fn key(&self, owner: &str, scopes: &[&str]) -> String {
        self.limited_key(owner, scopes, &[])
    }

    /// The same for these collections only; none means all.
    pub fn limited_key(&self, owner: &str, scopes: &[&str], collections: &[&str]) -> String {
        let mut command = self.chatbot();
        command.args(["keys", "create", "--name", "test", "--owner", owner]);
        for scope in scopes {
            command.args(["--scope", scope]);
        }
        for collection in collections {
            command.args(["--collection", collection]);
        }
        let output = command.output().unwrap();
        let key = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(key.starts_with("cb_"), "{errors}");
        key
    }
}

/// One orchestrator and one rag, ready, and a key of `anna` with every scope.
pub struct System {
    pub setup: Setup,
    pub orchestrator: Role,
    pub rag: Role,
    pub http: reqwest::Client,
    pub key: String,
}

/// `host:port` of a URL.
pub fn authority(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// The process prints stderr to the terminal of the tests.
async fn until_ready(role: &mut Role, path: &str) {
    let url = format!("{}{path}", role.url);
    let runs = || role.assert_runs(|| "see above".to_owned());
    until_answers(&reqwest::Client::new(), &url, runs).await;
}

/// Waits until a URL answers well; `meanwhile` is called again and again.
pub async fn until_answers(http: &reqwest::Client, url: &str, mut meanwhile: impl FnMut()) {
    until(&format!("{url} answers"), || {
        meanwhile();
        let request = http.get(url).timeout(Duration::from_secs(2));
        async { request.send().await.is_ok_and(|a| a.status().is_success()) }
    })
    .await;
}

impl System {
    /// The usual system.
    pub async fn start() -> Self {
        Self::start_with(Setup::new().await).await
    }

    /// A system with settings of its own.
    pub async fn start_with(setup: Setup) -> Self {
        let rag = setup.serve("rag", &[]);
        let orchestrator = setup.serve(
            "orchestrator",
            &[("CHATBOT__ORCHESTRATOR__RAG_URL", &rag.url)],
        );
        let key = setup.key("anna", &["chat", "search", "documents"]);
        let mut system = Self {
            setup,
            orchestrator,
            rag,
            http: reqwest::Client::new(),
            key,
        };
        until_ready(&mut system.orchestrator, "/health/ready").await;
        until_ready(&mut system.rag, "/v1/health/ready").await;
        system
    }

    /// A system that knows the leaflet.
    pub async fn informed(setup: Setup) -> Self {
        let system = Self::start_with(setup).await;
        system
            .document(leaflet::NAME)
            .text(leaflet::TEXT)
            .indexed()
            .await;
        system
    }

    /// Ends rag and starts another in its place.
    pub async fn replace_rag(&mut self) {
        let address = authority(&self.rag.url);
        let (_, port) = address.rsplit_once(':').unwrap();
        let ended = tokio::task::block_in_place(|| self.rag.terminate(Duration::from_secs(20)));
        assert!(ended.is_some_and(|status| status.success()));
        self.rag = self.setup.serve_at(port.parse().unwrap(), "rag", &[]);
        until_ready(&mut self.rag, "/v1/health/ready").await;
    }

    /// Starts a second orchestrator, in whose place the first one is returned.
    pub async fn replace_orchestrator(&mut self) -> Role {
        let rag = ("CHATBOT__ORCHESTRATOR__RAG_URL", self.rag.url.as_str());
        let mut second = self.setup.serve("orchestrator", &[rag]);
        until_ready(&mut second, "/health/ready").await;
        std::mem::replace(&mut self.orchestrator, second)
    }

    /// The schema of this system.
    pub fn database(&self) -> &TestDatabase {
        &self.setup.database
    }
}
