//! The passages: the sample leaflets, and those of a dataset.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::corpus::Place;
use crate::cli::demo;
use crate::rag::parse::{ParseLimits, parse};

/// The most sentences of one passage of a dataset.
const OF_ONE: usize = 3;

/// Returns the places of the sample leaflets.
pub fn samples() -> anyhow::Result<Vec<Place>> {
    let mut places = Vec::new();
    for sample in demo::samples()? {
        let parsed = parse(sample.media_type, sample.bytes, &ParseLimits::default())
            .map_err(|error| anyhow::anyhow!("{}: {error}", sample.external_id))?;
        let text = parsed.text;
        places.push(Place::of(vec![(sample.title, text)], usize::MAX));
    }
    Ok(places)
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    title: String,
    text: String,
}

/// Returns the places of a dataset: every so many passages, each beside its two successors.
pub fn dataset(folder: &Path, most: usize) -> anyhow::Result<Vec<Place>> {
    let path = folder.join("corpus.jsonl");
    let lines = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let documents: Vec<Document> = lines
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| path.display().to_string()))
        .collect::<anyhow::Result<_>>()?;
    let step = (documents.len() * 2 / most.max(1)).max(1);
    let mut places = Vec::new();
    let mut count = 0;
    for near in documents.windows(3).step_by(step) {
        let passages: Vec<(String, String)> = near
            .iter()
            .map(|document| (document.title.clone(), document.text.clone()))
            .collect();
        let place = Place::of(passages, OF_ONE);
        count += place.subjects.len();
        places.push(place);
        if count >= most {
            break;
        }
    }
    Ok(places)
}
