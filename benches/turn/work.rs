//! The kinds of work whose cost is measured.

use std::time::Duration;

use clap::ValueEnum;
use reqwest::Response;

use crate::client::{Answer, Asked, Client};
use crate::corpus::Corpus;
use crate::model::{Model, Pace};
use crate::processes::memory;
use crate::side::Running;
use crate::support::until;
use crate::table::Figures;
use crate::usage::{Spent, Stores, Usage};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// From the start of a process to ready, and the cost of doing nothing.
    Start,
    /// Streams whose next piece of text takes long.
    Waiting,
    /// Answers as JSON, one client.
    Json,
    /// The same with vectors of the questions in the cache.
    Cached,
    /// Streams at the pace of a model, 64 clients.
    Paced,
    /// Streams whose pieces come together, 16 clients.
    Together,
    /// Searches, one client.
    Search,
    /// The list of conversations, and one of them.
    History,
    /// Documents.
    Ingestion,
}

const WARM_UP: usize = 12;
const TURNS: usize = 100;
const SEARCHES: usize = 150;
const STREAMS: usize = 200;
/// Streams that are begun at the same time.
const BEGUN: usize = 16;
const DOCUMENTS: usize = 150;
/// `PostgreSQL` may keep its counts to itself for ten seconds.
const SETTLED: Duration = Duration::from_secs(11);
const IDLE: Duration = Duration::from_secs(10);
const PIECES: usize = 64;
/// The same text in fewer pieces tells the cost of a piece.
const FEW: usize = 8;

/// Streams of the same questions, in many pieces and in few, in the same time.
struct Streams {
    name: &'static str,
    few: &'static str,
    clients: usize,
    turns: usize,
    between_ms: u64,
}

const PACED: Streams = Streams {
    name: "stream, 64 pieces paced at 20 ms, 64 clients",
    few: "stream, 8 pieces paced at 160 ms, 64 clients",
    clients: 64,
    turns: 256,
    between_ms: 20,
};
const TOGETHER: Streams = Streams {
    name: "stream, 64 pieces together, 16 clients",
    few: "stream, 8 pieces together, 16 clients",
    clients: 16,
    turns: 160,
    between_ms: 0,
};

/// A round of one side.
pub struct Round<'a> {
    pub running: &'a Running<'a>,
    pub stores: &'a Stores,
    pub corpus: &'a Corpus,
    pub model: &'a Model,
    pub number: usize,
    pub figures: &'a mut Figures,
    /// The questions that were asked so far.
    pub asked: usize,
}

