//! No log line quotes a prompt, an answer or a key, whatever a provider does.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;

use super::{alone, begin, read};
use crate::support::canary::holds;
use crate::support::provider::{Dialect, Provider, Script};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_quotes_prompt_answer_or_key() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // This test runs on one thread, and so does what it calls.
    let _guard = tracing::subscriber::set_default(subscriber);
    for dialect in Dialect::ALL {
        let scripts = [
            Script::refuse(400, &[]),
            Script::refuse(503, &[]),
            Script::head().send("data: the prompt was: secret\n\n"),
            Script::begin(dialect, &["secret"]).send("data: {\"secret\n\n"),
            Script::begin(dialect, &["secret"]).send(dialect.error()),
            Script::answer(dialect, &["secret"]),
        ];
        for script in scripts {
            let provider = Provider::start([script]).await;
            let error = match begin(&alone(dialect, &provider)).await {
                Ok(serving) => read(serving).await.1.err(),
                Err(error) => Some(error),
            };
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("provider failed before its first token"));
    for word in ["secret", "Why?", "key-of-a-test"] {
        assert!(!holds(&text, word), "the log holds {word:?}");
    }
}
