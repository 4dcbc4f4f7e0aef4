//! Logs: pretty on a terminal, otherwise one JSON object per line. They contain ids and states
//! only.

use std::any::Any;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    Pretty,
    Json,
}

/// The reason why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("log.filter is not a filter such as `info` or `chatbot=debug,warn`: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("logging was started twice")]
    Twice(#[from] TryInitError),
}

/// Libraries whose own messages are dropped; errors that matter here are returned and logged where
/// they are handled. `actix_http::h1` logs an error for everything a client sends that is not HTTP.
/// The configured filter comes later and may overrule this one.
const LIBRARIES: &str = "rskafka=off,actix_server=warn,actix_http::h1=off";

/// Allows only this program to log below `info`. At those levels libraries print their arguments:
/// the database's driver prints whole statements, the tokenizer each character of every question
/// and document. No filter may ask for that, whatever library is added.
fn tells_no_secret(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || is_ours(metadata.target())
}

fn is_ours(target: &str) -> bool {
    let rest = target.strip_prefix(env!("CARGO_CRATE_NAME"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The part of a panic that may be logged: words from the code itself. A formatted message may
/// quote a library's arguments, for example a whole document.
fn panic_message(payload: &(dyn Any + Send)) -> &'static str {
    let literal = payload.downcast_ref::<&'static str>();
    literal
        .copied()
        .unwrap_or("not shown, because it may quote text")
}

fn tell_panic(info: &PanicHookInfo<'_>) {
    tracing::error!(
        panic.location = info.location().map(ToString::to_string),
        panic.message = panic_message(info.payload()),
        "a part of the program panicked"
    );
}

/// Starts logging to standard error, panics included.
pub fn init(filter: &str, format: Format) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(format!("{LIBRARIES},{filter}"))?;
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(tells_no_secret));
    let pretty = match format {
        Format::Auto => std::io::stderr().is_terminal(),
        Format::Pretty => true,
        Format::Json => false,
    };
    if pretty {
        let layer = tracing_subscriber::fmt::layer()
            .with_target(false)
            .with_writer(std::io::stderr);
        registry.with(layer).try_init()?;
    } else {
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stderr);
        registry.with(layer).try_init()?;
    }
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_quotes_nothing() {
        let said = |panic: fn()| panic_message(&*std::panic::catch_unwind(panic).unwrap_err());
        assert_eq!(said(|| panic!("in the code")), "in the code");
        let quoting = || {
            let text = String::from("bleeding again ä");
            let _ = &text[..text.len() - 1];
        };
        assert!(!said(quoting).contains("bleeding"));
    }

    #[test]
    fn only_this_crate_is_ours() {
        for (target, ours) in [
            ("chatbot", true),
            ("chatbot::rag::worker", true),
            ("chatbots", false),
            ("chatbot_like::inner", false),
            ("tokenizers::tokenizer::normalizer", false),
            ("log", false),
            ("", false),
        ] {
            assert_eq!(is_ours(target), ours, "{target}");
        }
    }
}
