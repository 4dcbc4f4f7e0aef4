//! Readings of devices, ages, and other numbers that decide.
//!
//! The numbers and their limits are the same in every language; each language names the words around
//! them. Limits follow NEWS2 (Royal College of Physicians, 2017), NICE NG143 (fever in children),
//! NG133 (hypertension in pregnancy) and the hypoglycaemia levels of the ADA.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::limits::{Verdict, pulse, respiration, saturation, temperature};
use super::patterns::{GroupId, Places};
use super::text::Text;
use crate::domain::emergency::{Category, Level};

/// The meaning that the words around a number give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// The number is a measured oxygen saturation.
    Saturation,
    Temperature,
    Glucose,
    /// Breaths a minute.
    Respiration,
    Pressure,
    Pulse,
    /// The word between two pressures: "120 over 80".
    Over,
    /// The number counts tablets.
    Tablets,
    Swallowed,
    /// A dose as it is prescribed: "a day".
    Prescribed,
    Day,
    Week,
    Month,
    Year,
    /// After an age: "old".
    Old,
    Infant,
    /// A child in its first weeks, without a number.
    Newborn,
    Pregnant,
    /// A unit after a number that is none of these readings: hours, millilitres.
    OtherUnit,
    MgPerDl,
    MmolPerL,
    /// Glucose is measured in grams a litre, as in French.
    GramsPerL,
    /// A meter beyond its range shows these instead of a number.
    MeterHigh,
    MeterLow,
    /// Signs that make a high glucose an emergency.
    Drowsy,
    /// Signs that make a high blood pressure an emergency.
    Strain,
}

/// The cues of a language.
pub type Cues = BTreeMap<Cue, GroupId>;

/// A number that decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub token: usize,
    pub category: Category,
    pub level: Level,
    pub rule: &'static str,
}

const MEASURES: [Cue; 6] = [
    Cue::Saturation,
    Cue::Temperature,
    Cue::Glucose,
    Cue::Respiration,
    Cue::Pressure,
    Cue::Pulse,
];
/// How many words before a number its name may stand, and how many after it.
const BEFORE: usize = 6;
const AFTER: usize = 4;
const DAYS_PER_MONTH: f64 = 30.44;
const WEEKS_PER_MONTH: f64 = 4.345;

/// A message, read for the numbers of one language.
pub struct Numbers<'a> {
    pub text: &'a Text,
    pub places: &'a Places,
    pub cues: &'a Cues,
}

