//! A crowd of people whose model takes its time: how much memory each of them takes.
//!
//! At length, 10,000 streams wait in a replica with 512 MiB, or as many as open files allow; then a
//! thousand of them get their answers. Prints the memory of a stream. The limit needs the control
//! groups of Linux, version 1, and root.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::stream::{self, FuturesUnordered, StreamExt};
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::at_length;
use super::samples::resident;
use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System, authority};
use crate::support::until_within;

const MANY: usize = 10_000;
const FEW: usize = 200;
/// These get their answers in the end.
const ANSWERED: usize = 1_000;
/// Questions before, which fill pools and caches.
const EARLIER: usize = 32;
const AT_ONCE: usize = 16;
/// Open files of a process besides its streams.
const OTHER_FILES: usize = 300;
/// The limit of a pod's memory.
const LIMIT: u64 = 512 * 1024 * 1024;
/// The most memory of a stream in KiB; a build for tests needs more of it.
const MOST: u64 = if cfg!(debug_assertions) { 96 } else { 64 };
/// The allocator returns pages after ten seconds without use.
const RETURNED: Duration = Duration::from_secs(15);
/// Answers whether a replica is ready.
const SOON: Duration = Duration::from_secs(2);

/// Two connections for each stream: a person's, and the model's.
fn streams() -> usize {
    if !at_length() {
        return FEW;
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let files = usize::try_from(files).unwrap();
    MANY.min(files.saturating_sub(OTHER_FILES) / 2)
}

/// A control group with a limit of memory, as a pod has one.
struct Group(PathBuf);

impl Group {
    /// Limits a process, if that is possible here.
    fn limiting(process: u32) -> Option<Self> {
        let path = PathBuf::from(format!("/sys/fs/cgroup/memory/chatbot-waiting-{process}"));
        fs::create_dir(&path).ok()?;
        let group = Self(path);
        let set = |name, value: String| fs::write(group.0.join(name), value);
        set("memory.limit_in_bytes", LIMIT.to_string()).ok()?;
        set("cgroup.procs", process.to_string()).ok()?;
        Some(group)
    }

    fn most_mib(&self) -> u64 {
        let most = fs::read_to_string(self.0.join("memory.max_usage_in_bytes")).unwrap();
        most.trim().parse::<u64>().unwrap() / 1024 / 1024
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It is empty once its process has ended.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// One person's connection, without the buffers of a client.
struct Person {
    stream: TcpStream,
    /// The end of what came.
    heard: Vec<u8>,
}

impl Person {
    async fn send(&mut self, system: &System, path: &str, accept: &str, body: &str) {
        let (key, length) = (&system.key, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {key}\r\naccept: {accept}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(head.as_bytes()).await.unwrap();
    }

    /// Reads until this was said. False if the stream ended before.
    async fn hears(&mut self, word: &str) -> bool {
        let mut piece = [0; 2_048];
        loop {
            let said = self.heard.windows(word.len());
            if said.into_iter().any(|said| said == word.as_bytes()) {
                return true;
            }
            match self.stream.read(&mut piece).await.unwrap() {
                0 => return false,
                length => self.heard.extend_from_slice(&piece[..length]),
            }
        }
    }

    /// Asks, and waits for the sources.
    async fn ask(system: &System) -> Self {
        let address = authority(&system.orchestrator.url);
        let mut person = Self {
            stream: TcpStream::connect(address).await.unwrap(),
            heard: Vec::new(),
        };
        let json = "application/json";
        person.send(system, "/v1/conversations", json, "{}").await;
        assert!(person.hears("\"created_at\"").await);
        let answer = String::from_utf8(std::mem::take(&mut person.heard)).unwrap();
        let id = answer.split("\"id\":\"").nth(1).unwrap();
        let id = id.split('"').next().unwrap();
        let path = format!("/v1/conversations/{id}/messages");
        let body = format!("{{\"content\":\"{QUESTION}\"}}");
        person.send(system, &path, "text/event-stream", &body).await;
        assert!(person.hears("event: sources").await, "no sources");
        person
    }
}

/// Answers the first questions at once, and each later one when it is released.
async fn provider() -> Provider {
    let asked = AtomicUsize::new(0);
    Provider::choosing(move |_| {
        let dialect = Dialect::OpenAi;
        if asked.fetch_add(1, Ordering::SeqCst) < EARLIER {
            return Script::answer(dialect, &SENTENCES);
        }
        let waiting = Script::head().wait().send(dialect.opening());
        let text = SENTENCES.iter().fold(waiting, |script, sentence| {
            script
                .send(dialect.delta(sentence))
                .pause(Duration::from_millis(5))
        });
        text.send(dialect.ending(dialect.stop()))
    })
    .await
}

async fn system(provider: &Provider) -> System {
    let long = "900000";
    let many = MANY.to_string();
    let setup = Setup::new()
        .await
        .asking(Dialect::OpenAi, provider)
        .with("CHATBOT__ORCHESTRATOR__MAX_CONCURRENT_TURNS", &many)
        .with("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", &many)
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "1000000")
        .with("CHATBOT__ORCHESTRATOR__TURN_DEADLINE_SECONDS", "900")
        .with("CHATBOT__ORCHESTRATOR__RETRIEVAL_TIMEOUT_MS", "10000")
        .with("CHATBOT__LLM__DEADLINES__FIRST_TOKEN_MS", long)
        .with("CHATBOT__LLM__DEADLINES__ANSWER_START_MS", long)
        .with("CHATBOT__LLM__DEADLINES__IDLE_MS", long)
        .with("CHATBOT__LLM__DEADLINES__TOTAL_MS", long);
    System::informed(setup).await
}

/// Whether the replica answers in time.
async fn answers(system: &System, path: &str) -> bool {
    let request = system.get(path).timeout(SOON).send();
    request
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_waits_for_its_model() {
    let provider = provider().await;
    // It ends after the system whose process is in it.
    let mut group = None;
    let system = Arc::new(system(&provider).await);
    let process = system.orchestrator.child.id();
    for _ in 0..EARLIER {
        assert!(Person::ask(&system).await.hears("event: done").await);
    }
    group = group.or_else(|| Group::limiting(process));
    let (count, before) = (streams(), resident(process));
    let begun = Instant::now();
    let people = stream::iter(0..count).map(|_| {
        let system = Arc::clone(&system);
        async move { Person::ask(&system).await }
    });
    let people: Vec<Person> = people.buffer_unordered(AT_ONCE).collect().await;
    let opened = begun.elapsed();
    until_within(Duration::from_secs(30), "every model is asked", || async {
        provider.requests().len() >= EARLIER + count
    })
    .await;
    if at_length() {
        tokio::time::sleep(RETURNED).await;
    }
    let grown = resident(process).saturating_sub(before) / u64::try_from(count).unwrap();
    for path in ["/health", "/health/ready", "/metrics"] {
        assert!(answers(&system, path).await, "{path}");
    }
    let most = group.as_ref().map(Group::most_mib);
    println!(
        "{count} streams wait, opened in {opened:.0?}: {grown} KiB each; the group held {most:?} MiB at most"
    );
    assert!(grown <= MOST, "{grown} KiB");
    let answered = count.min(ANSWERED);
    (0..answered).for_each(|_| provider.release());
    let ends = people.into_iter().map(|mut person| async move {
        assert!(person.hears("event: done").await, "the answer ended early");
        let said = String::from_utf8(person.heard).unwrap();
        assert!(said.contains("event: delta") && said.contains("Children may visit"));
    });
    let ends: FuturesUnordered<_> = ends.collect();
    let all = ends.take(answered).collect::<Vec<()>>();
    let all = tokio::time::timeout(Duration::from_mins(2), all).await;
    assert_eq!(all.expect("the answers come").len(), answered);
}
