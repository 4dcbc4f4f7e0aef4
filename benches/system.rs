//! The running system on a corpus: memory, ingestion compared with the embedder's own rate, and
//! search. The bench `turn` measures questions, and the start of a process.
//!
//! `scripts/services run --durable -- cargo bench --bench system -- CORPUS.jsonl [QUERIES.jsonl]`
//!
//! Each line of the corpus has `_id`, `title` and `text`; queries have `text`. Ingestion and the
//! embedder alone alternate on the same passages, so that their ratio holds while the machine's
//! speed drifts. Every hundredth document goes into a collection of its own, for filtered search.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    dead_code,
    reason = "a benchmark fails by panicking, prints, and shares the tests' support"
)]

#[path = "support/processes.rs"]
mod processes;
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatbot::embedding::{self, Embedder, EmbeddingConfig};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use processes::{cpu_of_tree, memory};
use support::service;
use support::system::{Role, Setup, System};

/// The documents of one round of ingestion.
const ROUND: usize = 1_500;
/// The rounds in which the embedder alone runs as well.
const COMPARED_ROUNDS: usize = 2;
const SEARCHES: usize = 400;
const LIMIT: usize = 10;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let Some(corpus) = arguments.first() else {
        println!("skipped: name a corpus (JSON lines with _id, title, text)");
        return;
    };
    let lines: Vec<String> = fs::read_to_string(corpus)
        .expect("a corpus")
        .lines()
        .map(str::to_owned)
        .collect();
    let queries = queries(arguments.get(1), &lines);
    let system = start().await;
    let passages = ingest(&system, &lines).await;
    search(&system, &queries, None).await;
    search(&system, &queries, Some("hundredth")).await;
    compare_with_exact(&system, &queries, passages).await;
    report("rag, RSS afterwards, MiB", resident(&system.rag, "VmRSS"));
    report("rag, peak RSS, MiB", resident(&system.rag, "VmHWM"));
    report(
        "orchestrator, RSS, MiB",
        resident(&system.orchestrator, "VmRSS"),
    );
}

fn report(what: &str, value: f64) {
    println!("{what:52} {value:10.2}");
}

async fn start() -> System {
    let setup = Setup::new()
        .await
        .with("CHATBOT__MESSAGING__PARTITIONS", "12")
        .with("CHATBOT__LOG__FILTER", "error");
    System::start_with(setup).await
}

/// Returns the number of passages.
async fn ingest(system: &System, lines: &[String]) -> usize {
    let (hundredth, rest): (Vec<_>, Vec<_>) =
        lines.iter().enumerate().partition(|(n, _)| n % 100 == 7);
    let texts = |part: &[(usize, &String)]| {
        let lines = part.iter().map(|(_, line)| (*line).clone());
        lines.collect::<Vec<_>>()
    };
    upload(system, &texts(&hundredth), "hundredth");
    let (mut ingesting, mut embedding, mut compared) = (Duration::ZERO, Duration::ZERO, 0);
    let (mut cpu, mut alone_cpu) = (0.0, 0.0);
    let begun = Instant::now();
    let mut rounds = rest.chunks(ROUND);
    for round in rounds.by_ref().take(COMPARED_ROUNDS) {
        let known = newest_chunk(system).await;
        let (turn, used) = (Instant::now(), cpu_of_tree(system.rag.child.id()));
        upload(system, &texts(round), "corpus");
        ingesting += turn.elapsed();
        cpu += cpu_of_tree(system.rag.child.id()) - used;
        let passages = passages_after(system, known).await;
        compared += passages.len();
        let (elapsed, used) = embed_alone(passages).await;
        embedding += elapsed;
        alone_cpu += used;
    }
    let rate = |elapsed: Duration| compared as f64 / elapsed.as_secs_f64();
    report("passages compared", compared as f64);
    report("embedder alone, passages/s", rate(embedding));
    report("ingestion, passages/s", rate(ingesting));
    report(
        "ingestion as a share of the embedder alone",
        rate(ingesting) / rate(embedding),
    );
    report(
        "embedder alone, CPU-ms a passage",
        alone_cpu * 1e3 / compared as f64,
    );
    report(
        "rag while ingesting, CPU-ms a passage",
        cpu * 1e3 / compared as f64,
    );
    for round in rounds {
        upload(system, &texts(round), "corpus");
    }
    report("whole corpus, s", begun.elapsed().as_secs_f64());
    let again = Instant::now();
    upload(system, &texts(&hundredth), "hundredth");
    let each = millis(again.elapsed()) / hundredth.len() as f64;
    report("same documents again, ms each", each);
    usize::try_from(system.database().count("chunks").await).unwrap()
}

