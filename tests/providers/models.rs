//! The models of today on the wire: parameters that each family takes, thoughts that come before the
//! text, refusals, a model that has gone. The shapes follow the documentation of Anthropic, Google
//! and OpenAI of November 2026.

use chatbot::llm::{FinishReason, LlmConfig, LlmError, ModelState, ProviderKind, check_models};
use serde_json::{Value, json};

use super::{alone, answer, begin, chain, nobody, second, with};
use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Role, Setup, System};
use crate::support::until;

/// The body that this model is asked with.
async fn asked(kind: ProviderKind, model: &str) -> Value {
    let dialect = match kind {
        ProviderKind::Anthropic => Dialect::Anthropic,
        _ => Dialect::OpenAi,
    };
    let provider = Provider::start([Script::answer(dialect, &["Yes."])]).await;
    let mut config = with(nobody(), dialect, &provider.url);
    if kind == ProviderKind::Gemini {
        config.gemini = std::mem::take(&mut config.openai);
    }
    config.providers = vec![kind];
    for settings in [
        &mut config.gemini,
        &mut config.anthropic,
        &mut config.openai,
    ] {
        model.clone_into(&mut settings.model);
    }
    assert_eq!(answer(&chain(&config)).await.0, "Yes.");
    provider.requests().remove(0).body
}

fn absent(body: &Value, names: &[&str]) {
    for name in names {
        assert!(body.get(name).is_none(), "{name} in {body}");
    }
}

#[tokio::test]
async fn the_defaults_are_asked_as_their_makers_want_it() {
    let defaults = LlmConfig::default();

    let claude = asked(ProviderKind::Anthropic, &defaults.anthropic.model).await;
    assert_eq!(claude["thinking"], json!({ "type": "between_tools" }));
    assert_eq!(claude["output_config"], json!({ "effort": "low" }));
    assert_eq!(claude["max_tokens"], 1_200);
    absent(&claude, &["temperature", "top_p", "top_k"]);

    let gemini = asked(ProviderKind::Gemini, &defaults.gemini.model).await;
    assert_eq!(gemini["reasoning_effort"], "minimal");
    assert!(gemini["max_tokens"].as_u64().unwrap() > 1_200);
    absent(
        &gemini,
        &["temperature", "thinking", "max_completion_tokens"],
    );

    let gpt = asked(ProviderKind::Openai, &defaults.openai.model).await;
    assert_eq!(gpt["reasoning_effort"], "none");
    assert_eq!(gpt["max_completion_tokens"], 1_200);
    absent(&gpt, &["temperature", "max_tokens"]);
}

#[tokio::test]
async fn older_and_unknown_models_are_asked_differently() {
    let old = asked(ProviderKind::Anthropic, "claude-sonnet-4-6").await;
    assert!(old["temperature"].is_number());
    absent(&old, &["thinking", "output_config"]);

    let new = asked(ProviderKind::Anthropic, "claude-of-next-year").await;
    assert_eq!(new["output_config"], json!({ "effort": "low" }));
    assert!(new["max_tokens"].as_u64().unwrap() > 4_000);
    absent(&new, &["thinking", "temperature"]);

    // The address is not OpenAI's, so the model is somebody's own.
    let own = asked(ProviderKind::Openai, "gemma3:27b").await;
    assert!(own["max_tokens"].is_number() && own["temperature"].is_number());
    absent(&own, &["max_completion_tokens", "reasoning_effort"]);
}

