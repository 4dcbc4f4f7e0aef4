//! The `safety` section: the contacts that people are told to call, further rules of triage, and the
//! organisation's own replies.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest label in characters, and the most digits of a number that can be dialled (ITU-T
/// E.164).
const MAX_LABEL: usize = 100;
const MAX_DIGITS: usize = 15;

/// The services that prepared texts name, and the organisation's rules of triage. An empty service is
/// left out or described in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SafetyConfig {
    pub emergency: ContactConfig,
    pub crisis_line: ContactConfig,
    pub poison_centre: ContactConfig,
    pub urgent_advice_line: ContactConfig,
    /// Files of triage rules that count beside those of the product.
    pub triage_rules: Vec<PathBuf>,
    /// Files of replies that replace those of the product.
    pub replies: Vec<PathBuf>,
}

/// A service's label in a sentence, and its telephone number. A number without a label gets one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactConfig {
    pub label: String,
    #[serde(deserialize_with = "number")]
    pub number: String,
}

/// Accepts a number without quotes as well.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Text(String),
        Digits(u64),
    }
    let expected = "a telephone number in quotes, or empty quotes";
    Number::deserialize(deserializer)
        .map(|number| match number {
            Number::Text(text) => text,
            Number::Digits(digits) => digits.to_string(),
        })
        .map_err(|_| D::Error::custom(format!("expected {expected}")))
}

impl Default for SafetyConfig {
    fn default() -> Self {
        Self {
            emergency: ContactConfig {
                label: "your local emergency number".into(),
                number: String::new(),
            },
            crisis_line: ContactConfig::default(),
            poison_centre: ContactConfig::default(),
            urgent_advice_line: ContactConfig::default(),
            triage_rules: Vec::new(),
            replies: Vec::new(),
        }
    }
}

impl SafetyConfig {
    /// Returns the first key whose value cannot be used, and the reason.
    pub(super) fn wrong(&self) -> Option<(String, String)> {
        [
            ("emergency", &self.emergency),
            ("crisis_line", &self.crisis_line),
            ("poison_centre", &self.poison_centre),
            ("urgent_advice_line", &self.urgent_advice_line),
        ]
        .into_iter()
        .find_map(|(name, contact)| {
            let (key, wrong) = contact.wrong()?;
            Some((format!("safety.{name}.{key}"), wrong))
        })
    }
}

impl ContactConfig {
    fn wrong(&self) -> Option<(&'static str, String)> {
        let Self { label, number } = self;
        if label.chars().count() > MAX_LABEL || label.contains(char::is_control) {
            let expected = format!("is not one line of at most {MAX_LABEL} characters");
            return Some(("label", expected));
        }
        if !number.is_empty() && !can_be_dialled(number) {
            let expected = format!(
                "is \"{number}\": expected a telephone number of 2 to {MAX_DIGITS} digits, with spaces, hyphens, brackets and a leading + where you like, or nothing"
            );
            return Some(("number", expected));
        }
        None
    }
}

/// Whether a telephone can dial this number, including short codes such as 112.
fn can_be_dialled(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let rest = number.strip_prefix('+').unwrap_or(number);
    (2..=MAX_DIGITS).contains(&digits)
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them_can_be_dialled() {
        for number in [
            "112",
            "15",
            "116 117",
            "+44 20 7946 0018",
            "(01) 406-43-43",
            "0800-1110",
        ] {
            assert!(can_be_dialled(number), "{number}");
        }
        for number in [
            "1",
            "call us",
            "1-800-HELP",
            "112 or 144",
            "11+2",
            "tel:112",
            "+",
            "1234567890123456",
            "١١٢",
            "112\n",
        ] {
            assert!(!can_be_dialled(number), "{number}");
        }
    }
}
