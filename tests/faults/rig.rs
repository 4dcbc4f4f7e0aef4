//! Several replicas of each role, and a provider that answers slowly enough to be interrupted.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::random::Random;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Role, Setup, free_port};
use crate::support::{until, until_within};

pub const LEAFLET: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
    Children may visit with an adult. Please do not visit with a fever.\n";
const ANSWER: &str = "Visiting hours are from 2 pm to 8 pm every day [1]. \
    Children may visit with an adult [1]. Please do not visit with a fever [1].";
/// Between two pieces of an answer.
const PACE: Duration = Duration::from_millis(40);

/// Replicas behind fixed addresses, so that one can come back where it was.
pub struct Replicas {
    role: &'static str,
    settings: Vec<(String, String)>,
    ports: Vec<u16>,
    running: Vec<Mutex<Option<Role>>>,
}

impl Replicas {
    fn new(role: &'static str, count: usize, settings: Vec<(String, String)>) -> Self {
        Self {
            role,
            settings,
            ports: (0..count).map(|_| free_port()).collect(),
            running: (0..count).map(|_| Mutex::new(None)).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.ports.len()
    }

    pub fn url(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[index])
    }

    /// Starts a replica; [`Rig::until_ready`] waits for it.
    pub fn start(&self, setup: &Setup, index: usize) {
        let settings: Vec<(&str, &str)> = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let role = setup.serve_at(self.ports[index], self.role, &settings);
        *self.running[index].lock().unwrap() = Some(role);
    }

    /// SIGKILL: nothing is said, nothing is given back.
    pub fn kill(&self, index: usize) {
        // Dropping it kills and reaps.
        *self.running[index].lock().unwrap() = None;
    }

    pub fn signal(&self, index: usize, signal: Signal) {
        let running = self.running[index].lock().unwrap();
        let id = running.as_ref().expect("a running replica").child.id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
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
    _provider: Provider,
}

impl Rig {
    /// Starts the replicas and uploads the leaflet.
    pub async fn start(scenario: &str, orchestrators: usize, rags: usize, setup: Setup) -> Self {
        let random = Random::of(scenario);
        let provider = Provider::start([answer()]).await;
        let rags = Replicas::new("rag", rags, Vec::new());
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let settings = vec![
            setting("CHATBOT__ORCHESTRATOR__RAG_URL", &rags.url(0)),
            setting("OPENAI_BASE_URL", &provider.url),
            setting("CHATBOT__LLM__PROVIDERS", "[\"openai\"]"),
            setting("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "100000"),
            setting("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "1000"),
        ];
        let rig = Self {
            orchestrators: Replicas::new("orchestrator", orchestrators, settings),
            rags,
            http: reqwest::Client::new(),
            key: setup.key("anna", &["chat", "search", "documents"]),
            setup,
            random,
            _provider: provider,
        };
        for index in 0..rig.rags.len() {
            rig.rags.start(&rig.setup, index);
        }
        for index in 0..rig.orchestrators.len() {
            rig.orchestrators.start(&rig.setup, index);
        }
        rig.until_ready().await;
        rig.upload("visiting.md", LEAFLET).await;
        rig
    }

    /// Waits for every replica.
    pub async fn until_ready(&self) {
        for index in 0..self.rags.len() {
            self.answers(format!("{}/v1/health/ready", self.rags.url(index)))
                .await;
        }
        for index in 0..self.orchestrators.len() {
            self.answers(format!("{}/health/ready", self.orchestrators.url(index)))
                .await;
        }
    }

    async fn answers(&self, url: String) {
        let ready = || async {
            let request = self.http.get(&url).timeout(Duration::from_secs(2));
            request.send().await.is_ok_and(|a| a.status().is_success())
        };
        until_within(Duration::from_mins(1), &format!("{url} is ready"), ready).await;
    }

    async fn upload(&self, name: &str, text: &'static str) {
        let url = format!("{}/v1/documents/patients/{name}", self.rags.url(0));
        let put = self.http.put(&url).bearer_auth(&self.key);
        let put = put.header("content-type", "text/markdown").body(text);
        assert!(put.send().await.unwrap().status().is_success());
        until("the leaflet is indexed", || async {
            let view = self.http.get(&url).bearer_auth(&self.key).send().await;
            let view: serde_json::Value = view.unwrap().json().await.unwrap();
            view["version_status"] == "indexed"
        })
        .await;
    }
}

/// Some thirty pieces, paced.
fn answer() -> Script {
    let dialect = Dialect::OpenAi;
    let begun = Script::begin(dialect, &[]);
    let pieces = ANSWER.split_inclusive(' ');
    pieces
        .fold(begun, |script, piece| {
            script.send(dialect.delta(piece)).pause(PACE)
        })
        .send(dialect.ending(dialect.stop()))
}
