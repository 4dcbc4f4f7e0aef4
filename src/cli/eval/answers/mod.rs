//! `chatbot eval answers` asks the questions of a dataset through the gate and the verbatim answerer
//! of the product, and prints risk and coverage.

mod asked;
mod curve;
mod dataset;
mod fit;

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;

use super::super::output;
use super::retriever;
use crate::config::Config;
use crate::orchestrator::offline::{Quoted, quote};
use crate::rag::retrieve::Retriever;
use asked::Asked;
use curve::Outcome;
use dataset::{Dataset, Question};

/// The dataset and what to make of it.
///
/// A dataset is a folder in the layout of BEIR: `queries.jsonl` with `_id`, `text` and optionally
/// `metadata.summary` (a second form of the question), `metadata.any` (texts of which the answer
/// must hold one) and `metadata.not` (texts of which it must hold none); and `qrels/dev.tsv` with
/// query, document and grade. An answer is right if it cites a document of grade 2 or more; a
/// question without one should not be answered. A folder with `tasks.jsonl` and `qrels.tsv` is read
/// like MTRAG-UN: the last of `turns` is asked, a grade of 1 is enough, and `answerability` tells
/// which questions should be answered. Ingest the corpus first.
#[derive(Args)]
pub struct AnswersArgs {
    /// The folder of the dataset.
    #[arg(long)]
    dataset: PathBuf,
    /// The collection that holds the corpus.
    #[arg(long)]
    collection: String,
    /// Write the curve of risk and coverage to this SVG file.
    #[arg(long)]
    curve: Option<PathBuf>,
    /// Fit the gate's weights on this dataset instead, and write them to `--weights`.
    #[arg(long)]
    fit: bool,
    /// The file of the weights.
    #[arg(long, default_value = "src/orchestrator/answer/gate/weights.toml")]
    weights: PathBuf,
}

/// Runs the command.
pub async fn run(args: &AnswersArgs, config: &Config) -> anyhow::Result<()> {
    let dataset = Dataset::read(&args.dataset)?;
    let retriever = retriever::open(config).await?;
    let limit = usize::try_from(config.orchestrator.evidence_limit)?;
    if args.fit {
        // The fit hides the passages that answer, and needs others in their place.
        let questions = &dataset.forms.first().map(|form| form.questions.as_slice());
        let found = search(
            &retriever,
            questions.unwrap_or_default(),
            &args.collection,
            limit * 3,
        )
        .await?;
        return fit::run(&found, limit, &args.weights);
    }
    let least = config.orchestrator.min_support;
    let mut curves = Vec::new();
    for form in &dataset.forms {
        let found = search(&retriever, &form.questions, &args.collection, limit).await?;
        let outcomes: Vec<Outcome> = found.iter().map(|asked| answer(asked, least)).collect();
        output::text(&curve::table(form.name, &outcomes, least))?;
        curves.push((form.name, outcomes));
    }
    if let Some(path) = &args.curve {
        std::fs::write(path, curve::svg(&curves, least))?;
    }
    Ok(())
}

async fn search<'a>(
    retriever: &Retriever,
    questions: &'a [Question],
    collection: &str,
    limit: usize,
) -> anyhow::Result<Vec<Asked<'a>>> {
    let names = [collection.to_owned()];
    let mut found = Vec::new();
    for question in questions {
        let evidence = retriever
            .retrieve(&question.text, Some(&names), limit)
            .await?;
        found.push(Asked { question, evidence });
    }
    Ok(found)
}

/// Answers a question and judges the answer.
fn answer(asked: &Asked<'_>, least: f32) -> Outcome {
    let documents = asked.evidence.results.iter();
    let names: HashMap<_, _> = documents
        .map(|passage| (passage.document_id, passage.external_id.clone()))
        .collect();
    let Quoted {
        decision,
        text,
        cited,
    } = quote(&asked.question.text, asked.evidence.clone(), least);
    let cited: Vec<&str> = cited
        .iter()
        .filter_map(|id| names.get(id).map(String::as_str))
        .collect();
    Outcome {
        group: asked.question.group.clone(),
        answerable: asked.question.is_answerable(),
        support: if cited.is_empty() {
            None
        } else {
            Some(decision.best)
        },
        right: asked.question.is_right(&cited, &text),
    }
}
