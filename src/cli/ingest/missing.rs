//! Documents of the server that their source has no longer.

use std::io::{BufRead, IsTerminal, Write};

use serde_json::Value;

use super::client::{Client, Known, Trouble, text};
use super::report::{Entry, Outcome, Report};
use super::source::Source;
use super::uploads::Seen;

/// Returns the active documents that one of the sources once had and has no longer, in the order of
/// their ids.
pub fn find(
    known: &Known,
    seen: &Seen,
    sources: &[Source],
    prefix: &str,
    within: &str,
) -> Vec<String> {
    let covered = |view: &Value| {
        let origin = view.get("source").and_then(Value::as_str);
        sources.iter().any(|source| source.covers(origin, within))
    };
    let mut missing: Vec<String> = known
        .iter()
        .filter(|(id, view)| {
            id.starts_with(prefix)
                && !seen.ids.contains(*id)
                && text(view, "status") == "active"
                && covered(view)
        })
        .map(|(id, _)| id.clone())
        .collect();
    missing.sort_unstable();
    missing
}

/// Why nothing may be removed after this run.
pub fn hindrance(seen: &Seen) -> Option<&'static str> {
    if seen.incomplete {
        return Some("a source could not be read completely");
    }
    if seen.ids.is_empty() {
        return Some("the sources have no documents");
    }
    None
}

/// Asks a person on the terminal; `None` if nobody is there.
pub fn confirmed(missing: &[String]) -> Option<bool> {
    let stdin = std::io::stdin();
    let mut stderr = std::io::stderr().lock();
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return None;
    }
    for id in missing {
        let _ = writeln!(stderr, "no longer there: {id}");
    }
    let _ = write!(stderr, "Delete these {} documents? [y/N] ", missing.len());
    let _ = stderr.flush();
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).ok()?;
    Some(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// Deletes the documents.
pub async fn remove(
    client: &Client,
    collection: &str,
    missing: Vec<String>,
    report: &mut Report,
) -> anyhow::Result<()> {
    for id in missing {
        let entry = match client.delete(collection, &id).await {
            Ok(()) => Entry::new(&id, Some(id.clone()), Outcome::Removed),
            Err(Trouble::Refused(reason)) => {
                Entry::new(&id, Some(id.clone()), Outcome::Failed).because(reason)
            }
            Err(Trouble::Ends(error)) => return Err(error),
        };
        report.add(entry);
    }
    Ok(())
}
