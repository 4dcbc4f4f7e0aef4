//! Several replicas of each role, and a provider that answers slowly enough to be interrupted.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::front::Front;
use super::planted::Planted;
use super::random::Random;
use crate::support::ports::free_port;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Role, Setup, until_answers};
use crate::support::until;

/// Between two pieces of an answer.
const PACE: Duration = Duration::from_millis(40);

/// Replicas behind fixed addresses, so that one can come back where it was, and behind a common one.
pub struct Replicas {
    pub role: &'static str,
    ready: &'static str,
    settings: Vec<(String, String)>,
    logs: PathBuf,
    ports: Vec<u16>,
    running: Vec<Mutex<Option<Role>>>,
    front: Front,
}

impl Replicas {
    async fn new(
        (role, ready): (&'static str, &'static str),
        count: usize,
        settings: &[(&str, &str)],
        logs: &TempDir,
    ) -> Self {
        let ports: Vec<u16> = (0..count).map(|_| free_port()).collect();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            role,
            ready,
            settings: settings.iter().map(owned).collect(),
            logs: logs.path().to_owned(),
            front: Front::over(&ports, ready).await,
            ports,
            running: (0..count).map(|_| Mutex::new(None)).collect(),
        }
    }

    /// Reaches whichever replica is ready.
    pub fn front(&self) -> String {
        format!("http://{}", self.front.address)
    }

    pub fn len(&self) -> usize {
        self.ports.len()
    }

    pub fn url(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[index])
    }

    /// Starts a replica; [`Rig::until_ready`] waits for it. All it prints is kept.
    pub fn start(&self, setup: &Setup, index: usize) {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log(index))
            .unwrap();
        let child = setup
            .chatbot()
            .args(["serve", self.role])
            .env("CHATBOT__SERVER__PORT", self.ports[index].to_string())
            .env("CHATBOT__LOG__FILTER", "trace")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let url = self.url(index);
        *self.running[index].lock().unwrap() = Some(Role { child, url });
    }

    /// The process of a running replica.
    pub fn process(&self, index: usize) -> u32 {
        let running = self.running[index].lock().unwrap();
        running.as_ref().expect("a running replica").child.id()
    }

    /// Fails the test if a replica that should run has ended of itself.
    fn assert_runs(&self, index: usize) {
        if let Some(role) = self.running[index].lock().unwrap().as_mut() {
            role.assert_runs(|| last_lines(&self.log(index)));
        }
    }

    fn log(&self, index: usize) -> PathBuf {
        self.logs.join(format!("{}-{index}.log", self.role))
    }

    fn is_running(&self, index: usize) -> bool {
        self.running[index].lock().unwrap().is_some()
    }

    /// SIGKILL: nothing is said, nothing is given back.
    pub fn kill(&self, index: usize) {
        // Dropping it kills and reaps.
        *self.running[index].lock().unwrap() = None;
    }

    pub fn signal(&self, index: usize, signal: Signal) {
        let process = i32::try_from(self.process(index)).unwrap();
        kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
    }

    /// SIGTERM, as a rolling restart does it. Returns how long the end took, and whether it was
    /// clean.
    pub async fn terminate(&self, index: usize, limit: Duration) -> (Duration, bool) {
        let mut role = self.running[index].lock().unwrap().take().expect("running");
        let begun = Instant::now();
        let status = tokio::task::spawn_blocking(move || role.terminate(limit)).await;
        let clean = status.unwrap().is_some_and(|status| status.success());
        (begun.elapsed(), clean)
    }
}

/// The system under test.
pub struct Rig {
    pub setup: Setup,
    pub orchestrators: Replicas,
    pub rags: Replicas,
    pub http: reqwest::Client,
    pub key: String,
    pub random: Random,
    pub planted: Planted,
    /// The output of the processes.
    pub logs: TempDir,
    _provider: Provider,
}

impl Rig {
    /// Starts the replicas and uploads the leaflet.
    pub async fn start(scenario: &str, orchestrators: usize, rags: usize, setup: Setup) -> Self {
        let planted = Planted::new();
        Self::planting(scenario, orchestrators, rags, setup, &planted).await
    }

