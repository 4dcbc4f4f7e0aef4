//! `CHATBOT__SECTION__KEY`, and misspelt variants of it.
//!
//! A misspelt setting would be silently ignored, so it is refused with the nearest name.
//! `CHATBOT__` belongs to this program. Names with a single underscore may belong to others:
//! scripts use some, and Kubernetes sets `CHATBOT_PORT` for a Service `chatbot`. Such a name is
//! refused only if it is a setting or the end of one, with at most a slip or two, or if it contains
//! a double underscore.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::iter::successors;

use figment::providers::Serialized;
use figment::value::{Dict, Value};
use serde::Serialize;
use strsim::{damerau_levenshtein, normalized_damerau_levenshtein};

use super::error::ConfigError;
use super::well_known::Setting;

const PREFIX: &str = "CHATBOT__";
/// The prefix of all names of this program, including those that are not settings.
const OURS: &str = "CHATBOT_";
/// Names that are not settings but are read by the configuration or the command line.
const OTHERS: [&str; 5] = [
    "CHATBOT_API_KEY",
    "CHATBOT_CONFIG",
    "CHATBOT_DATA_DIR",
    "CHATBOT_RAG_URL",
    "CHATBOT_URL",
];
/// The beginnings of the values that Kubernetes sets for a Service.
const SERVICE_LINKS: [&str; 2] = ["tcp://", "udp://"];
/// The most letters by which a name with a single underscore may differ from a setting, and the
/// length that the name needs for each of them, because most short names resemble others.
const SLIPS: usize = 2;
const LETTERS_A_SLIP: usize = 4;
/// The least similarity of a suggestion; a name with the same last part counts as more similar.
const ALIKE: f64 = 0.5;
const SAME_KEY: f64 = 0.3;

/// Reads the settings in these variables, each with the name of its variable.
pub(super) fn values(
    variables: impl Iterator<Item = (OsString, OsString)>,
    defaults: &impl Serialize,
) -> Result<Vec<Setting<Value>>, ConfigError> {
    let known = known(defaults)?;
    let mut values = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        let upper = name.to_ascii_uppercase();
        if let Some(key) = upper.strip_prefix(PREFIX) {
            let key = key.to_ascii_lowercase().replace("__", ".");
            let default = known.get(&key).ok_or_else(|| unknown(name, &known))?;
            let Some(value) = value.to_str() else {
                return Err(ConfigError::Invalid(format!("{name} is not valid UTF-8.")));
            };
            values.push(Setting {
                variable: name.to_owned(),
                value: Serialized::default(&key, read(value, default)),
            });
        } else if is_misspelt(&upper, value.to_str().unwrap_or_default(), &known) {
            return Err(unknown(name, &known));
        }
    }
    Ok(values)
}

/// Keeps texts as written, so that a telephone number keeps its leading zero.
fn read(text: &str, default: &Value) -> Value {
    match default {
        // A setting that may be absent is a secret.
        Value::String(..) | Value::Empty(..) if !text.starts_with('"') => Value::from(text),
        // The parser treats everything it does not understand as text.
        _ => text.parse().unwrap_or_else(|never| match never {}),
    }
}

/// Returns every key with its default, including sections.
fn known(defaults: &impl Serialize) -> Result<BTreeMap<String, Value>, ConfigError> {
    let defaults =
        Value::serialize(defaults).map_err(|error| ConfigError::Invalid(error.to_string()))?;
    let mut known = BTreeMap::new();
    if let Value::Dict(_, sections) = defaults {
        collect("", sections, &mut known);
    }
    Ok(known)
}

fn collect(before: &str, dict: Dict, known: &mut BTreeMap<String, Value>) {
    for (key, value) in dict {
        let path = format!("{before}{key}");
        if let Value::Dict(_, inner) = &value {
            collect(&format!("{path}."), inner.clone(), known);
        }
        known.insert(path, value);
    }
}

/// Whether a name without the prefix is a misspelt setting.
fn is_misspelt(name: &str, value: &str, known: &BTreeMap<String, Value>) -> bool {
    let Some(rest) = name.strip_prefix(OURS) else {
        return false;
    };
    let linked = SERVICE_LINKS.iter().any(|start| value.starts_with(start));
    if OTHERS.contains(&name) || linked {
        return false;
    }
    let plain = rest.replace("__", "_");
    rest.contains("__")
        || names(known).any(|known| {
            let ends = successors(Some(own(&known)), |end| Some(end.split_once("__")?.1));
            let mut ends = ends.map(|end| end.replace("__", "_"));
            let whole = ends.next().unwrap_or_default();
            let slips = (whole.len() / LETTERS_A_SLIP).min(SLIPS);
            damerau_levenshtein(&whole, &plain) <= slips || ends.any(|end| end == plain)
        })
}

/// Removes the prefix that all names of this program share.
fn own(name: &str) -> &str {
    let own = name.strip_prefix(OURS).unwrap_or(name);
    own.trim_start_matches('_')
}

