//! A house that is watched while clients misbehave.

use std::fs;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rustix::process::Pid;
use serde_json::json;
use tokio::time::sleep;

use super::reader::Reader;
use crate::faults::at_length;
use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::{until, until_within};

const SENTENCE: &str = "Visiting hours are from 2 pm to 8 pm every day [1].\n";
/// In a question that shall be answered at length.
pub const LONG: &str = "(in full)";
/// Sentences of an answer that no buffer of a socket holds.
const SENTENCES: usize = 1_000;
/// Questions at once on a usual day.
const USUAL: usize = 50;

/// A system whose provider answers briefly, or at length and to the end only when it is told to.
pub struct House {
    pub system: System,
    pub provider: Provider,
}

impl House {
    pub async fn open(setup: Setup) -> Self {
        let provider = Provider::choosing(|request| {
            if request.body.to_string().contains(LONG) {
                long()
            } else {
                short()
            }
        })
        .await;
        let setup = setup
            .asking(Dialect::OpenAi, &provider)
            .with("CHATBOT__LLM__DEADLINES__IDLE_MS", "90000")
            .with("CHATBOT__ORCHESTRATOR__HEARTBEAT_SECONDS", "2")
            .with("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "1000")
            .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "100000");
        let system = System::informed(setup).await;
        Self { system, provider }
    }

    /// Asks and hangs up; the id of the turn, which goes on.
    pub async fn ask(&self, question: &str) -> String {
        let path = self.system.conversation().await.messages();
        let body = json!({ "content": question }).to_string();
        let mut reader = Reader::connect(&self.system, 64 * 1024).await;
        reader.send("POST", &path, &body).await;
        reader.until("\"turn_id\":\"").await;
        let text = reader.text();
        let (_, id) = text.split_once("\"turn_id\":\"").unwrap();
        id[..36].to_owned()
    }

    /// A turn of which everything has been said but the end; one reader has had all of it.
    pub async fn ask_at_length(&self) -> String {
        let turn = self.ask(&format!("{QUESTION} {LONG}")).await;
        let mut quick = Reader::connect(&self.system, 64 * 1024).await;
        quick.follow(&turn).await;
        while quick.text().matches("event: citation").count() < SENTENCES {
            assert!(quick.read(64 * 1024).await);
        }
        turn
    }

    pub fn process(&self) -> Pid {
        let id = self.system.orchestrator.child.id();
        Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }

    /// Resident memory of the orchestrator in KiB.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process().as_raw_nonzero());
        let status = fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse().unwrap()
    }

    /// Open file descriptors of the orchestrator.
    pub fn descriptors(&self) -> usize {
        let path = format!("/proc/{}/fd", self.process().as_raw_nonzero());
        fs::read_dir(path).unwrap().count()
    }

    /// Memory and descriptors once the connections of clients are closed and, at length, the
    /// allocator has given back what was not used since.
    pub async fn at_rest(&self) -> (u64, usize) {
        let quiet = Duration::from_secs(if at_length() { 15 } else { 2 });
        let mut descriptors = self.descriptors();
        let mut since = Instant::now();
        while since.elapsed() < quiet {
            sleep(Duration::from_millis(50)).await;
            if self.descriptors() != descriptors {
                descriptors = self.descriptors();
                since = Instant::now();
            }
        }
        (self.memory(), descriptors)
    }

    /// Questions as on any day, before the state that later ones are compared with; then a turn that
    /// can be followed.
    pub async fn warm_up(&self) -> String {
        let turns = join_all((0..USUAL).map(|_| self.ask(QUESTION))).await;
        for turn in turns {
            until("the turn is complete", async || {
                self.system.turn(&turn).await["status"] == "completed"
            })
            .await;
        }
        self.ask_at_length().await
    }

    /// Waits until memory and descriptors are what they were. The allocator gives back what has not
    /// been used for ten seconds.
    pub async fn until_back(&self, (memory, descriptors): (u64, usize)) {
        let limit = Duration::from_mins(1);
        let what = format!("back to {memory} KiB and {descriptors} descriptors");
        until_within(limit, &what, async || {
            // Connections to the database come and go.
            self.descriptors() <= descriptors + 16 && self.memory() <= memory + memory / 10
        })
        .await;
    }
}

/// An answer of many sentences that ends when the provider is released.
fn long() -> Script {
    let dialect = Dialect::OpenAi;
    let begun = Script::begin(dialect, &[]);
    (0..SENTENCES)
        .fold(begun, |script, _| script.send(dialect.delta(SENTENCE)))
        .wait()
        .send(dialect.ending(dialect.stop()))
}

/// An answer of three sentences in a moment.
fn short() -> Script {
    let dialect = Dialect::OpenAi;
    let begun = Script::begin(dialect, &[]);
    (0..3)
        .fold(begun, |script, _| {
            let pause = Duration::from_millis(50);
            script.send(dialect.delta(SENTENCE)).pause(pause)
        })
        .send(dialect.ending(dialect.stop()))
}
