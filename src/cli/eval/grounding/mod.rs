//! `chatbot eval grounding` changes true sentences and counts how many are cited as supported.
//!
//! [`corpus`] finds true sentences in the sample leaflets and in a dataset, the modules of
//! [`kinds`] change them, and the checker of the product judges the results. A kind either changes
//! the meaning, and no result may be cited, or keeps it, and every result should be. The lists of
//! the changes are data beside this module, and the checker reads none of them.

mod bench;
mod corpus;
mod edit;
mod kinds;
mod lexicon;
mod report;
mod sources;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::Args;

use crate::cli::output;

/// The sentences to change.
#[derive(Args)]
pub struct GroundingArgs {
    /// A folder with a `corpus.jsonl` of passages; without it, only the sample leaflets are used.
    #[arg(long)]
    dataset: Option<PathBuf>,
    /// The most sentences of the dataset.
    #[arg(long, default_value_t = 400)]
    sentences: usize,
    /// Print the sentences of this kind that came out wrong.
    #[arg(long)]
    show: Option<String>,
}

/// Runs the command.
pub fn run(args: &GroundingArgs) -> anyhow::Result<()> {
    let mut places = sources::samples()?;
    if let Some(dataset) = &args.dataset {
        places.extend(sources::dataset(dataset, args.sentences)?);
    }
    let report = bench::measure(&places)?;
    output::line(&report.table())?;
    output::line("Languages without rules:\n")?;
    output::line(&bench::measure_other_languages()?.table())?;
    if let Some(kind) = &args.show {
        output::line(&report.wrong(kind))?;
    }
    Ok(())
}