/// Thoughts, as each provider sends them before the text.
fn thoughts(dialect: Dialect) -> Vec<u8> {
    let events = match dialect {
        Dialect::Anthropic => vec![
            json!({ "type": "message_start", "message": { "usage": { "input_tokens": 11, "output_tokens": 1 } } }),
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "thinking", "thinking": "", "signature": "" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "thinking_delta", "thinking": "A thought." } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "signature_delta", "signature": "c2ln" } }),
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "redacted_thinking", "data": "c2ln" } }),
            json!({ "type": "content_block_stop", "index": 1 }),
            json!({ "type": "content_block_start", "index": 2, "content_block": { "type": "text", "text": "" } }),
        ],
        Dialect::OpenAi => vec![
            json!({ "choices": [{ "delta": { "role": "assistant", "content": null, "reasoning_content": "A thought." } }] }),
            json!({ "choices": [{ "delta": { "reasoning": "A thought.", "reasoning_details": [{ "type": "reasoning.text", "text": "A thought." }] } }] }),
            json!({ "choices": [{ "delta": { "content": "A thought.", "extra_content": { "google": { "thought": true } } } }] }),
        ],
    };
    events
        .iter()
        .flat_map(|event| dialect.event(event))
        .collect()
}

#[tokio::test]
async fn thoughts_before_the_text_are_not_the_answer() {
    for dialect in Dialect::ALL {
        let script = Script::head()
            .send(thoughts(dialect))
            .send(dialect.delta("Because."))
            .send(dialect.ending(dialect.stop()));
        let provider = Provider::start([script]).await;
        let (text, end) = answer(&alone(dialect, &provider)).await;
        assert_eq!(text, "Because.", "{dialect:?}");
        assert_eq!(end.unwrap().1, FinishReason::Stop, "{dialect:?}");
    }
}

/// A refusal before any text.
fn refusal(dialect: Dialect) -> Script {
    match dialect {
        Dialect::Anthropic => Script::begin(dialect, &[]).send(dialect.ending("refusal")),
        Dialect::OpenAi => Script::head()
            .send(dialect.event(&json!({
                "choices": [{ "delta": { "role": "assistant", "refusal": "I cannot help with that." } }],
            })))
            .send(dialect.ending("stop")),
    }
}