fn upload(system: &System, lines: &[String], collection: &str) {
    let file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    fs::write(file.path(), lines.join("\n")).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .args([
            "ingest",
            "--collection",
            collection,
            "--url",
            &system.rag.url,
        ])
        .arg(file.path())
        .env("CHATBOT_API_KEY", &system.key)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

async fn newest_chunk(system: &System) -> i64 {
    let query = "SELECT coalesce(max(id), 0) AS n FROM chunks";
    system.database().number(query).await
}

/// Returns the texts that were embedded since then.
async fn passages_after(system: &System, known: i64) -> Vec<String> {
    let query = format!(
        "SELECT v.title || chr(10) || k.text AS t
         FROM chunks k JOIN document_versions v ON v.id = k.version_id WHERE k.id > {known}"
    );
    system.database().texts(&query).await
}

static EMBEDDER: OnceCell<Arc<dyn Embedder>> = OnceCell::const_new();

async fn load_embedder() -> Arc<dyn Embedder> {
    let config = EmbeddingConfig {
        cache_dir: service("CHATBOT_TEST_MODEL_DIR").into(),
        download: false,
        ..EmbeddingConfig::default()
    };
    embedding::from_config(&config).await.unwrap()
}

/// Wall-clock time and CPU seconds.
async fn embed_alone(passages: Vec<String>) -> (Duration, f64) {
    let embedder = EMBEDDER.get_or_init(load_embedder).await;
    let (begun, used) = (Instant::now(), cpu_of_tree(std::process::id()));
    embedder.embed_passages(passages).await.unwrap();
    (begun.elapsed(), cpu_of_tree(std::process::id()) - used)
}

/// The queries of the file, or the corpus's titles without one.
fn queries(file: Option<&String>, corpus: &[String]) -> Vec<String> {
    let read = |line: &str, key: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line[key].as_str().unwrap_or_default().to_owned()
    };
    let titles = corpus
        .iter()
        .step_by((corpus.len() / SEARCHES).max(1))
        .map(|line| read(line, "title"));
    let mut found: Vec<String> = Vec::new();
    if let Some(file) = file {
        let lines = fs::read_to_string(Path::new(file)).expect("queries");
        found.extend(lines.lines().map(|line| read(line, "text")));
    }
    found.extend(titles);
    found.truncate(SEARCHES);
    found
}

/// Sends one request at a time and no query twice, so that each one is embedded.
async fn search(system: &System, queries: &[String], collection: Option<&str>) {
    let mut latencies = Vec::new();
    let mut fewest = usize::MAX;
    for (number, query) in queries.iter().enumerate() {
        let query = format!("{query} {}{number}", collection.unwrap_or_default());
        let begun = Instant::now();
        let answer = ask(system, &query, collection, LIMIT).await;
        latencies.push(begun.elapsed());
        fewest = fewest.min(answer["results"].as_array().unwrap().len());
    }
    latencies.sort();
    let scope = collection.unwrap_or("everything");
    report(
        &format!("search, {scope}, p50 ms"),
        percentile(&latencies, 50),
    );
    report(
        &format!("search, {scope}, p99 ms"),
        percentile(&latencies, 99),
    );
    report(
        &format!("search, {scope}, fewest results of {LIMIT}"),
        fewest as f64,
    );
}

async fn ask(system: &System, query: &str, collection: Option<&str>, limit: usize) -> Value {
    let mut body = json!({ "query": query, "limit": limit });
    if let Some(collection) = collection {
        body["collections"] = json!([collection]);
    }
    let request = system.http.post(format!("{}/v1/search", system.rag.url));
    let answer = request
        .bearer_auth(&system.key)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Measures recall@10 of the dense leg, with and without a filter of one percent, against a scan of
/// every vector. The dense scores of the results give the leg's own ranking.
async fn compare_with_exact(system: &System, queries: &[String], passages: usize) {
    report("passages searched", passages as f64);
    for (scope, filter) in [("hundredth", Some("hundredth")), ("everything", None)] {
        let (mut found, mut wanted) = (0_usize, 0_usize);
        for query in queries.iter().take(100) {
            let exact = exact(system, query, filter).await;
            let results = best_scores(system, query, filter).await;
            wanted += exact.len();
            found += exact
                .iter()
                .filter(|best| results.iter().any(|r| (*r - **best).abs() < 2e-3))
                .count();
        }
        report(
            &format!("dense leg, {scope}, recall@{LIMIT} against exact"),
            found as f64 / wanted as f64,
        );
    }
}

/// The ten best dense scores that a search finds.
async fn best_scores(system: &System, query: &str, collection: Option<&str>) -> Vec<f64> {
    let answer = ask(system, query, collection, 100).await;
    let results = answer["results"].as_array().unwrap();
    let mut scores: Vec<f64> = results
        .iter()
        .filter_map(|r| r["scores"]["dense"].as_f64())
        .collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores.truncate(LIMIT);
    scores
}

/// The ten best dense scores of all vectors.
async fn exact(system: &System, query: &str, collection: Option<&str>) -> Vec<f64> {
    let embedder = EMBEDDER.get_or_init(load_embedder).await;
    let vector = embedder.embed_query(query.to_owned()).await.unwrap();
    let filter = collection.map_or_else(String::new, |name| {
        format!("WHERE collection_id = (SELECT id FROM collections WHERE name = '{name}')")
    });
    // No index matches this expression, so the query scans every vector.
    let statement = format!(
        "SELECT (1 - (embedding::vector <=> '{}'))::text AS t FROM chunk_embeddings {filter}
         ORDER BY embedding::vector <=> '{0}' LIMIT {LIMIT}",
        json!(vector)
    );
    let scores = system.database().texts(&statement).await;
    scores.iter().map(|score| score.parse().unwrap()).collect()
}

fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    millis(sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)])
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A line of `/proc/PID/status`, in MiB.
fn resident(role: &Role, name: &str) -> f64 {
    memory(role.child.id(), name) / 1_024.0
}