impl Round<'_> {
    pub async fn measure(&mut self, work: Work) {
        self.model.set(Pace::new(PIECES, 0));
        match work {
            Work::Start => self.start().await,
            Work::Waiting => self.waiting().await,
            Work::Json => self.json("JSON turn, one client", false).await,
            Work::Cached => self.json("JSON turn, its vector cached", true).await,
            Work::Paced => self.streams(&PACED).await,
            Work::Together => self.streams(&TOGETHER).await,
            Work::Search => self.search().await,
            Work::History => self.history().await,
            Work::Ingestion => self.ingestion().await,
        }
    }

    /// Questions that were not asked in this round.
    pub fn questions(&mut self, count: usize) -> Vec<String> {
        let from = self.asked;
        self.asked += count;
        (from..self.asked)
            .map(|number| self.corpus.question(number))
            .collect()
    }

    pub async fn usage(&self) -> Usage {
        Usage::now(self.running, self.stores).await
    }

    pub async fn spent(&self, before: Usage) -> Spent {
        before.spent(self.running, self.stores).await
    }

    async fn start(&mut self) {
        let [rag, orchestrator] = self.running.ready;
        let database = &self.running.side.setup.database;
        let statements = "SELECT (xact_commit + xact_rollback)::bigint AS n
             FROM pg_stat_database WHERE datname = current_database()";
        tokio::time::sleep(SETTLED).await;
        let (before, count) = (self.usage().await, database.number(statements).await);
        tokio::time::sleep(IDLE).await;
        let count = database.number(statements).await - count;
        let spent = self.spent(before).await;
        let seconds = spent.elapsed.as_secs_f64();
        let work = "start and idleness";
        let mut add = |figure, value| self.figures.add(work, figure, value);
        add("orchestrator, start to ready, ms", millis(orchestrator));
        add("rag, start to ready, ms", millis(rag));
        for (figure, role) in [
            (
                "orchestrator, resident when idle, MiB",
                &self.running.orchestrator,
            ),
            ("rag, resident when idle, MiB", &self.running.rag),
        ] {
            add(figure, memory(role.child.id(), "VmRSS") / 1_024.0);
        }
        // Two are this command's own.
        add(
            "transactions a second when idle",
            (count - 2) as f64 / seconds,
        );
        add_costs(self.figures, work, &spent, seconds, "a second");
    }

    async fn json(&mut self, work: &'static str, cached: bool) {
        let warm_up = self.questions(WARM_UP);
        let questions = self.questions(TURNS);
        let client = Client::of(self.running);
        let warm_up = client.begin(&warm_up).await;
        client.ask_all(warm_up, 1, Answer::Json).await;
        if cached {
            let first = client.begin(&questions).await;
            client.ask_all(first, 1, Answer::Json).await;
        }
        self.turns(work, &questions, 1, Answer::Json).await;
    }

    async fn streams(&mut self, streams: &Streams) {
        let Streams {
            name, few, clients, ..
        } = *streams;
        let warm_up = self.questions(clients);
        let client = Client::of(self.running);
        let warm_up = client.begin(&warm_up).await;
        client.ask_all(warm_up, clients, Answer::Stream).await;
        let questions = self.questions(streams.turns);
        self.model.set(Pace::new(PIECES, streams.between_ms));
        let all = self.turns(name, &questions, clients, Answer::Stream).await;
        let scale = PIECES / FEW;
        let between_ms = streams.between_ms * scale as u64;
        self.model.set(Pace::new(FEW, between_ms));
        let questions = self.questions(streams.turns);
        let less = self.turns(few, &questions, clients, Answer::Stream).await;
        let piece = (all - less) * 1e3 / (PIECES - FEW) as f64;
        self.figures.add(name, "a piece, CPU-us", piece);
    }

    /// Returns the CPU milliseconds of the orchestrator a turn.
    async fn turns(
        &mut self,
        work: &'static str,
        questions: &[String],
        clients: usize,
        answer: Answer,
    ) -> f64 {
        let client = Client::of(self.running);
        let blocks = client.begin(questions).await;
        let calls = self.model.calls();
        let before = self.usage().await;
        let asked = client.ask_all(blocks, clients, answer).await;
        let spent = self.spent(before).await;
        let count = asked.len() as f64;
        add_costs(self.figures, work, &spent, count, "a turn");
        let each = 1.0 / count;
        let mut add = |figure, value| self.figures.add(work, figure, value);
        add(
            "wake-ups of the orchestrator a turn",
            spent.wake_ups as f64 * each,
        );
        add(
            "write-ahead log a turn, KiB",
            spent.log as f64 * each / 1_024.0,
        );
        let took: Vec<Duration> = asked.iter().map(|one| one.took).collect();
        add_latencies(self.figures, work, ["p50, ms", "p99, ms"], took);
        if answer == Answer::Stream {
            let first: Vec<Duration> = asked.iter().map(|one| one.first).collect();
            let names = ["first token p50, ms", "first token p99, ms"];
            add_latencies(self.figures, work, names, first);
        }
        let failed = asked.iter().filter(|one: &&Asked| one.failed).count();
        let calls = (self.model.calls() - calls) as f64;
        let mut add = |figure, value| self.figures.add(work, figure, value);
        add("turns a second", count / spent.elapsed.as_secs_f64());
        add("answers of the model a turn", calls * each);
        add("turns that failed", failed as f64);
        spent.orchestrator * 1e3 * each
    }

    async fn search(&mut self) {
        let work = "search, one client";
        let client = Client::of(self.running);
        for query in self.questions(WARM_UP) {
            client.search(&query).await;
        }
        let queries = self.questions(SEARCHES);
        let before = self.usage().await;
        let mut took = Vec::new();
        for query in &queries {
            took.push(client.search(query).await);
        }
        let spent = self.spent(before).await;
        add_costs(self.figures, work, &spent, took.len() as f64, "a search");
        add_latencies(self.figures, work, ["p50, ms", "p99, ms"], took);
    }

    /// The memory of answers that have begun, and wait for the model.
    async fn waiting(&mut self) {
        let work = "waiting streams";
        let client = Client::of(self.running);
        let warm_up = self.questions(2 * BEGUN);
        let warm_up = client.begin(&warm_up).await;
        client.ask_all(warm_up, BEGUN, Answer::Stream).await;
        let questions = self.questions(STREAMS);
        let process = self.running.orchestrator.child.id();
        let before = memory(process, "VmRSS");
        self.model.set(Pace::new(PIECES, 600_000));
        let mut streams: Vec<Response> = Vec::new();
        for questions in questions.chunks(BEGUN) {
            let begun = questions.iter().map(async |question| {
                let conversation = client.conversation().await;
                client.send(&conversation, question, Answer::Stream).await
            });
            streams.extend(futures::future::join_all(begun).await);
            let count = streams.len();
            until("the model is asked", async || self.model.waiting() >= count).await;
        }
        let spent = self.usage().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let grown = memory(process, "VmRSS") - before;
        let spent = self.spent(spent).await;
        drop(streams);
        self.model.set(Pace::new(PIECES, 0));
        until("all answers have ended", async || self.model.waiting() == 0).await;
        let mut add = |figure, value| self.figures.add(work, figure, value);
        add("memory a stream, KiB", grown / STREAMS as f64);
        let streams = STREAMS as f64 * spent.elapsed.as_secs_f64();
        add(
            "orchestrator, CPU-us a stream and second",
            spent.orchestrator * 1e6 / streams,
        );
        add(
            "wake-ups a stream and second",
            spent.wake_ups as f64 / streams,
        );
    }

    async fn ingestion(&mut self) {
        let work = "ingestion";
        let (names, lines) = self.corpus.edition(DOCUMENTS, self.number);
        let database = &self.running.side.setup.database;
        let known = database.count("chunks").await;
        let before = self.usage().await;
        tokio::task::block_in_place(|| self.running.ingest("editions", &lines));
        let spent = self.spent(before).await;
        let chunks = (database.count("chunks").await - known) as f64;
        let documents = names.len() as f64;
        add_costs(self.figures, work, &spent, documents, "a document");
        let mut add = |figure, value| self.figures.add(work, figure, value);
        add("chunks a document", chunks / documents);
        add("rag, CPU-ms a chunk", spent.rag * 1e3 / chunks);
        add(
            "PostgreSQL, CPU-ms a chunk",
            spent.postgresql * 1e3 / chunks,
        );
        let seconds = spent.elapsed.as_secs_f64();
        add("documents a second", documents / seconds);
        add("chunks a second", chunks / seconds);
        let peak = memory(self.running.rag.child.id(), "VmHWM");
        add("rag, most resident, MiB", peak / 1_024.0);
        self.running.delete("editions", &names).await;
        let gone = async || database.count("chunks").await <= known;
        until("the documents have left the index", gone).await;
    }
}

pub fn add_costs(figures: &mut Figures, work: &'static str, spent: &Spent, units: f64, unit: &str) {
    let together = spent.orchestrator + spent.rag + spent.postgresql;
    for (who, seconds) in [
        ("orchestrator", spent.orchestrator),
        ("rag", spent.rag),
        ("PostgreSQL", spent.postgresql),
        ("these together", together),
        ("Redis", spent.redis),
        ("Kafka", spent.kafka),
    ] {
        let figure = format!("{who}, CPU-ms {unit}");
        figures.add(work, &figure, seconds * 1e3 / units);
    }
}

pub fn add_latencies(
    figures: &mut Figures,
    work: &'static str,
    names: [&str; 2],
    mut took: Vec<Duration>,
) {
    took.sort();
    for (name, percent) in names.into_iter().zip([50, 99]) {
        let at = (took.len() * percent / 100).min(took.len() - 1);
        figures.add(work, name, millis(took[at]));
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
