//! The time that triage takes for a message. It computes and waits for nothing, so that its time is
//! CPU time; the least of several runs counts, because others use the machine too.
//!
//! `cargo bench --bench triage` prints the percentiles over the labelled messages of `tests/triage`,
//! and the longest message that the service takes.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use chatbot::safety::{triage, warm_up};

const RUNS: usize = 5;
/// The longest message in characters (`orchestrator.max_message_chars`).
const LONGEST: usize = 4_000;

fn main() -> Result<(), Box<dyn Error>> {
    warm_up();
    let messages = messages()?;
    let mut times: Vec<Duration> = messages.iter().map(|message| time(message)).collect();
    times.sort_unstable();
    let mut out = io::stdout();
    writeln!(out, "{} messages", times.len())?;
    for (name, per_mille) in [("p50", 500), ("p99", 990), ("most", 1_000)] {
        let rank = (times.len() * per_mille).div_ceil(1_000);
        if let Some(time) = times.get(rank.saturating_sub(1)) {
            writeln!(out, "{name}: {:.3} ms", time.as_secs_f64() * 1e3)?;
        }
    }
    let long = messages.join(" ").chars().take(LONGEST).collect::<String>();
    let time = time(&long);
    writeln!(
        out,
        "{LONGEST} characters: {:.3} ms",
        time.as_secs_f64() * 1e3
    )?;
    Ok(())
}

/// The turns of every labelled message, as one text each.
fn messages() -> Result<Vec<String>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/triage");
    let mut messages = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            for line in fs::read_to_string(path)?.lines() {
                let message: serde_json::Value = serde_json::from_str(line)?;
                let text = message.get("text").and_then(|text| text.as_str());
                messages.push(text.unwrap_or_default().replace(" ⏎ ", "\n"));
            }
        }
    }
    Ok(messages)
}

fn time(message: &str) -> Duration {
    let runs = (0..RUNS).map(|_| {
        let begin = Instant::now();
        black_box(triage(black_box(message)));
        begin.elapsed()
    });
    runs.min().unwrap_or_default()
}