fn names(known: &BTreeMap<String, Value>) -> impl Iterator<Item = String> {
    let settings = known.iter();
    let settings = settings.filter(|(_, default)| !matches!(default, Value::Dict(..)));
    let settings =
        settings.map(|(key, _)| format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase()));
    settings.chain(OTHERS.map(str::to_owned))
}

fn unknown(name: &str, known: &BTreeMap<String, Value>) -> ConfigError {
    let upper = name.to_ascii_uppercase();
    let last = |name: &str| name.rsplit("__").next().map(str::to_owned);
    let alike = |known: &str| {
        let same = last(own(known)) == last(own(&upper));
        normalized_damerau_levenshtein(own(known), own(&upper)) + if same { SAME_KEY } else { 0.0 }
    };
    let nearest = names(known)
        .map(|known| (alike(&known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    ConfigError::Invalid(match nearest {
        Some((_, nearest)) => {
            format!("{name} is not a setting: did you mean {nearest}? Rename it, or unset it.")
        }
        None => format!(
            "{name} is not a setting: `chatbot config show` prints every key, and {PREFIX}SECTION__KEY sets it."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn refusal(name: &str, value: &str) -> Option<String> {
        let variable = (name.into(), value.into());
        let values = values(std::iter::once(variable), &Config::default());
        values.err().map(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_name_is_refused_with_the_nearest_one() {
        for (name, meant) in [
            ("CHATBOT__SERVER__PRT", "CHATBOT__SERVER__PORT"),
            ("CHATBOT__SERVER_PORT", "CHATBOT__SERVER__PORT"),
            ("CHATBOT_SERVER__PORT", "CHATBOT__SERVER__PORT"),
            ("CHATBOT_SERVER_PORT", "CHATBOT__SERVER__PORT"),
            ("CHATBOT__PORT", "CHATBOT__SERVER__PORT"),
            ("CHATBOT__LOG__LEVEL", "CHATBOT__LOG__FILTER"),
            ("CHATBOT__DATABSE__URL", "CHATBOT__DATABASE__URL"),
            (
                "CHATBOT__LLM__OPENAI__APIKEY",
                "CHATBOT__LLM__OPENAI__API_KEY",
            ),
            (
                "CHATBOT__SAFETY__CRISIS__NUMBER",
                "CHATBOT__SAFETY__CRISIS_LINE__NUMBER",
            ),
            ("CHATBOT_PORT", "CHATBOT__SERVER__PORT"),
            ("CHATBOT_LOG_FILTER", "CHATBOT__LOG__FILTER"),
            ("CHATBOT_CONFGI", "CHATBOT_CONFIG"),
            ("CHATBOT_APIKEY", "CHATBOT_API_KEY"),
            ("chatbot__server__prt", "CHATBOT__SERVER__PORT"),
        ] {
            let said = refusal(name, "1").unwrap_or_default();
            let expected = format!("{name} is not a setting: did you mean {meant}?");
            assert!(said.starts_with(&expected), "{said}");
        }
        let said = refusal("CHATBOT__QQQQ", "1").unwrap();
        assert!(said.contains("`chatbot config show`"), "{said}");
    }

    #[test]
    fn names_of_other_programs_are_ignored() {
        for (name, value) in [
            ("CHATBOT_CONFIG", "a.toml"),
            ("CHATBOT_TEST_REDIS_URL", "redis://host"),
            ("CHATBOT_FAULT_SECONDS", "60"),
            ("CHATBOT_SERVICE_PORT", "8000"),
            ("CHATBOT_SERVICE_HOST", "10.96.0.7"),
            ("CHATBOT_SERVER_PORT", "tcp://10.96.0.7:8000"),
            ("CHATBOT_PORT", "tcp://10.96.0.7:8000"),
            ("CHATBOT_UI", "https://portal.example"),
            ("CHATBOT_SERVICES_CACHE", "/var/cache"),
            ("CHATBOT_TOOLS", "/opt"),
            ("CHATBOTS__SERVER__PRT", "1"),
            ("PATH", "/bin"),
        ] {
            assert_eq!(refusal(name, value), None);
        }
    }

    #[test]
    fn every_setting_has_a_variable() {
        for name in names(&known(&Config::default()).unwrap()) {
            assert_eq!(refusal(&name, ""), None, "{name}");
        }
    }

    #[test]
    fn texts_are_taken_as_they_are_and_the_rest_is_understood() {
        let text = Value::from("");
        assert_eq!(read("0800 1", &text).as_str(), Some("0800 1"));
        assert_eq!(read("0112", &text).as_str(), Some("0112"));
        assert_eq!(read("\"quoted\"", &text).as_str(), Some("quoted"));
        assert_eq!(read("8001", &Value::from(8000)).to_u128(), Some(8001));
        assert_eq!(read("true", &Value::from(false)).to_bool(), Some(true));
    }
}
