//! Questions in, cited answers out.

mod answer;
mod handlers;
mod metrics;
pub mod routes;
mod stream;
mod turn;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use answer::retrieval::RetrievalClient;
pub use metrics::TurnMetrics;
pub use turn::sweeper::{fail_overdue, sweep};
pub use turn::takeover::{take_over, take_over_once};

use crate::cache::Cache;
use crate::config::OrchestratorConfig;
use crate::domain::ids::{TurnId, new_uuid};
use crate::llm::ProviderChain;
use crate::persistence::Database;
use crate::safety::Contacts;
use crate::shutdown::Shutdown;
use stream::feed::Feed;
use turn::admission::Admission;

/// What the handlers and the turns share.
pub struct Orchestrator {
    pub database: Database,
    pub cache: Arc<dyn Cache>,
    pub providers: ProviderChain,
    pub retrieval: RetrievalClient,
    pub config: OrchestratorConfig,
    /// Whom people are told to call.
    pub contacts: Arc<Contacts>,
    pub shutdown: Shutdown,
    pub metrics: TurnMetrics,
    /// Holds the leases of the turns that run here.
    replica: String,
    admission: Arc<Admission>,
    running: Mutex<HashMap<TurnId, Arc<Feed>>>,
}

impl Orchestrator {
    /// An orchestrator with nothing running.
    pub fn new(
        database: Database,
        cache: Arc<dyn Cache>,
        providers: ProviderChain,
        retrieval: RetrievalClient,
        config: OrchestratorConfig,
        contacts: Contacts,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            admission: Admission::new(config.max_concurrent_turns, config.max_turns_per_user),
            running: Mutex::default(),
            metrics: TurnMetrics::default(),
            replica: format!("orchestrator-{}", new_uuid().simple()),
            database,
            cache,
            providers,
            retrieval,
            config,
            contacts: Arc::new(contacts),
            shutdown,
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<TurnId, Arc<Feed>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