impl Numbers<'_> {
    /// Every number that is a sign.
    pub fn signs(&self) -> Vec<Reading> {
        let age = self.age_months();
        let numbers = self.text.tokens.iter().enumerate();
        let numbers = numbers.filter_map(|(at, token)| Some((at, token.number?)));
        let readings = numbers.filter_map(|(at, value)| {
            let (category, level, rule) = self.judge(at, value, age)?;
            Some(Reading {
                token: at,
                category,
                level,
                rule,
            })
        });
        readings.chain(self.beyond_the_meter()).collect()
    }

    /// The age in months of the youngest child that the message tells of.
    pub fn age_months(&self) -> Option<f64> {
        let numbers = self.text.tokens.iter().enumerate();
        let numbers = numbers.filter_map(|(at, token)| Some((at, token.number?)));
        let ages = numbers.filter_map(|(at, value)| self.age_at(at, value));
        let newborn = self
            .cues
            .get(&Cue::Newborn)
            .filter(|group| !self.places.of(**group).is_empty());
        ages.chain(newborn.map(|_| 0.0)).min_by(f64::total_cmp)
    }

    fn age_at(&self, at: usize, value: f64) -> Option<f64> {
        let months = [
            (Cue::Day, 1.0 / DAYS_PER_MONTH),
            (Cue::Week, 1.0 / WEEKS_PER_MONTH),
            (Cue::Month, 1.0),
            (Cue::Year, 12.0),
        ];
        let (unit, factor) = months
            .into_iter()
            .find(|(unit, _)| self.is_after(*unit, at, 1))?;
        let is_age = self.is_near(Cue::Old, at, 0, 3) || self.is_near(Cue::Infant, at, 4, 4);
        let of_pregnancy = self.is_near(Cue::Pregnant, at, 5, 5);
        // A day is more often a duration than an age.
        let plausible = unit != Cue::Day || value <= 90.0;
        (is_age && plausible && !of_pregnancy).then_some(value * factor)
    }

    fn judge(&self, at: usize, value: f64, age: Option<f64>) -> Option<Verdict> {
        if let Some(sign) = self.tablets(at, value) {
            return Some(sign);
        }
        // A reading is in digits: "one" and "ten" are said of much else.
        let in_digits =
            |token: &super::text::Token| token.text.starts_with(|c: char| c.is_ascii_digit());
        if !self.text.tokens.get(at).is_some_and(in_digits) {
            return None;
        }
        let other = [Cue::Day, Cue::Week, Cue::Month, Cue::Year, Cue::OtherUnit];
        let is_other = other.iter().any(|unit| self.is_after(*unit, at, 1));
        if is_other && !self.is_after(Cue::MgPerDl, at, 0) {
            return None;
        }
        match self.measure(at)? {
            Cue::Saturation => saturation(value),
            Cue::Temperature => temperature(value, age),
            Cue::Glucose => self.glucose(at, value),
            Cue::Respiration => respiration(value, age),
            Cue::Pressure => self.pressure(at, value),
            Cue::Pulse => pulse(value, age),
            _ => None,
        }
    }

    /// The thing that is measured: the nearest name, better before the number than after it.
    fn measure(&self, at: usize) -> Option<Cue> {
        let distances = MEASURES.into_iter().filter_map(|cue| {
            let group = *self.cues.get(&cue)?;
            let sentence = self.text.tokens.get(at)?.sentence;
            let near = self
                .places
                .within(group, at.saturating_sub(BEFORE), at + AFTER);
            let near = near.iter().filter(|place| {
                self.text
                    .tokens
                    .get(place.first)
                    .map(|token| token.sentence)
                    == Some(sentence)
            });
            let distances = near.map(|place| {
                if place.first <= at {
                    at - place.last.min(at)
                } else {
                    2 * (place.first - at)
                }
            });
            Some((distances.min()?, cue))
        });
        distances.min().map(|(_, cue)| cue)
    }

    fn glucose(&self, at: usize, value: f64) -> Option<Verdict> {
        let in_mg = self.is_near(Cue::MgPerDl, at, 0, 3);
        let in_mmol = self.is_near(Cue::MmolPerL, at, 0, 3);
        let in_grams = self.cues.contains_key(&Cue::GramsPerL) && !in_mmol && value < 8.0;
        let (value, in_mg) = if in_grams {
            (value * 100.0, true)
        } else {
            (value, in_mg)
        };
        let drowsy = self.has(Cue::Drowsy);
        // Without a unit, a number from 21 to 35 is too low in one and high in the other.
        let (low, high) = match (in_mg, in_mmol) {
            (true, _) => ((5.0..54.0).contains(&value), value > 360.0),
            (_, true) => (value < 3.0, value > 20.0),
            _ if value > 35.0 => (value < 54.0, value > 360.0),
            _ => (value < 3.0, value > 20.0),
        };
        let unclear = !in_mg && !in_mmol && (20.0..=35.0).contains(&value) && value.fract() == 0.0;
        match (low, high) {
            _ if !(0.5..=1500.0).contains(&value) => None,
            (true, _) => Some((Category::Diabetic, Level::Emergency, "reading.glucose.low")),
            (_, true) if drowsy => {
                Some((Category::Diabetic, Level::Emergency, "reading.glucose.high"))
            }
            _ if unclear && drowsy => {
                Some((Category::Diabetic, Level::Emergency, "reading.glucose.low"))
            }
            (_, true) => Some((Category::Diabetic, Level::Urgent, "reading.glucose.high")),
            _ => None,
        }
    }

    /// Reads the upper pressure; the lower one follows after a slash or a word.
    fn pressure(&self, at: usize, upper: f64) -> Option<Verdict> {
        let next = self.text.tokens.get(at + 1)?;
        let lower = match next.number {
            Some(lower) if next.after_slash => lower,
            _ if self.is_after(Cue::Over, at, 0) => self.text.tokens.get(at + 2)?.number?,
            _ => return None,
        };
        // Centimetres of mercury are said in French, Spanish and Portuguese: "18 por 11".
        let scale = if upper <= 30.0 && lower <= 20.0 {
            10.0
        } else {
            1.0
        };
        let (upper, lower) = (upper * scale, lower * scale);
        if !(40.0..=300.0).contains(&upper) || !(20.0..=200.0).contains(&lower) || lower >= upper {
            return None;
        }
        let strain = self.has(Cue::Strain);
        if self.has(Cue::Pregnant) && (upper >= 140.0 || lower >= 90.0) {
            let severe = upper >= 160.0 || lower >= 110.0 || strain;
            let level = if severe {
                Level::Emergency
            } else {
                Level::Urgent
            };
            return Some((Category::Pregnancy, level, "reading.pressure.pregnant"));
        }
        if upper >= 180.0 || lower >= 120.0 {
            let level = if strain {
                Level::Emergency
            } else {
                Level::Urgent
            };
            return Some((Category::Stroke, level, "reading.pressure.high"));
        }
        (upper <= 80.0).then_some((Category::Sepsis, Level::Emergency, "reading.pressure.low"))
    }

    fn tablets(&self, at: usize, value: f64) -> Option<Verdict> {
        let counted = self.is_near(Cue::Tablets, at, 0, 3);
        let swallowed = self.is_near(Cue::Swallowed, at, 10, 8);
        let prescribed = self.is_near(Cue::Prescribed, at, 10, 10);
        let is_dose = self.is_after(Cue::OtherUnit, at, 0);
        (counted && !is_dose && swallowed && !prescribed && (10.0..=500.0).contains(&value))
            .then_some((Category::Overdose, Level::Emergency, "reading.tablets"))
    }

    /// A meter that shows "HI" or "LO".
    fn beyond_the_meter(&self) -> impl Iterator<Item = Reading> {
        let shown = [
            (Cue::MeterLow, "reading.glucose.meter_low"),
            (Cue::MeterHigh, "reading.glucose.meter_high"),
        ];
        shown.into_iter().filter_map(|(cue, rule)| {
            let group = *self.cues.get(&cue)?;
            let mut places = self.places.of(group).iter();
            let shown = places.find(|place| self.is_near(Cue::Glucose, place.first, 8, 8))?;
            Some(Reading {
                token: shown.first,
                category: Category::Diabetic,
                level: Level::Emergency,
                rule,
            })
        })
    }

    fn has(&self, cue: Cue) -> bool {
        self.cues
            .get(&cue)
            .is_some_and(|group| !self.places.of(*group).is_empty())
    }

    /// Whether a cue begins right after a token, or up to `room` tokens later.
    fn is_after(&self, cue: Cue, at: usize, room: usize) -> bool {
        // An adjoining number ends what the first one counts: "38.5 3 days".
        let next = self.text.tokens.get(at + 1);
        let room = if next.is_some_and(|next| next.number.is_some()) {
            0
        } else {
            room
        };
        self.is_between(cue, at, at + 1, at + 1 + room)
    }

    /// Whether a cue stands around a token in its sentence.
    fn is_near(&self, cue: Cue, at: usize, before: usize, after: usize) -> bool {
        self.is_between(cue, at, at.saturating_sub(before), at + after)
    }

    fn is_between(&self, cue: Cue, at: usize, from: usize, to: usize) -> bool {
        let sentence = |token: usize| self.text.tokens.get(token).map(|token| token.sentence);
        self.cues.get(&cue).is_some_and(|group| {
            let mut near = self.places.within(*group, from, to).iter();
            near.any(|place| sentence(place.first) == sentence(at))
        })
    }
}
