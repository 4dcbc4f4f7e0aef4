//! Providers that fail: before the first token another one answers, after it nobody does.

use std::time::{Duration, Instant};

use chatbot::llm::{LlmConfig, LlmError, ProviderChain};
use futures::future::join_all;

use super::{alone, answer, begin, chain, nobody, other, read, second, with};
use crate::support::ports::free_port;
use crate::support::provider::{Dialect, Provider, Script};

/// Deadlines short enough to be waited for.
fn impatient(mut config: LlmConfig) -> LlmConfig {
    config.deadlines.first_token_ms = 1_000;
    config.deadlines.idle_ms = 1_000;
    config
}

/// First this provider, then that one, which speaks the other dialect.
fn pair(dialect: Dialect, first: &str, second: &Provider) -> LlmConfig {
    let config = with(nobody(), dialect, first);
    with(config, other(dialect), &second.url)
}

/// The second provider answered, and the whole answer is its own.
async fn assert_falls_back(chain: &ProviderChain) {
    let (text, end) = answer(chain).await;
    assert_eq!(text, "second");
    assert!(end.is_ok());
}

#[tokio::test]
async fn a_refusal_is_tried_again_only_if_that_may_help() {
    let cases: [(u16, Option<&str>, usize); 10] = [
        (429, None, 1),
        (429, Some("0"), 2),
        (429, Some("60"), 1),
        (500, None, 3),
        (503, Some("0"), 2),
        (529, None, 3),
        (400, None, 1),
        (401, None, 1),
        (403, None, 1),
        (307, None, 1),
    ];
    for dialect in Dialect::ALL {
        for (status, retry_after, attempts) in cases {
            let mut headers = vec![("location", "/elsewhere")];
            headers.extend(retry_after.map(|value| ("retry-after", value)));
            let provider = Provider::start([Script::refuse(status, &headers)]).await;
            let error = begin(&alone(dialect, &provider)).await.err();
            assert_eq!(error, Some(LlmError::Exhausted));
            let what = format!("{dialect:?} {status} {retry_after:?}");
            assert_eq!(provider.requests().len(), attempts, "{what}");
        }
    }
}

#[tokio::test]
async fn any_refusal_leads_to_the_next_provider() {
    for dialect in Dialect::ALL {
        for status in [400, 401, 429, 500, 503, 529] {
            let first = Provider::start([Script::refuse(status, &[])]).await;
            let second = second(dialect).await;
            assert_falls_back(&chain(&pair(dialect, &first.url, &second))).await;
        }
    }
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for() {
    for dialect in Dialect::ALL {
        for status in [429, 503] {
            let provider = Provider::start([
                Script::refuse(status, &[("Retry-After", "1")]),
                Script::answer(dialect, &["later"]),
            ])
            .await;
            let (text, _) = answer(&alone(dialect, &provider)).await;
            assert_eq!(text, "later");
            let times: Vec<Instant> = provider.requests().iter().map(|r| r.at).collect();
            assert_eq!(times.len(), 2);
            assert!(times[1] - times[0] >= Duration::from_secs(1));
        }
    }
}

#[tokio::test]
async fn a_long_retry_after_keeps_the_provider_in_peace() {
    for dialect in Dialect::ALL {
        let first = Provider::start([Script::refuse(429, &[("retry-after", "60")])]).await;
        let second = second(dialect).await;
        let chain = chain(&pair(dialect, &first.url, &second));
        assert_falls_back(&chain).await;
        assert_falls_back(&chain).await;
        assert_eq!(first.requests().len(), 1);
        let states: Vec<&str> = chain.breakers().map(|(_, state)| state.as_str()).collect();
        assert_eq!(states, ["open", "closed"]);
    }
}

#[tokio::test]
async fn three_attempts_at_most_and_everybody_has_one() {
    let refusing = || Provider::start([Script::refuse(503, &[])]);
    let (openai, anthropic, gemini) = (refusing().await, refusing().await, refusing().await);
    let mut config = with(nobody(), Dialect::OpenAi, &openai.url);
    config = with(config, Dialect::Anthropic, &anthropic.url);
    config.gemini.base_url.clone_from(&gemini.url);
    config.gemini.api_key = Some("key-of-a-test".into());
    config.providers.push(chatbot::llm::ProviderKind::Gemini);
    assert!(begin(&chain(&config)).await.is_err());
    let counts = [openai, anthropic, gemini].map(|provider| provider.requests().len());
    assert_eq!(counts, [1, 1, 1]);
}

#[tokio::test]
async fn nobody_listening_leads_to_the_next_provider() {
    for dialect in Dialect::ALL {
        let second = second(dialect).await;
        let nowhere = format!("http://127.0.0.1:{}", free_port());
        assert_falls_back(&chain(&pair(dialect, &nowhere, &second))).await;
    }
}

#[tokio::test]
async fn nothing_said_in_time_leads_to_the_next_provider() {
    let silences = Dialect::ALL.into_iter().flat_map(|dialect| {
        [
            Script::default().silence(),
            Script::head().silence(),
            Script::begin(dialect, &[]).silence(),
            Script::head().repeat(": keep-alive\n\n"),
        ]
        .map(|script| (dialect, script))
    });
    // All at once: each has to be waited for.
    join_all(silences.map(async |(dialect, script)| {
        let first = Provider::start([script]).await;
        let second = second(dialect).await;
        let config = impatient(pair(dialect, &first.url, &second));
        assert_falls_back(&chain(&config)).await;
        first.hung_up(1).await;
        assert_eq!(first.requests().len(), 1);
    }))
    .await;
}

/// The failures of a stream, and their names.
fn accidents(dialect: Dialect) -> Vec<(&'static str, Script, LlmError)> {
    let started = || Script::begin(dialect, &["a"]);
    let line = vec![b'x'; 1 << 20];
    let chunked = |text: &[u8]| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let size = format!("{:x}\r\n", text.len());
        Script::default().send([head.as_bytes(), size.as_bytes(), text, b"\r\n"].concat())
    };
    let some = [dialect.opening(), dialect.delta("a")].concat();
    let limited = LlmError::RateLimited { retry_after: None };
    vec![
        ("silence", started().silence(), LlmError::IdleTimeout),
        (
            "comments only",
            started().repeat(": still here\n\n"),
            LlmError::IdleTimeout,
        ),
        ("an early end", started(), LlmError::Truncated),
        ("a broken chunk", chunked(&some), LlmError::Transport),
        ("a reset", started().wait().reset(), LlmError::Transport),
        (
            "an error object",
            started().send(dialect.error()).silence(),
            limited,
        ),
        (
            "garbage",
            started().send("data: {\"choices\": oops\n\n").silence(),
            LlmError::Malformed,
        ),
        (
            "bad UTF-8",
            started().send(b"data: \"\xff\xfe\"\n\n").silence(),
            LlmError::Malformed,
        ),
        (
            "a huge line",
            started().send("data: ").send(line).silence(),
            LlmError::Oversized,
        ),
    ]
}

