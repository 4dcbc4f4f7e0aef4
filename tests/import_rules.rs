//! The import rules. Every failure says which line of which file to change.

mod graph;
mod order;
mod samples;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use graph::Graph;

/// A top module and what it may import besides itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("event_stream", &[]),
    ("language", &["domain"]),
    ("safety", &["domain", "language"]),
    ("shutdown", &[]),
    ("telemetry", &[]),
    ("config", &["embedding", "llm", "orchestrator", "rag"]),
    ("pool", &[]),
    ("tls", &[]),
    ("persistence", &["domain", "pool", "tls"]),
    ("messaging", &["domain", "tls"]),
    ("cache", &["domain", "pool", "tls"]),
    ("llm", &["domain", "event_stream"]),
    ("embedding", &["domain"]),
    ("embedded", &["domain"]),
    ("http", &["domain", "persistence", "shutdown"]),
    (
        "orchestrator",
        &[
            "cache",
            "domain",
            "http",
            "language",
            "llm",
            "persistence",
            "safety",
            "shutdown",
        ],
    ),
    (
        "rag",
        &[
            "cache",
            "domain",
            "embedding",
            "http",
            "language",
            "persistence",
            "safety",
        ],
    ),
];

/// Wires everything together, so it may import everything.
const FREE: &str = "cli";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

static SOURCES: LazyLock<Graph> =
    LazyLock::new(|| Graph::read(&|path: &str| fs::read_to_string(root().join(path)).ok()));

/// The top modules that a table does not name, and the rows of modules that do not exist.
fn unnamed(graph: &Graph, allowed: &[(&str, &[&str])]) -> Vec<String> {
    let exist = &graph.modules[0].children;
    let is_named = |name: &str| name == FREE || allowed.iter().any(|(row, _)| *row == name);
    let missing = exist
        .keys()
        .filter(|name| !is_named(name))
        .map(|name| format!("`{name}` is not in ALLOWED: say there what it may import"));
    let stale = allowed
        .iter()
        .filter(|(row, _)| !exist.contains_key(*row))
        .map(|(row, _)| format!("ALLOWED has a row for `{row}`, which does not exist"));
    missing.chain(stale).collect()
}

/// The imports between top modules that a table does not allow, tests included.
fn forbidden(graph: &Graph, allowed: &[(&str, &[&str])]) -> Vec<String> {
    let top = |module: usize| graph.modules[module].path.first();
    let mut found = Vec::new();
    for import in &graph.imports {
        let Some(from) = top(import.from) else {
            continue;
        };
        let Some((_, may)) = allowed.iter().find(|(row, _)| row == from) else {
            continue;
        };
        // Both what the path names and what it leads to.
        let refused = [import.named, Some(import.to)]
            .into_iter()
            .flatten()
            .filter_map(top)
            .find(|to| *to != from && !may.contains(&to.as_str()));
        if let Some(to) = refused {
            let line = graph.line(import);
            found.push(format!("`{from}` must not import `{to}`: {line}"));
        }
    }
    found
}

#[test]
fn every_top_module_has_its_row() {
    let problems = unnamed(&SOURCES, ALLOWED);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn modules_import_only_what_they_may() {
    let problems = forbidden(&SOURCES, ALLOWED);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let circles: Vec<String> = SOURCES
        .circles()
        .iter()
        .map(|imports| format!("a circle of files:\n  {}", SOURCES.lines(imports)))
        .collect();
    assert!(
        circles.is_empty(),
        "{}\nMove what these files share into a file of its own, which imports none of them, or \
         hand it over as an argument.",
        circles.join("\n")
    );
}

#[test]
fn the_orchestrator_imports_one_way() {
    let problems = order::against(&SOURCES, &order::ORCHESTRATOR);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
