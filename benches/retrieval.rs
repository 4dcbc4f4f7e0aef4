//! The index in memory against the SQL legs, on made-up chunks: CPU time of both sides, latency, recall,
//! and memory, at several sizes, with a filter of one percent, and while chunks are written.
//!
//! `scripts/services run --durable -- cargo bench --bench retrieval -- [CHUNKS...]`
//!
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

#[path = "support/processes.rs"]
mod processes;
#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
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
use tokio_util::sync::CancellationToken;

use processes::{of_threads, own_cpu};
use support::{TestDatabase, unique};

const DIMENSION: usize = 384;
const SEARCHES: usize = 200;
const LIMIT: usize = 5;
const K: usize = 10;

#[tokio::main]
async fn main() {
    let sizes: Vec<i64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    if sizes.is_empty() {
        println!("skipped: name numbers of chunks, for example 3000 30000 300000");
        return;
    }
    println!(
        "chunks   scope     legs         service   postgresql  p50 ms   p99 ms   recall@10 (dense)"
    );
    for size in sizes {
        measure(size).await;
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
}

async fn measure(size: i64) {
    let test = TestDatabase::new().await;
    let measured = Measured::beside(&test);
    let database = &measured.database;
    let generation = ensure_generation(database, "fixed", DIMENSION)
        .await
        .unwrap();
    fill(&test, generation, size).await;
    let most = RetrievalConfig::default().exact_scan_max_chunks;
    ensure_hnsw(database, generation, most).await.unwrap();
    let queries = queries(database, generation, size).await;
    let (mut follower, index) = Follower::new(database.clone(), generation, 1 << 30);
    load(&test, &measured, &mut follower, &index, size).await;
    let token = CancellationToken::new();
    let following = tokio::spawn(follower.run(token.clone()));
    let retriever = |index| retriever(database, generation, &queries, index);
    let ways = [
        ("memory", retriever(Some(index))),
        ("postgresql", retriever(None)),
    ];
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

async fn load(
    test: &TestDatabase,
    measured: &Measured,
    follower: &mut Follower,
    index: &MemoryIndex,
    size: i64,
) {
    let (begun, used) = (Instant::now(), (own_cpu(), measured.cpu(test).await));
    assert!(follower.follow().await.unwrap());
    println!(
        "{size:7}  loaded in {:.2} s ({:.2} + {:.2} CPU-s), {:.1} MiB",
        begun.elapsed().as_secs_f64(),
        own_cpu() - used.0,
        measured.cpu(test).await - used.1,
        index.search(|index| index.bytes() as f64).unwrap() / 1_048_576.0,
    );
}

/// Fifty words a chunk from 20,000, the frequent ones in a sixth of all chunks.
async fn fill_postings(test: &TestDatabase, size: i64) {
    for statement in [
        "INSERT INTO lexical_terms (lexeme) SELECT 'w' || n FROM generate_series(1, 20000) n"
            .to_owned(),
        "INSERT INTO lexical_postings (term_id, collection_id, chunk_id, impact)
         SELECT t.id, k.collection_id, k.id, 0.3 + 1.4 * random()
         FROM chunks k, LATERAL (
             SELECT DISTINCT floor(50 * power(400, random()))::int AS id
             FROM generate_series(1, 50) WHERE k.id > 0
         ) t"
            .to_owned(),
        "UPDATE lexical_terms SET df = n
         FROM (SELECT term_id, count(*) AS n FROM lexical_postings GROUP BY 1) c WHERE id = term_id"
            .to_owned(),
        format!("UPDATE lexical_stats SET chunks = {size}, total_length = {size} * 50"),
    ] {
        test.execute(&statement).await;
    }
}

/// Ten chunks a document, and every hundredth document in the collection `few`; vectors around 400
/// centres.
async fn fill(test: &TestDatabase, generation: Generation, size: i64) {
    let generation = generation.id;
    for statement in [
        "INSERT INTO collections (name) VALUES ('most'), ('few')".to_owned(),
        format!(
            "INSERT INTO documents (id, collection_id, external_id, status, latest_version)
             SELECT md5('d' || n)::uuid, CASE WHEN n % 100 = 7 THEN 2 ELSE 1 END, n, 'active', 1
             FROM generate_series(1, {size} / 10) n"
        ),
        "INSERT INTO document_versions
             (id, document_id, version, title, media_type, sha256, size_bytes, status)
         SELECT md5('v' || external_id)::uuid, id, 1, 'title', 'text/plain', '', 0, 'indexed'
         FROM documents"
            .to_owned(),
        "UPDATE documents SET current_version_id = md5('v' || external_id)::uuid".to_owned(),
        "INSERT INTO chunks (document_id, version_id, collection_id, ordinal, start_offset,
             end_offset, text)
         SELECT d.id, d.current_version_id, d.collection_id, o, 0, 900, repeat('some words ', 82)
         FROM documents d, generate_series(1, 10) o ORDER BY d.external_id::int, o"
            .to_owned(),
        format!(
            "WITH centres AS MATERIALIZED (
                 SELECT n, array_agg(random() - 0.5) AS centre
                 FROM generate_series(0, 399) n, generate_series(1, {DIMENSION}) GROUP BY n
             )
             INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
             SELECT {generation}, k.id, k.collection_id,
                 (SELECT array_agg(x + random() - 0.5) FROM unnest(c.centre) x WHERE k.id > 0)
                     ::real[]::vector::halfvec
             FROM chunks k JOIN centres c ON c.n = k.id * 7919 % 400 ORDER BY k.id"
        ),
        "DELETE FROM index_changes".to_owned(),
    ] {
        test.execute(&statement).await;
    }
    fill_postings(test, size).await;
    for table in [
        "chunks",
        "chunk_embeddings",
        "lexical_postings",
        "lexical_terms",
        "documents",
    ] {
        test.execute(&format!("VACUUM ANALYZE {table}")).await;
    }
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
        let before = (own_cpu(), measured.cpu(test).await);
        for number in 0..SEARCHES {
            let begun = Instant::now();
            let question = question(number);
            let found = retriever.retrieve(&question, names.as_deref(), LIMIT).await;
            assert_eq!(found.unwrap().results.len(), LIMIT);
            if round > 0 {
                latencies.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        used = (own_cpu() - before.0, measured.cpu(test).await - before.1);
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
        }
    }

    /// The CPU seconds of the pool's connections so far.
    async fn cpu(&self, test: &TestDatabase) -> f64 {
        let query = format!(
            "SELECT pid::text AS t FROM pg_stat_activity WHERE application_name = '{}'",
            self.name
        );
        let processes = test.texts(&query).await;
        processes.iter().map(|process| of_threads(process)).sum()
    }
}
