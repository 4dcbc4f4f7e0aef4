//! Answers that come, in every way in which they may come.

use chatbot::llm::{Chunk, FinishReason, LlmError, Usage};
use futures::StreamExt;

use super::{alone, answer, begin};
use crate::support::provider::{Dialect, Provider, Script};

const WHOLE: Result<(Usage, FinishReason), LlmError> = Ok((
    Usage {
        input_tokens: Some(11),
        output_tokens: Some(7),
    },
    FinishReason::Stop,
));

#[tokio::test]
async fn a_whole_answer_has_text_usage_and_reason() {
    for dialect in Dialect::ALL {
        let provider = Provider::start([Script::answer(dialect, &["Be", "cause."])]).await;
        let answer = answer(&alone(dialect, &provider)).await;
        assert_eq!(answer, ("Because.".into(), WHOLE), "{dialect:?}");

        let request = provider.requests().remove(0);
        let head = request.head.to_lowercase();
        let (path, key) = match dialect {
            Dialect::OpenAi => (
                "post /chat/completions ",
                "authorization: bearer key-of-a-test",
            ),
            Dialect::Anthropic => ("post /v1/messages ", "x-api-key: key-of-a-test"),
        };
        assert!(head.starts_with(path) && head.contains(key), "{head}");
        assert_eq!(request.body["stream"], true);
        assert_eq!(request.body["model"], "a-model");
        assert!(request.body["max_tokens"].as_u64().unwrap() >= 1_200);
        assert!(request.body.to_string().contains("Why?"));
        assert!(!request.body.to_string().contains("key-of-a-test"));
    }
}

#[tokio::test]
async fn one_byte_at_a_time_is_as_good() {
    for dialect in Dialect::ALL {
        let pieces = [
            dialect.opening(),
            dialect.delta("Für "),
            dialect.delta("日本 👍"),
            dialect.ending(dialect.stop()),
        ];
        let provider = Provider::start([Script::head().drip(pieces.concat())]).await;
        let answer = answer(&alone(dialect, &provider)).await;
        assert_eq!(answer, ("Für 日本 👍".into(), WHOLE), "{dialect:?}");
    }
}

#[tokio::test]
async fn comments_empty_events_and_new_kinds_of_events_are_skipped() {
    for dialect in Dialect::ALL {
        let noise: &[u8] = match dialect {
            Dialect::OpenAi => {
                b": keep-alive\n\ndata: {\"choices\":[]}\n\nevent: new\nid: 7\nretry: 1\ndata: {\"object\":\"new\"}\r\n\r\n"
            }
            Dialect::Anthropic => {
                b": keep-alive\n\nevent: new\ndata: {\"type\":\"new\",\"content\":[1]}\r\n\r\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"
            }
        };
        let script = Script::head()
            .send(noise)
            .send(dialect.opening())
            .send(dialect.delta("a"))
            .send(noise)
            .send(dialect.delta("b"))
            .send(dialect.ending(dialect.stop()));
        let provider = Provider::start([script]).await;
        let answer = answer(&alone(dialect, &provider)).await;
        assert_eq!(answer, ("ab".into(), WHOLE), "{dialect:?}");
    }
}

#[tokio::test]
async fn why_the_model_stopped_is_told() {
    let reasons = [
        (Dialect::OpenAi, "length", FinishReason::Length),
        (Dialect::OpenAi, "content_filter", FinishReason::Refusal),
        (Dialect::OpenAi, "eos", FinishReason::Other),
        (Dialect::Anthropic, "max_tokens", FinishReason::Length),
        (Dialect::Anthropic, "refusal", FinishReason::Refusal),
        (Dialect::Anthropic, "pause_turn", FinishReason::Other),
        (Dialect::Anthropic, "stop_sequence", FinishReason::Stop),
    ];
    for (dialect, reason, expected) in reasons {
        let script = Script::begin(dialect, &["a"]).send(dialect.ending(reason));
        let provider = Provider::start([script]).await;
        let (_, end) = answer(&alone(dialect, &provider)).await;
        assert_eq!(end.unwrap().1, expected, "{reason}");
    }
}

#[tokio::test]
async fn an_answer_is_passed_on_while_it_comes() {
    for dialect in Dialect::ALL {
        let script = Script::begin(dialect, &["a"])
            .wait()
            .send(dialect.delta("b"))
            .wait()
            .send(dialect.ending(dialect.stop()));
        let provider = Provider::start([script]).await;
        let mut serving = begin(&alone(dialect, &provider)).await.unwrap();
        let next = serving.stream.next().await;
        assert_eq!(next, Some(Ok(Chunk::Delta("a".into()))));
        provider.release();
        let next = serving.stream.next().await;
        assert_eq!(next, Some(Ok(Chunk::Delta("b".into()))));
        provider.release();
        let next = serving.stream.next().await;
        assert!(matches!(next, Some(Ok(Chunk::Finished { .. }))));
    }
}

#[tokio::test]
async fn letting_go_of_an_answer_closes_its_connection() {
    for dialect in Dialect::ALL {
        let provider = Provider::start([Script::begin(dialect, &["a"]).silence()]).await;
        let serving = begin(&alone(dialect, &provider)).await.unwrap();
        drop(serving);
        provider.hung_up(1).await;
    }
}
