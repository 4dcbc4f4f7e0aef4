//! The index in memory against the SQL legs, on made-up chunks: CPU time of both sides, latency, recall,
//! and memory, at several sizes, with a filter of one percent, and while chunks are written.
//!
//! `scripts/services run --durable -- cargo bench --bench retrieval -- [CHUNKS...] [--memory-mib N]
//! [--storage]`
//!
//! An index above `--memory-mib` is not kept, as in the product, and only the tables are searched.
//! `--storage` prints the bytes of the tables.
//! The time of the query's embedding is left out. PostgreSQL works without parallel workers, so that all
//! of its time is counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::print_stdout,
    dead_code,
    reason = "a benchmark fails by panicking, prints, and shares the tests' support"
)]

mod made;
#[path = "../support/processes.rs"]
mod processes;
#[path = "../support/storage.rs"]
mod storage;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatbot::cache::{CacheLimits, InProcessCache};
use chatbot::embedding::{EmbedError, Embedder};
use chatbot::persistence::index_changes::load_chunks;
use chatbot::persistence::indexing::{Generation, ensure_generation, ensure_hnsw};
use chatbot::persistence::retrieval::search_dense;
use chatbot::persistence::{Database, DatabaseSettings};
use chatbot::rag::RetrievalConfig;
use chatbot::rag::follower::{Follower, MemoryIndex};
use chatbot::rag::retrieve::Retriever;
use clap::Parser;
use tokio_util::sync::CancellationToken;

use processes::{cpu_of_tree, of_threads};
use storage::storage;
use support::{TestDatabase, unique};

const DIMENSION: usize = 384;
const SEARCHES: usize = 200;
const LIMIT: usize = 5;
const K: usize = 10;

#[derive(Parser)]
struct Arguments {
    /// Numbers of chunks.
    chunks: Vec<i64>,
    /// The most that the index may take; by default as much as the product allows.
    #[arg(long, default_value_t = RetrievalConfig::default().memory_index_mib)]
    memory_mib: usize,
    /// Print the bytes of the tables.
    #[arg(long)]
    storage: bool,
    /// Cargo says this.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    if arguments.chunks.is_empty() {
        println!("skipped: name numbers of chunks, for example 3000 30000 300000");
        return;
    }
    println!(
        "chunks   scope     legs         service   postgresql  p50 ms   p99 ms   recall@10 (dense)"
    );
    for size in &arguments.chunks {
        measure(*size, &arguments).await;
    }
}

/// An embedder that has the vectors of its questions at hand.
struct Fixed(Vec<Vec<f32>>);

#[async_trait]
impl Embedder for Fixed {
    fn model(&self) -> &'static str {
        "fixed"
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn max_tokens(&self) -> usize {
        256
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len() / 4
    }

    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError> {
        let (number, _) = text.split_once(' ').unwrap();
        Ok(self.0[number.parse::<usize>().unwrap()].clone())
    }

    async fn embed_passages(&self, _texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        Err(EmbedError::Closed)
    }
}

/// A pool whose connections can be told from all others.
struct Measured {
    database: Database,
    name: String,
    /// The CPU seconds of each connection when it was last seen; the pool closes idle ones.
    seen: Mutex<BTreeMap<String, f64>>,
}

async fn measure(size: i64, arguments: &Arguments) {
    let test = TestDatabase::new().await;
    let measured = Measured::beside(&test);
    let database = &measured.database;
    let generation = ensure_generation(database, "fixed", DIMENSION)
        .await
        .unwrap();
    made::fill(&test, generation, size).await;
    let most = RetrievalConfig::default().exact_scan_max_chunks;
    ensure_hnsw(database, generation, most).await.unwrap();
    if arguments.storage {
        println!("\n{}\n", storage(&test).await);
    }
    let queries = queries(database, generation, size).await;
    let (mut follower, index) =
        Follower::new(database.clone(), generation, arguments.memory_mib << 20);
    let loaded = load(&test, &measured, &mut follower, &index, size).await;
    let token = CancellationToken::new();
    let following = tokio::spawn(follower.run(token.clone()));
    let retriever = |index| retriever(database, generation, &queries, index);
    let mut ways = vec![("postgresql", retriever(None))];
    if loaded {
        ways.push(("memory", retriever(Some(index))));
    }
    for scope in [None, Some("few")] {
        for (legs, retriever) in &ways {
            let recall = recall(retriever, &queries, scope).await;
            let label = format!("{size:7}  {:8}  {legs:10}", scope.unwrap_or("all"));
            run(&test, &measured, retriever, scope, &label, recall).await;
        }
    }
    let url = test.url.clone();
    let writer = tokio::spawn(async move { write(&TestDatabase::whole(&url)).await });
    for (legs, retriever) in &ways {
        let label = format!("{size:7}  {:8}  {legs:10}", "written");
        run(&test, &measured, retriever, None, &label, f64::NAN).await;
    }
    writer.abort();
    token.cancel();
    following.await.unwrap();
}

fn retriever(
    database: &Database,
    generation: Generation,
    queries: &[Vec<f32>],
    index: Option<Arc<MemoryIndex>>,
) -> Retriever {
    Retriever {
        database: database.clone(),
        embedder: Arc::new(Fixed(queries.to_vec())),
        generation,
        cache: Arc::new(InProcessCache::new(CacheLimits {
            embedding_ttl: Duration::ZERO,
            ..CacheLimits::default()
        })),
        config: RetrievalConfig::default(),
        index,
    }
}

