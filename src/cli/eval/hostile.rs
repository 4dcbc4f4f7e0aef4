//! `chatbot eval hostile` counts which texts the detector of hostile text finds, and fits its
//! weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;

use crate::cli::output;
use crate::safety::hostile::{self, Example, Kind};

/// The texts to inspect, or to fit the weights to.
#[derive(Args)]
pub struct HostileArgs {
    /// Texts with labels: JSON lines with `text`, `label` (`malicious` or `benign`) and `category`,
    /// or a table with label, language and text.
    #[arg(long)]
    dataset: PathBuf,
    /// Write the weights that fit the table to this file, instead of counting.
    #[arg(long)]
    fit: Option<PathBuf>,
    /// Print the texts that were judged wrongly.
    #[arg(long)]
    show: bool,
}

/// A text of a dataset.
struct Labelled {
    text: String,
    category: String,
    is_hostile: bool,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    label: String,
    #[serde(default)]
    category: String,
}

/// The counts of a category.
#[derive(Default)]
struct Counts {
    texts: usize,
    found: usize,
    /// The texts with a finding of each kind.
    kinds: BTreeMap<Kind, usize>,
}

/// Runs the command.
pub fn run(args: &HostileArgs) -> anyhow::Result<()> {
    let path = &args.dataset;
    let content =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if let Some(weights) = &args.fit {
        return fit(&content, weights);
    }
    let texts = read(&content).with_context(|| path.display().to_string())?;
    let mut counts: BTreeMap<(bool, &str), Counts> = BTreeMap::new();
    for text in &texts {
        let found = hostile::inspect(&text.text);
        for category in [text.category.as_str(), "all"] {
            let counts = counts.entry((!text.is_hostile, category)).or_default();
            counts.texts += 1;
            counts.found += usize::from(!found.is_empty());
            for kind in Kind::ALL {
                let has = found.iter().any(|finding| finding.kind == kind);
                *counts.kinds.entry(kind).or_default() += usize::from(has);
            }
        }
        if args.show && found.is_empty() == text.is_hostile {
            output::line(&format!("{}: {}", text.category, text.text))?;
        }
    }
    output::line(&table(&counts))?;
    Ok(())
}

/// Renders the counts as a Markdown table.
fn table(counts: &BTreeMap<(bool, &str), Counts>) -> String {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let mut lines = vec![
        format!(
            "| label | category | texts | quarantined | {} |",
            names.join(" | ")
        ),
        format!(
            "| --- | --- | ---: | ---: |{}",
            " ---: |".repeat(names.len())
        ),
    ];
    for ((is_benign, category), counts) in counts {
        let label = if *is_benign { "benign" } else { "hostile" };
        let kinds: Vec<String> = counts.kinds.values().map(ToString::to_string).collect();
        let share = counts.found * 1_000 / counts.texts.max(1);
        lines.push(format!(
            "| {label} | {category} | {} | {} ({}.{} %) | {} |",
            counts.texts,
            counts.found,
            share / 10,
            share % 10,
            kinds.join(" | ")
        ));
    }
    lines.join("\n")
}

fn fit(content: &str, weights: &Path) -> anyhow::Result<()> {
    let fitted = hostile::fit(&examples(content)?);
    std::fs::write(weights, fitted.text())
        .with_context(|| format!("cannot write {}", weights.display()))?;
    output::line(&format!(
        "wrote {}; build again to use them",
        weights.display()
    ))?;
    Ok(())
}

fn examples(content: &str) -> anyhow::Result<Vec<Example>> {
    hostile::examples(content)
        .map_err(|line| anyhow::anyhow!("no label, language and text: {line}"))
}

fn read(content: &str) -> anyhow::Result<Vec<Labelled>> {
    if !content.starts_with('{') {
        let examples = examples(content)?.into_iter();
        return Ok(examples
            .map(|example| Labelled {
                text: example.text,
                category: example.label.map_or("benign", Kind::as_str).to_owned(),
                is_hostile: example.label.is_some(),
            })
            .collect());
    }
    let lines = content.lines().map(|line| {
        let line: Line = serde_json::from_str(line)?;
        Ok(Labelled {
            text: line.text,
            category: line.category,
            is_hostile: line.label == "malicious",
        })
    });
    lines.collect()
}