    /// The same with the words that another one planted: its documents have the same text.
    pub async fn planting(
        scenario: &str,
        orchestrators: usize,
        rags: usize,
        setup: Setup,
        planted: &Planted,
    ) -> Self {
        let logs = tempfile::tempdir().unwrap();
        let provider = Provider::start([answer(&planted.answer)]).await;
        let rags = Replicas::new(("rag", "/v1/health/ready"), rags, &[], &logs).await;
        let rag_url = rags.front();
        let settings = [
            ("CHATBOT__ORCHESTRATOR__RAG_URL", rag_url.as_str()),
            ("OPENAI_BASE_URL", &provider.url),
            ("CHATBOT__LLM__PROVIDERS", "[\"openai\"]"),
            ("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false"),
            ("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "100000"),
            ("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "1000"),
            // A busy machine is no fault of those that are provoked here.
            ("CHATBOT__ORCHESTRATOR__RETRIEVAL_TIMEOUT_MS", "10000"),
            // A planted word makes a question less like any passage.
            ("CHATBOT__ORCHESTRATOR__MIN_SUPPORT", "0.05"),
        ];
        let role = ("orchestrator", "/health/ready");
        let rig = Self {
            orchestrators: Replicas::new(role, orchestrators, &settings, &logs).await,
            rags,
            http: reqwest::Client::new(),
            key: setup.key("anna", &["chat", "search", "documents"]),
            setup,
            random: Random::of(scenario),
            planted: planted.clone(),
            logs,
            _provider: provider,
        };
        for replicas in [&rig.rags, &rig.orchestrators] {
            for index in 0..replicas.len() {
                replicas.start(&rig.setup, index);
            }
        }
        rig.until_ready().await;
        rig.upload_leaflet().await;
        rig
    }

    /// The addresses of the replicas that run.
    pub fn running(&self) -> Vec<String> {
        [&self.rags, &self.orchestrators]
            .into_iter()
            .flat_map(|replicas| {
                let running = (0..replicas.len()).filter(|index| replicas.is_running(*index));
                running.map(|index| replicas.url(index))
            })
            .collect()
    }

    /// A counter of a replica.
    pub async fn metric(&self, url: &str, name: &str) -> u64 {
        let metrics = self.http.get(format!("{url}/metrics")).send().await;
        let metrics = metrics.unwrap().text().await.unwrap();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name));
        value.expect(name).trim().parse().unwrap()
    }

    /// The time on the database's clock, as text.
    pub async fn now(&self) -> String {
        let now = "SELECT clock_timestamp()::text AS t";
        self.setup.database.texts(now).await.remove(0)
    }

    /// Waits for every replica that runs, and for the common addresses.
    pub async fn until_ready(&self) {
        for replicas in [&self.rags, &self.orchestrators] {
            let running = (0..replicas.len()).filter(|index| replicas.is_running(*index));
            let running: Vec<usize> = running.collect();
            let runs = || {
                for index in &running {
                    replicas.assert_runs(*index);
                }
            };
            let mut urls: Vec<String> = running.iter().map(|index| replicas.url(*index)).collect();
            if !urls.is_empty() {
                urls.push(replicas.front());
            }
            for url in urls {
                let url = format!("{url}{}", replicas.ready);
                until_answers(&self.http, &url, runs).await;
            }
        }
    }

    async fn upload_leaflet(&self) {
        let url = format!("{}/v1/documents/patients/visiting.md", self.rags.front());
        let put = self.http.put(&url).bearer_auth(&self.key);
        let put = put.header("content-type", "text/markdown").body(format!(
            "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
            Children may visit with an adult. Please do not visit with a fever. Ask for {} or {}.\n",
            // A question is answered only from what names the words that it alone has.
            self.planted.document, self.planted.question
        ));
        assert!(put.send().await.unwrap().status().is_success());
        until("the leaflet is indexed", || async {
            let view = self.http.get(&url).bearer_auth(&self.key).send().await;
            let view: serde_json::Value = view.unwrap().json().await.unwrap();
            view["version_status"] == "indexed"
        })
        .await;
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.logs.disable_cleanup(true);
            println!("logs are kept in {}", self.logs.path().display());
        }
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

/// Some thirty pieces, paced.
fn answer(planted: &str) -> Script {
    let text = format!(
        "Visiting hours are from 2 pm to 8 pm every day [1]. Children may visit with an adult [1]. \
        Please do not visit with a fever [1]. Yours, {planted}."
    );
    let dialect = Dialect::OpenAi;
    let begun = Script::begin(dialect, &[]);
    let pieces = text.split_inclusive(' ');
    pieces
        .fold(begun, |script, piece| {
            script.send(dialect.delta(piece)).pause(PACE)
        })
        .send(dialect.ending(dialect.stop()))
}
