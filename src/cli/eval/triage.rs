//! `chatbot eval triage` measures triage on labelled messages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use serde_json::json;

use crate::cli::output;
use crate::domain::emergency::{Category, Level};
use crate::language::linear::named_values;
use crate::safety::{self, Triage};

/// Separates the turns of a conversation in a message's text, the newest last.
const TURN: &str = " ⏎ ";

/// A labelled message.
#[derive(Deserialize)]
struct Message {
    lang: String,
    text: String,
    level: Level,
    class: String,
    kind: String,
}

/// How often messages of one level were judged to be of each.
#[derive(Clone, Copy, Default)]
struct Row {
    messages: usize,
    emergency: usize,
    urgent: usize,
}

impl Row {
    fn count(&mut self, judged: Level) {
        self.messages += 1;
        self.emergency += usize::from(judged == Level::Emergency);
        self.urgent += usize::from(judged == Level::Urgent);
    }

    fn share(self, part: usize) -> f64 {
        let float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        float(part) / float(self.messages.max(1))
    }
}

/// Prints the measurement, or with `features` what a fit needs.
pub fn run(dataset: &Path, part: &str, features: bool) -> anyhow::Result<()> {
    let messages = read(dataset, part)?;
    if features {
        return messages.iter().try_for_each(print_features);
    }
    let mut advice = Advice::default();
    let mut groups: BTreeMap<(u8, String), BTreeMap<&str, Row>> = BTreeMap::new();
    for message in &messages {
        let turns: Vec<&str> = message.text.split(TURN).collect();
        let (newest, earlier) = turns.split_last().context("a message without a turn")?;
        let Triage {
            level: judged,
            category,
            ..
        } = safety::triage_in(newest, earlier);
        advice.count(message, judged, category);
        for group in [
            (0, "all".to_owned()),
            (1, message.lang.clone()),
            (2, message.class.clone()),
            (3, message.kind.clone()),
        ] {
            let rows = groups.entry(group).or_default();
            rows.entry(name(message.level)).or_default().count(judged);
        }
    }
    output::line(
        "| group | emergencies | flagged | as emergency | urgent | flagged | others | as emergency | as urgent |",
    )?;
    output::line("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
    for ((_, group), rows) in groups {
        let of = |level: Level| rows.get(name(level)).copied().unwrap_or_default();
        let (emergency, urgent, none) = (of(Level::Emergency), of(Level::Urgent), of(Level::None));
        output::line(&format!(
            "| {group} | {} | {:.3} | {:.3} | {} | {:.3} | {} | {:.3} | {:.3} |",
            emergency.messages,
            emergency.share(emergency.emergency + emergency.urgent),
            emergency.share(emergency.emergency),
            urgent.messages,
            urgent.share(urgent.emergency + urgent.urgent),
            none.messages,
            none.share(none.emergency),
            none.share(none.urgent),
        ))?;
    }
    let Advice {
        flagged,
        right,
        general,
    } = advice;
    output::line(&format!(
        "\nAdvice for {flagged} messages that were flagged rightly: {right} of the labelled class, {general} general, {} of another class.",
        flagged - right - general
    ))?;
    Ok(())
}

/// The kinds of advice for emergencies and urgent messages that were flagged.
#[derive(Default)]
struct Advice {
    flagged: usize,
    right: usize,
    general: usize,
}

impl Advice {
    fn count(&mut self, message: &Message, judged: Level, category: Option<Category>) {
        if message.level > Level::None && judged > Level::None {
            let labelled = labelled(&message.class);
            self.flagged += 1;
            self.right += usize::from(category.is_some() && category == labelled);
            self.general += usize::from(category.is_none());
        }
    }
}

/// Returns the category of a class of messages.
fn labelled(class: &str) -> Option<Category> {
    Category::parse(match class {
        "unconscious_seizure" => "unconsciousness",
        "self_harm" => "suicidal_intent",
        "overdose_poisoning" => "overdose",
        "sepsis_meningitis" => "sepsis",
        "pregnancy_birth" => "pregnancy",
        "violence_abuse" => "violence",
        "heat_cold" => "exposure",
        other => other,
    })
}

fn name(level: Level) -> &'static str {
    match level {
        Level::None => "none",
        Level::Urgent => "urgent",
        Level::Emergency => "emergency",
    }
}

fn print_features(message: &Message) -> anyhow::Result<()> {
    let line = json!({
        "lang": message.lang,
        "level": message.level,
        "class": message.class,
        "features": named_values(&message.text),
    });
    Ok(output::line(&line.to_string())?)
}

/// Reads every file `{part}_*.jsonl` of a folder.
fn read(dataset: &Path, part: &str) -> anyhow::Result<Vec<Message>> {
    let entries = std::fs::read_dir(dataset)
        .with_context(|| format!("{} cannot be read", dataset.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_stem().and_then(|name| name.to_str());
            let lines = path
                .extension()
                .is_some_and(|extension| extension == "jsonl");
            lines && name.is_some_and(|name| name.starts_with(part))
        })
        .collect();
    paths.sort();
    anyhow::ensure!(
        !paths.is_empty(),
        "{} holds no file {part}*.jsonl",
        dataset.display()
    );
    let mut messages = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        for (number, line) in text.lines().enumerate() {
            let message = serde_json::from_str(line)
                .with_context(|| format!("line {} of {}", number + 1, path.display()))?;
            messages.push(message);
        }
    }
    Ok(messages)
}
