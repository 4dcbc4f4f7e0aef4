//! The measured figures, read from `figures/*.toml`.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;

use super::case::{Case, CaseError, parsed, text};

/// The quantile of a two-sided interval of 95 %.
const Z: f64 = 1.959_964;

/// A measured number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub id: String,
    /// The thing that was counted or timed.
    pub name: String,
    /// The set that it was measured on, and its half or split.
    pub set: String,
    pub value: f64,
    /// The unit of the value; with a denominator, what is counted.
    pub unit: String,
    /// The number of cases that the value was counted among.
    #[serde(default)]
    pub denominator: Option<u32>,
    pub date: String,
    /// The command that measures it again.
    pub command: String,
    /// The ids of the hazards whose risk it describes.
    pub hazards: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    figure: Vec<Figure>,
}

/// Reads every file of figures in a folder, in the order of their names.
pub fn read(folder: &Path, case: &Case) -> Result<Vec<Figure>, CaseError> {
    let unreadable = |error: std::io::Error| CaseError::Unreadable {
        file: folder.display().to_string(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut figures = Vec::new();
    for file in files {
        let File { figure } = parsed(&text(&file)?, &file.display().to_string())?;
        figures.extend(figure);
    }
    check(&figures, case)?;
    Ok(figures)
}

/// Checks ids, dates, denominators and hazards.
pub fn check(figures: &[Figure], case: &Case) -> Result<(), CaseError> {
    let known: BTreeSet<&str> = case.hazards.iter().map(|h| h.text.id.as_str()).collect();
    let mut ids = BTreeSet::new();
    for figure in figures {
        let wrong = |reason: String| CaseError::Figure {
            figure: figure.id.clone(),
            reason,
        };
        if !ids.insert(&figure.id) {
            let id = figure.id.clone();
            return Err(CaseError::Duplicate { kind: "figure", id });
        }
        if NaiveDate::parse_from_str(&figure.date, "%Y-%m-%d").is_err() {
            let date = &figure.date;
            return Err(wrong(format!("\"{date}\" is no date such as 2026-11-27")));
        }
        if figure
            .denominator
            .is_some_and(|of| figure.value > f64::from(of))
        {
            return Err(wrong("the value is above its denominator".into()));
        }
        if !figure.value.is_finite() || figure.value < 0.0 {
            return Err(wrong("the value is no number from 0 on".into()));
        }
        if figure.hazards.is_empty() {
            return Err(wrong("it names no hazard".into()));
        }
        if let Some(id) = figure
            .hazards
            .iter()
            .find(|id| !known.contains(id.as_str()))
        {
            return Err(wrong(format!("there is no hazard {id}")));
        }
    }
    Ok(())
}

impl Figure {
    /// The value with its unit, and its share if it was counted among others.
    pub fn shown(&self) -> String {
        let Self { value, unit, .. } = self;
        match self.denominator {
            Some(of) if of > 0 => {
                let share = 100.0 * value / f64::from(of);
                format!("{value} of {of} {unit} ({share:.1} %)")
            }
            Some(of) => format!("{value} of {of} {unit}"),
            None => format!("{value} {unit}"),
        }
    }

    /// Wilson's interval of 95 % of a share, in percent. Few cases prove little, and this says how
    /// little.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let n = f64::from(self.denominator.filter(|of| *of > 0)?);
        let share = self.value / n;
        let square = Z * Z;
        let middle = share + square / (2.0 * n);
        let width = Z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
        let scale = 100.0 / (1.0 + square / n);
        let low = (middle - width).max(0.0) * scale;
        Some((low, ((middle + width) * scale).min(100.0)))
    }

    /// The interval as text; empty for a value that is no share.
    pub fn interval_shown(&self) -> String {
        self.interval().map_or_else(String::new, |(low, high)| {
            format!("{low:.1} to {high:.1} %")
        })
    }
}
