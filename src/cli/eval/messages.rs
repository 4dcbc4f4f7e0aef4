//! `chatbot eval messages` measures which kind messages are recognised as.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::cli::output;
use crate::domain::understanding::MessageKind;
use crate::language::Tongue;
use crate::language::conversation::Reading;
use crate::language::linear::named_values;

/// A labelled message.
struct Labelled {
    language: String,
    kind: MessageKind,
    text: String,
}

/// Prints the measurement of the files `{part}_{language}.tsv` of a folder, or with `features` what a
/// fit needs.
pub fn run(dataset: &Path, part: &str, features: bool) -> anyhow::Result<()> {
    let messages = read(dataset, part)?;
    if features {
        return messages.iter().try_for_each(print_features);
    }
    // By group: messages, recognised ones, and those that were taken for a question.
    let mut groups: BTreeMap<(u8, String), [usize; 3]> = BTreeMap::new();
    for message in &messages {
        let tongue = Tongue::parse(&message.language).unwrap_or(Tongue::English);
        let found = Reading::of(&message.text, tongue).kind;
        let is_question = |kind| matches!(kind, MessageKind::Question | MessageKind::Correction);
        let right = found == message.kind || is_question(found) && is_question(message.kind);
        for group in [
            (0, "all".to_owned()),
            (1, message.language.clone()),
            (2, message.kind.as_str().to_owned()),
        ] {
            let counts = groups.entry(group).or_default();
            counts[0] += 1;
            counts[1] += usize::from(right);
            counts[2] += usize::from(is_question(found));
        }
    }
    output::line("| group | messages | recognised | taken for a question |")?;
    output::line("| --- | --- | --- | --- |")?;
    for ((_, group), [all, right, asked]) in groups {
        let share = |n: usize| 100 * n / all.max(1);
        output::line(&format!(
            "| {group} | {all} | {} % | {} % |",
            share(right),
            share(asked)
        ))?;
    }
    Ok(())
}

fn print_features(message: &Labelled) -> anyhow::Result<()> {
    let line = json!({
        "lang": message.language,
        "kind": message.kind,
        "features": named_values(&message.text),
    });
    Ok(output::line(&line.to_string())?)
}

fn read(dataset: &Path, part: &str) -> anyhow::Result<Vec<Labelled>> {
    let named = |path: &PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str());
        let language = name.and_then(|name| name.strip_prefix(&format!("{part}_")));
        language.map(str::to_owned)
    };
    let entries =
        fs::read_dir(dataset).with_context(|| format!("{} cannot be read", dataset.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let Some(language) = named(&path) else {
            continue;
        };
        for (at, line) in fs::read_to_string(&path)?.lines().enumerate() {
            let labelled = line
                .split_once('\t')
                .and_then(|(kind, text)| Some((MessageKind::parse(kind)?, text.to_owned())));
            let (kind, text) = labelled.with_context(|| {
                format!(
                    "{}:{}: expected a kind, a tab and a message",
                    path.display(),
                    at + 1
                )
            })?;
            all.push(Labelled {
                language: language.clone(),
                kind,
                text,
            });
        }
    }
    ensure!(
        !all.is_empty(),
        "{} has no file {part}_*.tsv",
        dataset.display()
    );
    Ok(all)
}