#[tokio::test]
async fn nobody_else_is_asked_after_a_refusal() {
    for dialect in Dialect::ALL {
        let provider = Provider::start([refusal(dialect)]).await;
        let behind = second(dialect).await;
        let config = with(nobody(), dialect, &provider.url);
        let config = with(config, super::other(dialect), &behind.url);
        let error = begin(&chain(&config)).await.err();
        assert_eq!(error, Some(LlmError::Refused), "{dialect:?}");
        assert!(behind.requests().is_empty(), "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_ends_the_turn_and_says_so() {
    let dialect = Dialect::Anthropic;
    let late = Script::begin(dialect, &SENTENCES[..1]).send(dialect.ending("refusal"));
    let provider = Provider::start([refusal(dialect), late]).await;
    let setup = Setup::new().await.asking_first(dialect, &provider);
    let system = System::informed(setup).await;
    for _ in 0..2 {
        let mut turn = system.ask(QUESTION).turn().await;
        let problem = turn.fails("refused").await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("declined"), "{detail}");
        assert_eq!(system.turn(&turn.id).await["reason"], "refused");
    }
}

/// A 400 or 404 with this body.
fn denied(status: u16, body: &Value) -> Script {
    let body = body.to_string();
    Script::default().send(format!(
        "HTTP/1.1 {status} No\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

#[tokio::test]
async fn a_refused_parameter_and_a_missing_model_are_named() {
    let temperature = json!({ "type": "error", "error": { "type": "invalid_request_error", "message": "`temperature` may not be set for this model" } });
    let limit = json!({ "error": { "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter", "message": "Use 'max_completion_tokens' instead." } });
    let gone = json!({ "type": "error", "error": { "type": "not_found_error", "message": "model: a-model" } });
    for (dialect, status, body, expected) in [
        (
            Dialect::Anthropic,
            400,
            &temperature,
            LlmError::ParameterRefused {
                parameter: "temperature",
            },
        ),
        (
            Dialect::OpenAi,
            400,
            &limit,
            LlmError::ParameterRefused {
                parameter: "max_tokens",
            },
        ),
        (Dialect::Anthropic, 404, &gone, LlmError::ModelNotFound),
    ] {
        let provider = Provider::start([denied(status, body)]).await;
        let behind = second(dialect).await;
        let config = with(nobody(), dialect, &provider.url);
        let config = with(config, super::other(dialect), &behind.url);
        let chain = chain(&config);
        // However often: it is no outage, so the breaker stays closed, and the next one answers.
        for _ in 0..6 {
            assert_eq!(answer(&chain).await.0, "second", "{expected:?}");
        }
        assert_eq!(provider.requests().len(), 6, "{expected:?}");
        let alone = alone(dialect, &provider);
        assert_eq!(begin(&alone).await.err(), Some(LlmError::Exhausted));
    }
}

#[tokio::test]
async fn each_provider_is_asked_whether_it_has_the_model() {
    let provider = Provider::start([Script::default()]).await;
    let list = json!([
        { "id": "a-model", "object": "model", "shutdown_date": null },
        { "id": "models/gemini-3.5-flash-lite", "object": "model" },
        { "id": "an-old-model", "object": "model", "shutdown_date": "2027-01-14" },
        { "id": "claude-sonnet-4-5", "type": "model", "display_name": "Claude Sonnet 4.5" },
    ]);
    provider.has_models(&list);
    let mut config = with(
        with(nobody(), Dialect::OpenAi, &provider.url),
        Dialect::Anthropic,
        &provider.url,
    );
    config.gemini = config.openai.clone();
    config.gemini.model = "gemini-3.5-flash-lite".into();
    config.providers.insert(0, ProviderKind::Gemini);
    let state = async |config: &LlmConfig| {
        let checks = check_models(config).await.unwrap();
        checks
            .into_iter()
            .map(|check| {
                (
                    check.state,
                    check.shutdown.map(|(date, _)| date.to_string()),
                )
            })
            .collect::<Vec<_>>()
    };
    let fine = || (ModelState::Listed, None);
    assert_eq!(state(&config).await, [fine(), fine(), fine()]);

    config.openai.model = "an-old-model".into();
    config.anthropic.model = "claude-sonnet-4-5".into();
    config.gemini.model = "gemini-of-last-year".into();
    assert_eq!(
        state(&config).await,
        [
            (ModelState::Unknown, None),
            (ModelState::Listed, Some("2027-01-14".into())),
            (ModelState::Listed, Some("2026-11-30".into())),
        ]
    );
    config.providers = vec![ProviderKind::Openai];
    config.openai.base_url = "http://127.0.0.1:1".into();
    assert_eq!(
        state(&config).await,
        [(ModelState::Unasked(LlmError::Transport), None)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_warned_of_a_model_that_has_gone() {
    let provider = Provider::start([Script::answer(Dialect::OpenAi, &SENTENCES)]).await;
    let setup = Setup::new()
        .await
        .with("OPENAI_BASE_URL", &provider.url)
        .with("CHATBOT__LLM__OPENAI__MODEL", "a-model");
    let check = async |model: &str| {
        let mut command = setup.chatbot();
        command.env("CHATBOT__LLM__OPENAI__MODEL", model);
        let output = command.args(["models", "check"]).output();
        tokio::task::block_in_place(|| output).unwrap()
    };
    let fine = check("a-model").await;
    assert!(fine.status.success());
    assert_eq!(
        String::from_utf8(fine.stdout).unwrap(),
        "openai/a-model: the provider has it\n"
    );
    let gone = check("no-model").await;
    assert!(!gone.status.success());
    assert!(
        String::from_utf8(gone.stdout)
            .unwrap()
            .contains("no such model")
    );

    let log = tempfile::NamedTempFile::new().unwrap();
    let child = setup
        .chatbot()
        .args(["serve", "orchestrator"])
        .env("CHATBOT__LLM__OPENAI__MODEL", "no-model")
        .env("CHATBOT__SERVER__PORT", "0")
        .stdout(log.reopen().unwrap())
        .stderr(log.reopen().unwrap())
        .spawn()
        .unwrap();
    let _replica = Role {
        child,
        url: String::new(),
    };
    until("the log says so", async || {
        let text = std::fs::read_to_string(log.path()).unwrap();
        text.contains("language model needs attention")
    })
    .await;
}
