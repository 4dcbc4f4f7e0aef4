//! Checks whether the configured models still exist, by asking each provider for its list of
//! models.
//!
//! Only OpenAI's list contains future shutdowns. So this file also contains the shutdowns that were
//! announced when the release was made; a date in a list takes precedence.

use std::time::Duration;

use chrono::NaiveDate;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    LlmConfig, LlmError, ProviderConfig, ProviderKind, anthropic, capabilities, openai, wire,
};

/// The deadline for one provider's list.
const DEADLINE: Duration = Duration::from_secs(10);
/// The most bytes of a list; OpenAI's has some tens of thousands.
const MAX_LIST: usize = 4 * 1024 * 1024;

/// Announced shutdowns, from the deprecation pages of Anthropic, Google and OpenAI, read on 27
/// November 2026: a family, its last day (year, month, day) and its named successor.
const SHUTDOWNS: [(&str, (i32, u32, u32), &str); 12] = [
    ("claude-sonnet-4-5", (2026, 11, 30), "claude-sonnet-5-5"),
    ("gemini-2.5-flash", (2026, 12, 1), "gemini-3.5-flash-lite"),
    ("gemini-2.5-pro", (2026, 12, 1), "gemini-3.8-flash"),
    (
        "gemini-3.1-flash-lite",
        (2027, 5, 7),
        "gemini-3.5-flash-lite",
    ),
    ("gpt-4.1", (2027, 1, 14), "gpt-6-luna"),
    ("gpt-4.1-mini", (2027, 1, 14), "gpt-6-luna"),
    ("gpt-4o", (2027, 1, 14), "gpt-6-luna"),
    ("gpt-4o-mini", (2027, 1, 14), "gpt-6-luna"),
    ("gpt-5", (2026, 12, 11), "gpt-6.1-sol"),
    ("gpt-5-mini", (2026, 12, 11), "gpt-6.1-terra"),
    ("gpt-5-nano", (2026, 12, 11), "gpt-6-luna"),
    ("claude-opus-4-1", (2026, 8, 5), "claude-opus-5-5"),
];

/// A configured model and the result of its check.
#[derive(Clone, Debug)]
pub struct ModelCheck {
    pub provider: &'static str,
    pub model: String,
    pub state: ModelState,
    /// The last day, if one was announced, and the successor, if one was named.
    pub shutdown: Option<(NaiveDate, Option<&'static str>)>,
}

/// The provider's answer about a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelState {
    Listed,
    /// The provider answered, and has no model of this name.
    Unknown,
    /// The provider could not be asked.
    Unasked(LlmError),
}

impl ModelCheck {
    /// Whether the model can be used today and has no announced end.
    pub fn is_fine(&self) -> bool {
        self.state == ModelState::Listed && self.shutdown.is_none()
    }
}

/// Asks each provider in use, in the order of the configuration.
///
/// # Errors
///
/// [`LlmError::Transport`] if no HTTP client can be built.
pub async fn check_models(config: &LlmConfig) -> Result<Vec<ModelCheck>, LlmError> {
    let http = wire::client(&config.deadlines)?;
    let mut checks = Vec::new();
    for kind in config.usable() {
        let settings = config.of(kind);
        let listed = timeout(DEADLINE, list(kind, settings, &http)).await;
        let listed = listed.unwrap_or(Err(LlmError::TotalTimeout));
        let (state, date) = match listed {
            Err(error) => (ModelState::Unasked(error), None),
            Ok(models) => match models
                .into_iter()
                .find(|listed| is(listed, &settings.model))
            {
                None => (ModelState::Unknown, None),
                Some(listed) => (ModelState::Listed, listed.shutdown_date),
            },
        };
        let announced = announced(&settings.model);
        checks.push(ModelCheck {
            provider: kind.as_str(),
            model: settings.model.clone(),
            state,
            shutdown: match (date, announced) {
                (Some(date), _) => Some((date, announced.map(|(_, successor)| successor))),
                (None, Some((date, successor))) => Some((date, Some(successor))),
                (None, None) => None,
            },
        });
    }
    Ok(checks)
}

/// A model in a list. Anthropic and OpenAI name it in `id`; a date announces its shutdown.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    shutdown_date: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

