//! `chatbot eval` measures what the product claims: one file a measurement.

mod answers;
mod conversation;
mod grounding;
mod hostile;
mod messages;
mod ranking;
mod retrieval;
mod retriever;
mod tasks;
mod triage;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::Config;

/// The measurement to make.
#[derive(Subcommand)]
pub enum EvalCommand {
    /// Measure nDCG, MAP, MRR and recall of the lexical, dense and fused rankings.
    Retrieval(retrieval::RetrievalArgs),
    /// Ask a running server the questions of conversations, and measure sources and endings.
    Conversation(conversation::ConversationArgs),
    /// Measure triage on labelled messages: files of JSON lines with `lang`, `text` (turns of a
    /// conversation are joined with " ⏎ "), `level`, `class` and `kind`.
    Triage(LabelledArgs),
    /// Measure which kinds messages are recognised as: files `{part}_{language}.tsv` with a kind, a tab
    /// and a message in each line.
    Messages(LabelledArgs),
    /// Count which texts the detector of hostile text finds, or fit its weights.
    Hostile(hostile::HostileArgs),
    /// Change true sentences in many ways and count how many of each are cited as supported.
    Grounding(grounding::GroundingArgs),
    /// Measure the answers without a language model: how many questions are answered, and how many
    /// answers cite nothing adequate.
    Answers(answers::AnswersArgs),
}

/// The labelled messages of a measurement or a fit.
#[derive(Args)]
pub struct LabelledArgs {
    /// The folder of the files.
    #[arg(long)]
    dataset: PathBuf,
    /// The beginning of the names of the files to read.
    #[arg(long, default_value = "test")]
    part: String,
    /// Print the features of every message instead, for the script that fits the model.
    #[arg(long)]
    features: bool,
}

/// Runs the command.
pub async fn run(command: &EvalCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        EvalCommand::Retrieval(args) => retrieval::run(args, config).await,
        EvalCommand::Conversation(args) => conversation::run(args).await,
        EvalCommand::Triage(args) => triage::run(&args.dataset, &args.part, args.features),
        EvalCommand::Messages(args) => messages::run(&args.dataset, &args.part, args.features),
        EvalCommand::Hostile(args) => hostile::run(args),
        EvalCommand::Grounding(args) => grounding::run(args),
        EvalCommand::Answers(args) => answers::run(args, config).await,
    }
}
