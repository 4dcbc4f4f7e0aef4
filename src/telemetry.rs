//! Logs: pretty on a terminal, one JSON object a line otherwise. Ids and states only.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    Pretty,
    Json,
}

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("log.filter is not a filter such as `info` or `chatbot=debug,warn`: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("logging was started twice")]
    Twice(#[from] TryInitError),
}

/// What libraries say of their own inner life; whatever matters to us comes back as an error and
/// is logged where it is handled. `actix_http::h1` says "error" of whatever a client sends that is
/// no HTTP. Comes before the configured filter, which may overrule it.
const LIBRARIES: &str = "rskafka=off,actix_server=warn,actix_http::h1=off";

/// Below `info` only this program speaks. Libraries print there what they are called with: the
/// database's driver whole statements, the tokenizer each character of every question and document.
/// No filter may ask for that, whichever library comes next.
fn tells_no_secret(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || is_ours(metadata.target())
}

fn is_ours(target: &str) -> bool {
    let rest = target.strip_prefix(env!("CARGO_CRATE_NAME"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Starts logging to standard error.
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
