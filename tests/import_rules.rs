//! Who may import whom: reads the `use crate::…` paths and says which line to change.

use std::fs;
use std::path::{Path, PathBuf};

/// A module and what it may import besides itself. `cli` may import everything.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("safety", &["domain"]),
    ("shutdown", &[]),
    ("telemetry", &[]),
    ("config", &["embedding", "llm", "rag"]),
    ("pool", &[]),
    ("tls", &[]),
    ("persistence", &["domain", "pool", "tls"]),
    ("messaging", &["domain", "tls"]),
    ("cache", &["domain", "pool", "tls"]),
    ("llm", &["domain"]),
    ("embedding", &["domain"]),
    ("embedded", &["domain"]),
    ("http", &["domain", "persistence", "shutdown"]),
    (
        "orchestrator",
        &[
            "cache",
            "config",
            "domain",
            "http",
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
            "persistence",
            "safety",
        ],
    ),
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn modules_import_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut violations = Vec::new();
    for (module, allowed) in ALLOWED {
        let mut files = Vec::new();
        let directory = root.join(module);
        if directory.is_dir() {
            sources(&directory, &mut files);
        } else {
            files.push(root.join(format!("{module}.rs")));
        }
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in (1..).zip(text.lines()) {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                for rest in line.split("crate::").skip(1) {
                    let name: String = rest
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    if name != *module && !name.is_empty() && !allowed.contains(&name.as_str()) {
                        violations.push(format!(
                            "{}:{number}: `{module}` must not import `{name}`",
                            file.display()
                        ));
                    }
                }
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
