//! The one integration binary; it needs the services that `scripts/test` starts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answers;
mod browser;
mod delivery;
mod faults;
mod hostile;
#[path = "rag/hostile_formats.rs"]
mod hostile_formats;
#[path = "rag/hostile_pdfs.rs"]
mod hostile_pdfs;
mod import_rules;
mod language;
mod messaging;
#[path = "rag/parse_file.rs"]
mod parse_file;
mod persistence;
mod providers;
mod retrieval;
#[path = "rag/sandbox.rs"]
mod sandbox;
mod snapshots;
mod spine;
mod support;
mod triage;
