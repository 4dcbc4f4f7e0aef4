//! One of the two programs that are compared: its settings, its schema, its processes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use url::Url;

use crate::model::Model;
use crate::support::provider::Dialect;
use crate::support::system::{Role, Setup, authority};
use crate::support::{TestDatabase, service};

/// The collection of the whole corpus.
pub const CORPUS: &str = "corpus";
const STOPPED: Duration = Duration::from_secs(40);

pub struct Side {
    pub label: &'static str,
    pub setup: Setup,
    pub key: String,
    redis: Url,
}

/// Both roles of a side.
pub struct Running<'a> {
    pub side: &'a Side,
    pub rag: Role,
    pub orchestrator: Role,
    /// From the start of rag, and of the orchestrator, to ready.
    pub ready: [Duration; 2],
}

impl Side {
    /// A schema that the program itself migrates. Each side has a Redis database of its own, so that
    /// neither finds the vectors of the other.
    pub async fn new(label: &'static str, number: usize, program: &Path, model: &Model) -> Self {
        let database = TestDatabase::empty(&service("CHATBOT_TEST_DATABASE_URL")).await;
        let mut redis = Url::parse(&service("CHATBOT_TEST_REDIS_URL")).unwrap();
        redis.set_path(&(number + 1).to_string());
        let setup = Setup::of(database)
            .running(program)
            .asking_at(Dialect::OpenAi, &model.url)
            .with("REDIS_URL", redis.as_str())
            .with("CHATBOT__LOG__FILTER", "error")
            .with("CHATBOT__MESSAGING__PARTITIONS", "12")
            .with("CHATBOT__ORCHESTRATOR__MAX_CONCURRENT_TURNS", "20000")
            .with("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "20000")
            .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "10000000")
            .with("CHATBOT__RAG__REQUESTS_PER_MINUTE", "10000000")
            // Every question gets as far as the model, whose answer costs the most.
            .with("CHATBOT__ORCHESTRATOR__MIN_SUPPORT", "0.05");
        let migrated = setup.chatbot().arg("migrate").output().unwrap();
        assert!(migrated.status.success(), "{migrated:?}");
        let key = setup.key("anna", &["chat", "search", "documents"]);
        Self {
            label,
            setup,
            key,
            redis,
        }
    }

    /// Forgets the vectors of all questions.
    fn flush(&self) {
        let mut stream = TcpStream::connect(authority(self.redis.as_str())).unwrap();
        let number = self.redis.path().trim_start_matches('/');
        stream
            .write_all(format!("SELECT {number}\r\nFLUSHDB\r\n").as_bytes())
            .unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n+OK\r\n");
    }

    /// Starts one role after the other, each with the machine to itself.
    pub async fn start(&self) -> Running<'_> {
        self.flush();
        let begun = Instant::now();
        let mut rag = self.setup.serve("rag", &[]);
        until_ready(&mut rag, "/v1/health/ready").await;
        let first = begun.elapsed();
        let begun = Instant::now();
        let url = ("CHATBOT__ORCHESTRATOR__RAG_URL", rag.url.as_str());
        let mut orchestrator = self.setup.serve("orchestrator", &[url]);
        until_ready(&mut orchestrator, "/health/ready").await;
        Running {
            side: self,
            rag,
            orchestrator,
            ready: [first, begun.elapsed()],
        }
    }
}

async fn until_ready(role: &mut Role, path: &str) {
    let http = reqwest::Client::new();
    let url = format!("{}{path}", role.url);
    while !http.get(&url).send().await.is_ok_and(|a| a.status() == 200) {
        role.assert_runs(|| "see above".to_owned());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

impl Running<'_> {
    /// Uploads JSON lines and waits until all are read.
    pub fn ingest(&self, collection: &str, lines: &str) {
        let mut file = tempfile::Builder::new()
            .suffix(".jsonl")
            .tempfile()
            .unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        let mut command: Command = self.side.setup.chatbot();
        command
            .args(["ingest", "--collection", collection, "--url", &self.rag.url])
            .arg(file.path())
            .env("CHATBOT_API_KEY", &self.side.key);
        let done = command.output().unwrap();
        // A release may keep some documents back that another one lets pass.
        if !done.status.success() {
            let told = [done.stdout, done.stderr].concat();
            eprintln!("{}: {}", self.side.label, String::from_utf8_lossy(&told));
        }
    }

    pub async fn delete(&self, collection: &str, names: &[String]) {
        let http = reqwest::Client::new();
        for name in names {
            let url = format!("{}/v1/documents/{collection}/{name}", self.rag.url);
            let deleted = http.delete(url).bearer_auth(&self.side.key).send().await;
            assert_eq!(deleted.unwrap().status(), 204);
        }
    }

    pub fn stop(mut self) {
        for role in [&mut self.orchestrator, &mut self.rag] {
            let status = role.terminate(STOPPED);
            assert!(status.is_some_and(|status| status.success()), "{status:?}");
        }
    }
}
