//! Speed and memory of the local embedder. `CHATBOT_TEST_MODEL_DIR` names the model cache.
//!
//! `cargo bench --bench embedding` prints tokens per CPU-second beside what this machine's matrix
//! products would allow, latency of a short query (alone, and while passages are embedded) and
//! resident memory.
//! `cargo bench --bench embedding -- vectors IN OUT` reads one JSON string per line and writes its
//! token count and vector, to compare the quality with other implementations.

#[path = "embedding/limits.rs"]
mod limits;

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatbot::embedding::{self, Embedder, EmbeddingConfig};

/// Clock ticks per second in `/proc/self/stat`, on every Linux that Rust supports.
const TICKS: f64 = 100.0;
/// 126 words of one token each, and the two special tokens.
const PASSAGE_TOKENS: usize = 128;
const PASSAGES: usize = 400;
const QUERIES: usize = 200;
/// The lengths of texts whose cost is measured, in tokens.
const LENGTHS: [usize; 4] = [12, 30, 128, 256];
/// The time that a measurement of CPU time takes.
const MEASURED: Duration = Duration::from_secs(2);

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let Some(dir) = std::env::var_os("CHATBOT_TEST_MODEL_DIR") else {
        writeln!(io::stderr(), "skipped: CHATBOT_TEST_MODEL_DIR is not set")?;
        return Ok(());
    };
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [mode, from, to] = arguments.as_slice()
        && mode == "vectors"
    {
        let embedder = load(Path::new(&dir), 0).await?;
        return write_vectors(embedder.as_ref(), Path::new(from), Path::new(to)).await;
    }
    let dir = PathBuf::from(dir);
    for threads in [1, 2] {
        measure(&dir, threads).await?;
    }
    limits::measure()?;
    Ok(())
}

async fn load(dir: &Path, threads: usize) -> Outcome<Arc<dyn Embedder>> {
    let config = EmbeddingConfig {
        cache_dir: dir.to_owned(),
        download: false,
        threads,
        ..EmbeddingConfig::default()
    };
    Ok(embedding::from_config(&config).await?)
}

async fn measure(dir: &Path, threads: usize) -> Outcome<()> {
    let begun = Instant::now();
    let embedder = load(dir, threads).await?;
    report(threads, "load, ms", millis(begun.elapsed()))?;
    report(threads, "RSS after load, MiB", memory("VmRSS")?)?;

    if threads == 1 {
        measure_lengths(embedder.as_ref()).await?;
    }
    let passage = passage();
    let begun = Instant::now();
    let counted: usize = (0..200).map(|_| embedder.count_tokens(&passage)).sum();
    let per_second = as_f64(counted) / begun.elapsed().as_secs_f64();
    report(threads, "counted tokens/s", per_second)?;

    let (begun, cpu) = (Instant::now(), cpu_seconds()?);
    embedder.embed_passages(vec![passage; PASSAGES]).await?;
    let tokens = as_f64(PASSAGES * PASSAGE_TOKENS);
    report(
        threads,
        "tokens/CPU-second at 128, passages",
        tokens / (cpu_seconds()? - cpu),
    )?;
    report(
        threads,
        "tokens/s at 128",
        tokens / begun.elapsed().as_secs_f64(),
    )?;

    measure_queries(embedder.as_ref(), threads).await?;
    report(threads, "RSS, MiB", memory("VmRSS")?)?;
    report(threads, "peak RSS, MiB", memory("VmHWM")?)
}

/// One text at a time, as questions come.
async fn measure_lengths(embedder: &dyn Embedder) -> Outcome<()> {
    for length in LENGTHS {
        let text = "word ".repeat(length - 2);
        embedder.embed_query(text.clone()).await?;
        let (begun, cpu) = (Instant::now(), cpu_seconds()?);
        let mut count = 0;
        while begun.elapsed() < MEASURED {
            embedder.embed_query(text.clone()).await?;
            count += 1;
        }
        let cpu = cpu_seconds()? - cpu;
        let rate = as_f64(count * length) / cpu;
        report(1, &format!("tokens/CPU-second at {length}, queries"), rate)?;
        let each = 1_000.0 * cpu / as_f64(count);
        report(1, &format!("CPU-ms for a query of {length}"), each)?;
    }
    Ok(())
}

/// Queries alone, and while passages are embedded.
async fn measure_queries(embedder: &dyn Embedder, threads: usize) -> Outcome<()> {
    let alone = query_latencies(embedder).await?;
    report(
        threads,
        "query of 12 tokens, p50 ms",
        percentile(&alone, 50),
    )?;
    report(
        threads,
        "query of 12 tokens, p99 ms",
        percentile(&alone, 99),
    )?;

    let longest = "word ".repeat(300);
    let ingest = embedder.embed_passages(vec![longest; 10_000]);
    let busy = tokio::select! {
        latencies = query_latencies(embedder) => latencies?,
        _ = ingest => return Err("the passages ended before the queries".into()),
    };
    report(
        threads,
        "query during ingestion, p50 ms",
        percentile(&busy, 50),
    )?;
    report(
        threads,
        "query during ingestion, p99 ms",
        percentile(&busy, 99),
    )
}

/// Sorted in ascending order.
async fn query_latencies(embedder: &dyn Embedder) -> Outcome<Vec<Duration>> {
    let mut latencies = Vec::with_capacity(QUERIES);
    for _ in 0..QUERIES {
        let begun = Instant::now();
        embedder
            .embed_query("how is high blood pressure treated in people with diabetes".into())
            .await?;
        latencies.push(begun.elapsed());
    }
    latencies.sort();
    Ok(latencies)
}

fn passage() -> String {
    "the patient should drink water and rest at home until the fever is gone "
        .repeat(9)
        .trim_end()
        .to_owned()
}

async fn write_vectors(embedder: &dyn Embedder, from: &Path, to: &Path) -> Outcome<()> {
    let texts = BufReader::new(File::open(from)?)
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Outcome<Vec<String>>>()?;
    let cpu = cpu_seconds()?;
    let vectors = embedder.embed_passages(texts.clone()).await?;
    report(0, "CPU-seconds", cpu_seconds()? - cpu)?;
    let mut out = BufWriter::new(File::create(to)?);
    for (text, vector) in texts.iter().zip(vectors) {
        let line = serde_json::json!({"tokens": embedder.count_tokens(text), "vector": vector});
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn report(threads: usize, name: &str, value: f64) -> Outcome<()> {
    Ok(writeln!(
        io::stdout(),
        "threads {threads}  {name:38} {value:10.1}"
    )?)
}

fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().map_or(0.0, millis)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The user and system time of this process so far.
fn cpu_seconds() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The program's name, in parentheses, may contain spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("unexpected /proc/self/stat")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    let user = ticks.next().ok_or("no user time")??;
    let system = ticks.next().ok_or("no system time")??;
    Ok((user + system) / TICKS)
}

/// A line of `/proc/self/status`, in MiB.
fn memory(name: &str) -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .and_then(|value| value.split_whitespace().next())
        .ok_or("no such line in /proc/self/status")?
        .parse()?;
    Ok(kib / 1_024.0)
}
