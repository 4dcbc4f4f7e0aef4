//! The cost of a turn, stores included: CPU time of both roles and of PostgreSQL, latencies, wake-ups,
//! memory, and the same of searches, of ingestion, and of doing nothing.
//!
//! `scripts/services run --durable -- cargo bench --bench turn -- [CORPUS.jsonl] [--baseline PROGRAM]
//! [--rounds N] [--only WORK,…] [--conversations N] [--storage]`
//!
//! Both roles run as processes of the product's program on real stores. Each line of the corpus has
//! `_id`, `title` and `text`; without one, leaflets are made up. A title is a question, each one asked
//! once a round, so that no cache has its vector. A baseline is the program of an earlier release; it
//! takes turns with the present one, round by round, on a schema of its own. Idle processes of the
//! other side would cost PostgreSQL time, so only one side runs at any time.
//!
//! `--conversations` stores a history of that length on the present side alone, so the same program as
//! its own baseline shows what length costs. `--storage` prints the bytes of the tables at the end.

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

mod client;
mod corpus;
mod history;
mod model;
#[path = "../support/processes.rs"]
mod processes;
mod side;
#[path = "../support/storage.rs"]
mod storage;
#[path = "../../tests/support/mod.rs"]
mod support;
mod table;
mod usage;
mod work;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use corpus::Corpus;
use model::Model;
use processes::load_average;
use side::Side;
use storage::storage;
use table::{Figures, table};
use usage::Stores;
use work::{Round, Work};

#[derive(Parser)]
struct Arguments {
    /// JSON lines with `_id`, `title` and `text`.
    corpus: Option<PathBuf>,
    /// The program of an earlier release, to compare with.
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// The program that is measured.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_chatbot"))]
    program: PathBuf,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// All kinds of work if none is named.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Work>,
    /// Conversations that the present side has from the beginning.
    #[arg(long, default_value_t = 0)]
    conversations: usize,
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
    let corpus = arguments
        .corpus
        .as_deref()
        .map_or_else(Corpus::made, Corpus::read);
    let model = Model::start();
    let stores = Stores::find();
    let mut sides = sides(&arguments, &corpus, &model).await;
    let documents = corpus.len();
    println!("{documents} documents, {} rounds", arguments.rounds);
    for number in 0..arguments.rounds {
        for (side, figures) in &mut sides {
            let running = side.start().await;
            let mut round = Round {
                running: &running,
                stores: &stores,
                corpus: &corpus,
                model: &model,
                number,
                figures,
                asked: 0,
            };
            for work in Work::value_variants() {
                if arguments.only.is_empty() || arguments.only.contains(work) {
                    round.measure(*work).await;
                }
            }
            running.stop();
            let (label, load) = (side.label, load_average());
            println!("round {}, {label}: load average {load:.2}", number + 1);
        }
    }
    let figures: Vec<&Figures> = sides.iter().map(|(_, figures)| figures).collect();
    println!("\n{}", table(figures[0], figures.get(1).copied()));
    if arguments.storage {
        println!("\n{}", storage(&sides[0].0.setup.database).await);
    }
}

/// The sides that are compared, the present one first, each with the corpus.
async fn sides(arguments: &Arguments, corpus: &Corpus, model: &Model) -> Vec<(Side, Figures)> {
    let mut sides = Vec::new();
    let baseline = arguments.baseline.as_deref().map(|path| ("baseline", path));
    for (label, program) in [("now", arguments.program.as_path())]
        .into_iter()
        .chain(baseline)
    {
        let side = Side::new(label, sides.len(), program, model).await;
        let running = side.start().await;
        running.ingest(side::CORPUS, &corpus.lines());
        if sides.is_empty() && arguments.conversations > 0 {
            history::fill(&running, &corpus.question(0), arguments.conversations).await;
        }
        running.stop();
        sides.push((side, Figures::default()));
    }
    sides
}
