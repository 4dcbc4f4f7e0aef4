//! `chatbot eval` measures what the product claims: one file a measurement.

mod answers;
mod grounding;
mod hostile;
mod retrieval;
mod retriever;
mod triage;

use std::path::PathBuf;

use clap::Subcommand;

use crate::config::Config;

/// The measurement to make.
#[derive(Subcommand)]
pub enum EvalCommand {
    /// Measure nDCG@10, MAP@10, MRR@10 and recall@10 of the lexical, dense and fused rankings.
    Retrieval {
        /// A folder with `queries.jsonl` and `qrels/dev.tsv`; ingest its corpus first.
        #[arg(long)]
        dataset: PathBuf,
        /// The collection that holds the corpus.
        #[arg(long, default_value = "liveqa")]
        collection: String,
    },
    /// Measure triage on labelled messages: files of JSON lines with `lang`, `text` (turns of a
    /// conversation are joined with " ⏎ "), `level`, `class` and `kind`.
    Triage {
        /// The folder of the files.
        #[arg(long)]
        dataset: PathBuf,
        /// The beginning of the names of the files to read.
        #[arg(long, default_value = "test")]
        part: String,
        /// Print the features of every message instead, for `scripts/fit-triage`.
        #[arg(long)]
        features: bool,
    },
    /// Count which texts the detector of hostile text finds, or fit its weights.
    Hostile(hostile::HostileArgs),
    /// Change true sentences in many ways and count how many of each are cited as supported.
    Grounding(grounding::GroundingArgs),
    /// Measure the answers without a language model: how many questions are answered, and how many
    /// answers cite nothing adequate.
    Answers(answers::AnswersArgs),
}

/// Runs the command.
pub async fn run(command: &EvalCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        EvalCommand::Retrieval {
            dataset,
            collection,
        } => retrieval::run(dataset, collection, config).await,
        EvalCommand::Triage {
            dataset,
            part,
            features,
        } => triage::run(dataset, part, *features),
        EvalCommand::Hostile(args) => hostile::run(args),
        EvalCommand::Grounding(args) => grounding::run(args),
        EvalCommand::Answers(args) => answers::run(args, config).await,
    }
}
