//! A healthcare chatbot that answers only from an organisation's own approved documents.
//!
//! ```text
//! upload ─ rag ─ parse ─ chunk ─ embed ─┐                      ┌─ llm (Gemini, Anthropic, …)
//!                                       ▼                      │
//!                                PostgreSQL (text, BM25, vectors)
//!                                       ▲                      │
//! question ─ orchestrator ─ triage ─ retrieve ─ gate ─ prompt ─┴─ ground ─ cited answer
//! ```
//!
//! * [`cli`]: the command line; the only place that wires adapters together.
//! * [`config`], [`telemetry`], [`shutdown`]: how a process starts and stops.
//! * [`event_stream`]: server-sent events as a client reads them.
//! * `pool`, [`tls`]: how connection pools shrink, and how connections are encrypted.
//! * [`domain`]: plain types without I/O.
//! * [`http`]: the edge that both roles share.
//! * [`orchestrator`] and [`rag`]: the two roles; neither imports the other.
//! * [`language`]: what has to be known of a language, one file each.
//! * [`safety`]: triage, pure and deterministic.
//! * [`persistence`], [`messaging`], [`cache`], [`llm`], [`embedding`], [`embedded`]: adapters.

pub mod cache;
pub mod cli;
pub mod config;
pub mod domain;
pub mod embedded;
pub mod embedding;
pub mod event_stream;
pub mod http;
pub mod language;
pub mod llm;
pub mod messaging;
pub mod orchestrator;
pub mod persistence;
mod pool;
pub mod rag;
pub mod safety;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