/// Returns whether the index is kept.
async fn load(
    test: &TestDatabase,
    measured: &Measured,
    follower: &mut Follower,
    index: &MemoryIndex,
    size: i64,
) -> bool {
    let (begun, used) = (
        Instant::now(),
        (cpu_of_tree(std::process::id()), measured.cpu(test).await),
    );
    if !follower.follow().await.unwrap() {
        println!("{size:7}  too many for the memory of the index");
        return false;
    }
    let bytes = index.search(|index| index.bytes() as f64).unwrap();
    println!(
        "{size:7}  loaded in {:.2} s ({:.2} + {:.2} CPU-s), {:.1} MiB",
        begun.elapsed().as_secs_f64(),
        cpu_of_tree(std::process::id()) - used.0,
        measured.cpu(test).await - used.1,
        bytes / 1_048_576.0,
    );
    true
}

/// Vectors near those of some chunks.
async fn queries(database: &Database, generation: Generation, size: i64) -> Vec<Vec<f32>> {
    let mut vectors = Vec::new();
    for number in 0..SEARCHES {
        let id = 1 + (number as i64 * 7_919) % size;
        let chunk = load_chunks(database, generation, &[id])
            .await
            .unwrap()
            .remove(0);
        let noise = |at: usize| ((number * 31 + at * 17) as f32).sin() * 0.4;
        let vector = chunk.embedding.unwrap().into_iter().enumerate();
        vectors.push(vector.map(|(at, x)| x + noise(at)).collect());
    }
    vectors
}

/// The number of the question, and eight words that are as frequent as in the chunks.
fn question(number: usize) -> String {
    let words = (0..8).map(|word| {
        let draw = ((number * 8 + word) as f64 * 0.618_033_988).fract();
        format!("w{}", (50.0 * 400.0_f64.powf(draw)) as u32)
    });
    format!("{number} {}", words.collect::<Vec<_>>().join(" "))
}

async fn run(
    test: &TestDatabase,
    measured: &Measured,
    retriever: &Retriever,
    scope: Option<&str>,
    label: &str,
    recall: f64,
) {
    let names = scope.map(|name| vec![name.to_owned()]);
    let mut latencies = Vec::new();
    let mut used = (0.0, 0.0);
    // The first round is for the caches.
    for round in 0..2 {
        let before = (cpu_of_tree(std::process::id()), measured.cpu(test).await);
        for number in 0..SEARCHES {
            let begun = Instant::now();
            let question = question(number);
            let found = retriever.retrieve(&question, names.as_deref(), LIMIT).await;
            assert_eq!(found.unwrap().results.len(), LIMIT);
            if round > 0 {
                latencies.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        used = (
            cpu_of_tree(std::process::id()) - before.0,
            measured.cpu(test).await - before.1,
        );
    }
    latencies.sort_by(f64::total_cmp);
    let each = |seconds: f64| seconds * 1e3 / SEARCHES as f64;
    println!(
        "{label}  {:8.2}  {:10.2}  {:7.2}  {:7.2}  {recall:9.3}",
        each(used.0),
        each(used.1),
        latencies[SEARCHES / 2],
        latencies[SEARCHES * 99 / 100],
    );
}

/// The share of the nearest chunks that the dense leg finds.
async fn recall(retriever: &Retriever, queries: &[Vec<f32>], scope: Option<&str>) -> f64 {
    let names = scope.map(|name| vec![name.to_owned()]);
    let reached = if scope.is_some() { vec![2] } else { vec![1, 2] };
    let mut found = 0;
    let asked = 50;
    for (number, vector) in queries.iter().enumerate().take(asked) {
        let exact = search_dense(
            &retriever.database,
            retriever.generation,
            vector,
            &reached,
            true,
            K as i64,
        );
        let exact = exact.await.unwrap();
        let question = question(number);
        let legs = retriever.search_legs(&question, names.as_deref());
        let dense = legs.await.unwrap().dense.unwrap();
        let is_found = |id: i64| dense.iter().take(K).any(|hit| hit.chunk_id == id);
        found += exact.iter().filter(|hit| is_found(hit.chunk_id)).count();
    }
    found as f64 / (K * asked) as f64
}

/// Takes the approval of a version back or gives it again, ten times a second.
async fn write(test: &TestDatabase) {
    for number in (1..).map(|n| 1 + n % 97) {
        for (table, key) in [
            ("chunks", "id"),
            ("chunk_embeddings", "chunk_id"),
            ("lexical_postings", "chunk_id"),
        ] {
            let first = number * 10 + 1;
            let place = format!(
                "UPDATE {table} SET collection_id = -collection_id
                 WHERE {key} BETWEEN {first} AND {}",
                first + 9
            );
            test.execute(&place).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Measured {
    fn beside(test: &TestDatabase) -> Self {
        let name = unique("bench");
        let url = format!(
            "{}%20-c%20application_name%3D{name}%20-c%20max_parallel_workers_per_gather%3D0\
             %20-c%20maintenance_work_mem%3D768MB",
            test.url
        );
        let database = Database::new(&DatabaseSettings {
            url,
            max_connections: 4,
            acquire_timeout: Duration::from_mins(1),
            statement_timeout: Duration::from_mins(5),
            generic_plans: false,
        });
        Self {
            database: database.unwrap(),
            name,
            seen: Mutex::default(),
        }
    }

    /// The CPU seconds of the pool's connections so far.
    async fn cpu(&self, test: &TestDatabase) -> f64 {
        let query = format!(
            "SELECT pid::text AS t FROM pg_stat_activity WHERE application_name = '{}'",
            self.name
        );
        let processes = test.texts(&query).await;
        let mut seen = self.seen.lock().unwrap();
        for process in processes {
            let used = of_threads(&process);
            seen.insert(process, used);
        }
        seen.values().sum()
    }
}
