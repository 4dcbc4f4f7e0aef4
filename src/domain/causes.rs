//! An error and its causes in one readable line.

use std::error::Error;

/// Words of libraries that only announce a cause.
const WRAPPERS: [&str; 6] = [
    "builder error",
    "client error (Connect)",
    "error communicating with the server",
    "error connecting to server",
    "error sending request",
    "tcp connect error",
];

/// Joins an error and its causes, each once, because many libraries repeat a cause in their own
/// words.
pub fn joined(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        next = error.source();
        let text = error.to_string();
        let text = text.trim().trim_end_matches('.');
        let empty = WRAPPERS.iter().any(|wrapper| text.starts_with(wrapper));
        if (empty && next.is_some()) || said.iter().any(|before| before.contains(text)) {
            continue;
        }
        said.push(text.to_owned());
    }
    said.join(": ")
}

/// Ends each line of a text like a sentence.
pub fn sentence(text: &str) -> String {
    let ended = |line: &str| {
        let line = line.trim_end();
        let end = if line.ends_with(['.', '!', '?']) || line.is_empty() {
            ""
        } else {
            "."
        };
        format!("{line}{end}")
    };
    text.lines().map(ended).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Layer {
        said: &'static str,
        source: Option<Box<dyn Error + 'static>>,
    }

    fn chain(said: &[&'static str]) -> Layer {
        let mut layers = said.iter().rev();
        let mut error = Layer {
            said: layers.next().unwrap(),
            source: None,
        };
        for said in layers {
            error = Layer {
                said,
                source: Some(Box::new(error)),
            };
        }
        error
    }

    #[test]
    fn causes_are_told_in_one_line_and_once() {
        for (layers, told) in [
            (&["it failed"][..], "it failed"),
            (
                &[
                    "the server cannot be reached",
                    "builder error",
                    "relative URL without a base",
                ],
                "the server cannot be reached: relative URL without a base",
            ),
            (
                &["reading a.toml: no such file.", "no such file"],
                "reading a.toml: no such file",
            ),
            (
                &["a", "error sending request for url (http://b/)"],
                "a: error sending request for url (http://b/)",
            ),
        ] {
            assert_eq!(joined(&chain(layers)), told);
        }
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(joined(&refused), "connection refused");
    }

    #[test]
    fn every_line_ends_as_a_sentence() {
        assert_eq!(sentence("a: expected b"), "a: expected b.");
        assert_eq!(sentence("a\nb?\nc."), "a.\nb?\nc.");
    }
}