#[tokio::test]
async fn after_the_first_token_an_accident_is_an_error_and_never_another_answer() {
    let all = Dialect::ALL.into_iter().flat_map(|dialect| {
        let accidents = accidents(dialect).into_iter();
        accidents.map(move |accident| (dialect, accident))
    });
    join_all(all.map(async |(dialect, (what, script, error))| {
        let first = Provider::start([script]).await;
        let second = second(dialect).await;
        let mut config = impatient(pair(dialect, &first.url, &second));
        config.deadlines.first_token_ms = 10_000;
        let serving = begin(&chain(&config)).await.unwrap();
        first.release();
        let (text, end) = read(serving).await;
        assert_eq!(
            (text.as_str(), end),
            ("a", Err(error)),
            "{dialect:?}: {what}"
        );
        assert!(second.requests().is_empty(), "{dialect:?}: {what}");
    }))
    .await;
}

#[tokio::test]
async fn before_the_first_token_an_accident_leads_to_the_next_provider() {
    for dialect in Dialect::ALL {
        let accidents = [
            Script::begin(dialect, &[]),
            Script::begin(dialect, &[]).reset(),
            Script::answer(dialect, &[]),
            Script::head().send(dialect.error()),
            Script::head().send("<html>\n\nhello\n\n"),
            Script::head().send("data: <html>\n\n"),
            Script::head().send(b"data: \xff\n\n".as_slice()),
            Script::head().send(vec![b'x'; 1 << 20]),
            Script::default().send("SSH-2.0-OpenSSH_9.2\r\n"),
        ];
        for script in accidents {
            let first = Provider::start([script]).await;
            let second = second(dialect).await;
            assert_falls_back(&chain(&pair(dialect, &first.url, &second))).await;
        }
    }
}

#[tokio::test]
async fn a_stream_that_never_ends_is_cut() {
    for dialect in Dialect::ALL {
        let endless = Script::head().repeat(dialect.delta("a"));
        let provider = Provider::start([endless]).await;
        let mut config = with(nobody(), dialect, &provider.url);
        config.deadlines.total_ms = 300;
        let (_, end) = answer(&chain(&config)).await;
        assert_eq!(end, Err(LlmError::TotalTimeout));
        provider.hung_up(1).await;
    }
}
