//! The parts that every answer needs, and the reasons why there is none.

use std::sync::Arc;

use super::grounding::Recent;
use super::retrieval::RetrievalClient;
use crate::llm::{LlmError, ProviderChain};
use crate::orchestrator::config::OrchestratorConfig;
use crate::orchestrator::metrics::TurnMetrics;
use crate::orchestrator::stream::draft::TooLong;
use crate::persistence::{Database, DbError};
use crate::safety::Contacts;

/// The parts that every answer needs.
pub(in crate::orchestrator) struct Answers {
    pub database: Database,
    pub retrieval: RetrievalClient,
    pub providers: ProviderChain,
    pub contacts: Arc<Contacts>,
    pub config: OrchestratorConfig,
    pub metrics: TurnMetrics,
    /// The passages of the answers that grow just now.
    pub recent: Recent,
}

/// The reason why there is no answer, not even an "I don't know".
pub(in crate::orchestrator) enum NoAnswer {
    /// A failure, with a stable word for metrics and stored reasons.
    Failed(&'static str),
    /// The answer is no longer wanted here.
    Abandoned,
    Database(DbError),
}

impl NoAnswer {
    /// A source of the answer may no longer be shown.
    pub const UNRESOLVED: &'static str = "citation_unresolved";
}

impl From<LlmError> for NoAnswer {
    fn from(error: LlmError) -> Self {
        match error {
            LlmError::Abandoned => Self::Abandoned,
            error => Self::Failed(error.kind()),
        }
    }
}

impl From<DbError> for NoAnswer {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<TooLong> for NoAnswer {
    fn from(_: TooLong) -> Self {
        Self::Failed("too_long")
    }
}
