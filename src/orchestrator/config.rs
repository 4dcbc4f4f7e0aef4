//! The `orchestrator` section of the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a running turn waits for an unavailable database.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The settings of questions and answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrchestratorConfig {
    pub rag_url: String,
    pub retrieval_timeout_ms: u64,
    pub evidence_limit: u32,
    /// The least support for which the evidence gate opens; see `answer::gate`.
    pub min_support: f32,
    /// Whether to quote the passages word for word if no language model is configured or none
    /// answers.
    pub extractive: bool,
    pub turn_deadline_seconds: u64,
    pub history_token_budget: usize,
    pub max_message_chars: usize,
    pub max_concurrent_turns: usize,
    pub max_turns_per_user: usize,
    pub requests_per_minute: u32,
    pub heartbeat_seconds: u64,
}

impl Default for OrchestratorConfig {
    fn default() -> Self {
        Self {
            rag_url: "http://127.0.0.1:8001".into(),
            retrieval_timeout_ms: 2_000,
            evidence_limit: 6,
            min_support: 0.33,
            extractive: true,
            turn_deadline_seconds: 120,
            history_token_budget: 1_500,
            max_message_chars: 4_000,
            max_concurrent_turns: 256,
            max_turns_per_user: 16,
            requests_per_minute: 60,
            heartbeat_seconds: 10,
        }
    }
}
