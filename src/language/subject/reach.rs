//! The texts that decide what a unit is about.

use super::asking::restricts;
use crate::language::lists::Words;
use crate::language::spoken;
use crate::language::units::{Kind, Section, Unit};

/// The texts that are read together with a unit.
pub(super) struct Reach<'a> {
    pub title: &'a str,
    pub above: String,
    pub own: &'a str,
    section: &'a Section,
    unit: &'a Unit,
}

impl<'a> Reach<'a> {
    pub fn of(section: &'a Section, unit: &'a Unit) -> Self {
        Self {
            title: &section.title,
            above: unit.above.join("\n"),
            own: &unit.text,
            section,
            unit,
        }
    }

    /// Returns the other sentences of the paragraph.
    pub fn near(&self) -> String {
        let unit = self.unit;
        self.joined(|other| {
            unit.kind == Kind::Sentence && other.kind == Kind::Sentence && other.block == unit.block
        })
    }

    /// Returns the other units under the same lines.
    pub fn around(&self) -> String {
        self.joined(|other| other.kind != Kind::Row)
    }

    fn joined(&self, belongs: impl Fn(&Unit) -> bool) -> String {
        let others = self.section.units.iter().filter(|other| belongs(other));
        let texts: Vec<&str> = others.map(|other| other.text.as_str()).collect();
        texts.join("\n")
    }

    pub fn restricts(&self) -> bool {
        restricts(self.own) || restricts(&self.above)
    }

    /// Whether there is a number with its unit, here or above, or a word for a frequency. An age does
    /// not count.
    pub fn has_quantity(&self) -> bool {
        let own = self
            .own
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_in = |words: &Words, text: &str| {
            let plain = text.to_lowercase();
            let mut found = plain.split(|c: char| !c.is_alphabetic());
            found.any(|word| words.contains(word))
        };
        let amounts = &spoken().amounts;
        is_in(&amounts.often, own)
            || ((own.contains(|c: char| c.is_ascii_digit()) || is_in(&amounts.few, own))
                && (is_in(&amounts.measures, own) || is_in(&amounts.measures, &self.above)))
    }
}
