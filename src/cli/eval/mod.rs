//! `chatbot eval` measures what the product claims: one file a measurement.

mod retrieval;

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
}

/// Runs the command.
pub async fn run(command: &EvalCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        EvalCommand::Retrieval {
            dataset,
            collection,
        } => retrieval::run(dataset, collection, config).await,
    }
}
