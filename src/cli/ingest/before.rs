//! The state of a collection before a run.

use serde_json::Value;

use super::about::About;
use super::client::{Known, text};

/// The version states in which nothing has to be read again.
const SETTLED: [&str; 3] = ["indexed", "draft", "superseded"];

/// The documents of the server, and the demands of the run on them.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    pub known: &'a Known,
    pub about: &'a About,
    /// The beginning of every external id.
    pub prefix: &'a str,
    /// The largest document, in bytes.
    pub largest: usize,
}

impl<'a> Before<'a> {
    /// Returns the server's view of a document from this source, if it stands and the run states the
    /// same about it.
    pub fn standing(&self, external_id: &str, source: &str) -> Option<&'a Value> {
        let view = self.known.get(external_id)?;
        let is = |key: &str, value: &str| text(view, key) == value;
        let stands = is("source", source)
            && is("status", "active")
            && SETTLED.iter().any(|status| is("version_status", status));
        (stands && self.about.is_said_of(view)).then_some(view)
    }
}
