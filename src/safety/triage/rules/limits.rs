//! The limits of readings that are the same for everybody, or depend on the age alone.
//!
//! They follow NEWS2 (Royal College of Physicians, 2017), NICE NG143 (fever in children) and the
//! usual definition of hypothermia.

use crate::domain::emergency::{Category, Level};

/// The category and the level that a number means, and the stable id of the rule.
pub type Verdict = (Category, Level, &'static str);

/// The age below which fever is an emergency.
const YOUNG_MONTHS: f64 = 3.0;
const INFANT_MONTHS: f64 = 12.0;

/// Oxygen saturation in per cent.
pub fn saturation(value: f64) -> Option<Verdict> {
    match value {
        50.0..92.0 => Some((
            Category::Breathing,
            Level::Emergency,
            "reading.saturation.low",
        )),
        92.0..=94.0 => Some((
            Category::Breathing,
            Level::Urgent,
            "reading.saturation.reduced",
        )),
        _ => None,
    }
}

/// Temperature in degrees Celsius or Fahrenheit, with the age in months of a child.
pub fn temperature(value: f64, age: Option<f64>) -> Option<Verdict> {
    let celsius = if (85.0..=112.0).contains(&value) {
        (value - 32.0) / 1.8
    } else {
        value
    };
    let young = age.is_some_and(|age| age < YOUNG_MONTHS);
    let infant = age.is_some_and(|age| age < INFANT_MONTHS);
    match celsius {
        24.0..35.0 => Some((
            Category::Exposure,
            Level::Emergency,
            "reading.temperature.low",
        )),
        38.0..=43.0 if young => Some((
            Category::Infant,
            Level::Emergency,
            "reading.temperature.young",
        )),
        41.0..=43.5 => Some((
            Category::Exposure,
            Level::Emergency,
            "reading.temperature.extreme",
        )),
        39.0..=43.0 if infant => Some((
            Category::Infant,
            Level::Urgent,
            "reading.temperature.infant",
        )),
        39.5..=43.0 => Some((Category::Sepsis, Level::Urgent, "reading.temperature.high")),
        _ => None,
    }
}

/// Breaths a minute.
pub fn respiration(value: f64, age: Option<f64>) -> Option<Verdict> {
    let (fast, very_fast) = if age.is_some() {
        (50.0, 60.0)
    } else {
        (25.0, 30.0)
    };
    match value {
        3.0..=8.0 => Some((
            Category::Breathing,
            Level::Emergency,
            "reading.respiration.slow",
        )),
        _ if value >= very_fast && value <= 120.0 => Some((
            Category::Breathing,
            Level::Emergency,
            "reading.respiration.fast",
        )),
        _ if value >= fast && value < very_fast => Some((
            Category::Breathing,
            Level::Urgent,
            "reading.respiration.raised",
        )),
        _ => None,
    }
}

/// Heartbeats a minute.
pub fn pulse(value: f64, age: Option<f64>) -> Option<Verdict> {
    match value {
        20.0..=35.0 => Some((Category::ChestPain, Level::Emergency, "reading.pulse.slow")),
        150.0..=280.0 if age.is_none() => {
            Some((Category::ChestPain, Level::Emergency, "reading.pulse.fast"))
        }
        130.0..150.0 if age.is_none() => {
            Some((Category::ChestPain, Level::Urgent, "reading.pulse.raised"))
        }
        _ => None,
    }
}