async fn list(
    kind: ProviderKind,
    settings: &ProviderConfig,
    http: &reqwest::Client,
) -> Result<Vec<Listed>, LlmError> {
    let none = SecretString::default();
    let key = settings.api_key.as_ref().unwrap_or(&none);
    let request = if kind == ProviderKind::Anthropic {
        let url = anthropic::url(settings, "models?limit=1000");
        anthropic::authorised(http.get(url), key)
    } else {
        openai::authorised(http.get(format!("{}/models", openai::base(settings))), key)
    };
    let mut response = request.send().await.map_err(|_| LlmError::Transport)?;
    if !response.status().is_success() {
        return Err(wire::refusal(response).await);
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| LlmError::Transport)? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_LIST {
            return Err(LlmError::Oversized);
        }
    }
    let list: List = serde_json::from_slice(&body).map_err(|_| LlmError::Malformed)?;
    Ok(list.data)
}

/// Compares names; Google writes `models/gemini-…`, and some servers add a tag.
fn is(listed: &Listed, model: &str) -> bool {
    let (listed, model) = (capabilities::bare(&listed.id), capabilities::bare(model));
    listed == model || listed.strip_suffix(":latest") == Some(model)
}

/// Returns the announced shutdown of this model.
fn announced(model: &str) -> Option<(NaiveDate, &'static str)> {
    let model = capabilities::bare(model);
    SHUTDOWNS
        .into_iter()
        .filter(|(name, ..)| is_snapshot(model, name))
        .find_map(|(_, (year, month, day), successor)| {
            Some((NaiveDate::from_ymd_opt(year, month, day)?, successor))
        })
}

/// Whether the name is the model itself or one of its dated snapshots (`gpt-4.1-mini-2025-04-14`).
fn is_snapshot(model: &str, name: &str) -> bool {
    model.strip_prefix(name).is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|date| {
                date.starts_with("20") && date.chars().all(|c| c.is_ascii_digit() || c == '-')
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn an_announced_end_is_that_of_the_model_and_its_snapshots() {
        let end = |model| announced(model).map(|(date, _)| date);
        assert_eq!(end("claude-sonnet-4-5"), Some(day(2026, 11, 30)));
        assert_eq!(end("claude-sonnet-4-5-20250929"), Some(day(2026, 11, 30)));
        assert_eq!(end("models/gemini-2.5-flash"), Some(day(2026, 12, 1)));
        assert_eq!(end("gemini-2.5-flash-lite"), None);
        assert_eq!(end("gpt-4.1-mini-2025-04-14"), Some(day(2027, 1, 14)));
        assert_eq!(end("gpt-5.6"), None);
    }

    #[test]
    fn no_default_has_an_announced_end() {
        let config = LlmConfig::default();
        for settings in [&config.gemini, &config.anthropic, &config.openai] {
            assert_eq!(announced(&settings.model), None, "{}", settings.model);
        }
    }

    #[test]
    fn lists_are_read_as_their_makers_write_them() {
        let read = |json: &str| serde_json::from_str::<List>(json).unwrap().data;
        let openai = read(
            r#"{"object":"list","data":[{"id":"gpt-6-luna","object":"model","created":1,"owned_by":"system","shutdown_date":null},{"id":"gpt-4.1-mini","object":"model","created":1,"owned_by":"system","shutdown_date":"2027-01-14"}]}"#,
        );
        assert_eq!(openai[0].shutdown_date, None);
        assert_eq!(openai[1].shutdown_date, Some(day(2027, 1, 14)));
        let google = read(
            r#"{"object":"list","data":[{"id":"models/gemini-3.5-flash-lite","object":"model","owned_by":"google"}]}"#,
        );
        assert!(is(&google[0], "gemini-3.5-flash-lite"));
        let anthropic = read(
            r#"{"data":[{"type":"model","id":"claude-sonnet-5-5","display_name":"Claude Sonnet 5.5","created_at":"2026-09-28T00:00:00Z"}],"has_more":false,"first_id":"claude-sonnet-5-5","last_id":"claude-sonnet-5-5"}"#,
        );
        assert!(is(&anthropic[0], "claude-sonnet-5-5"));
        let ollama = read(r#"{"object":"list","data":[{"id":"gemma3:latest","object":"model"}]}"#);
        assert!(is(&ollama[0], "gemma3"));
    }
}
