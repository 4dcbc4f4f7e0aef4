//! A sentence and the markers in it.

use std::collections::BTreeSet;

use super::markers;

/// A sentence without its markers.
pub(super) struct Marked {
    /// Pieces of text, each with the passages that the marker after it names.
    pieces: Vec<(String, BTreeSet<i32>)>,
    /// The text alone.
    pub said: String,
    /// Every passage that a marker names.
    pub numbers: BTreeSet<i32>,
}

impl Marked {
    pub fn read(raw: &str, clean: impl Fn(&str) -> String) -> Self {
        // Cleans the sentence as a whole, with a sign for each marker, so that markup around a
        // marker is recognised.
        let mut probe = String::new();
        let mut named = Vec::new();
        let mut from = 0;
        for marker in markers::markers(raw) {
            probe.push_str(raw.get(from..marker.bytes.start).unwrap_or_default());
            probe.push(SIGN);
            from = marker.bytes.end;
            named.push(marker.numbers);
        }
        probe.push_str(raw.get(from..).unwrap_or_default());
        let cleaned = clean(&probe);
        let mut named = named.into_iter();
        let pieces: Vec<(String, BTreeSet<i32>)> = cleaned
            .trim()
            .split(SIGN)
            .map(|text| (text.to_owned(), named.next().unwrap_or_default()))
            .collect();
        let mut said = String::new();
        for (text, _) in &pieces {
            let blank = said.is_empty() || text.starts_with(|c: char| !c.is_alphanumeric());
            if blank {
                said.truncate(said.trim_end().len());
            }
            said.push_str(text);
        }
        Self {
            numbers: pieces
                .iter()
                .flat_map(|(_, numbers)| numbers.clone())
                .collect(),
            said: said.trim().to_owned(),
            pieces,
        }
    }

    /// Returns the sentence with a marker wherever the model had a verified one. If none was
    /// verified, the verified passages follow at the last marker.
    pub fn with_markers(&self, verified: &BTreeSet<i32>) -> String {
        let right = !self.numbers.is_disjoint(verified);
        let markers = self.pieces.len().saturating_sub(1);
        let mut shown = String::new();
        let mut seen = BTreeSet::new();
        // White space before a removed marker.
        let mut blanks = String::new();
        for (at, (text, numbers)) in self.pieces.iter().enumerate() {
            shown.push_str(if shown.is_empty() {
                text.trim_start()
            } else {
                text
            });
            if at == markers {
                break;
            }
            let kept: BTreeSet<i32> = match right {
                true => numbers.intersection(verified).copied().collect(),
                false if at + 1 == markers => verified.clone(),
                false => BTreeSet::new(),
            };
            let new: Vec<String> = kept
                .into_iter()
                .filter(|number| seen.insert(*number))
                .map(|number| number.to_string())
                .collect();
            if new.is_empty() {
                blanks.push_str(&shown.split_off(shown.trim_end().len()));
            } else {
                if text.is_empty() {
                    shown.push_str(&blanks);
                }
                blanks.clear();
                shown.extend(["[", &new.join(", "), "]"]);
            }
        }
        shown.trim_end().to_owned()
    }
}

/// Replaces a marker while a sentence is cleaned; no model's text contains it.
pub(super) const SIGN: char = '\u{fffc}';
