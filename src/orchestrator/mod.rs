//! Questions in, cited answers out: `handlers -> turn -> answer -> stream`.

mod answer;
mod config;
mod handlers;
mod metrics;
mod question;
pub mod routes;
mod stream;
mod turn;

use std::sync::Arc;

pub use answer::Checker;
pub use answer::offline;
pub use answer::retrieval::RetrievalClient;
pub use config::OrchestratorConfig;
pub use metrics::TurnMetrics;
pub use turn::runner::Runner;
pub use turn::sweeper::{fail_overdue, sweep};
pub use turn::takeover::{take_over, take_over_once};

use crate::cache::Cache;
use crate::language;
use crate::llm::ProviderChain;
use crate::persistence::Database;
use crate::safety::Contacts;
use crate::shutdown::Shutdown;
use answer::{Answers, Recent};
use stream::hub::Hub;

/// The parts that the role has once, for its handlers.
pub struct Orchestrator {
    pub database: Database,
    pub config: OrchestratorConfig,
    /// The services that prepared texts name.
    pub contacts: Arc<Contacts>,
    pub metrics: TurnMetrics,
    pub runner: Arc<Runner>,
    hub: Arc<Hub>,
}

impl Orchestrator {
    /// Creates an orchestrator that runs nothing yet.
    pub fn new(
        database: Database,
        cache: Arc<dyn Cache>,
        providers: ProviderChain,
        retrieval: RetrievalClient,
        config: OrchestratorConfig,
        contacts: Contacts,
        shutdown: Shutdown,
    ) -> Self {
        // Its words are reduced once: no question shall wait for that.
        language::spoken();
        let (contacts, metrics) = (Arc::new(contacts), TurnMetrics::default());
        let hub = Hub::new(database.clone(), cache, Arc::clone(&contacts), shutdown);
        let hub = Arc::new(hub);
        let answers = Answers {
            database: database.clone(),
            retrieval,
            providers,
            contacts: Arc::clone(&contacts),
            config: config.clone(),
            metrics: metrics.clone(),
            recent: Recent::new(answer::RECENT),
        };
        let runner = Runner::new(Arc::clone(&hub), answers, metrics.clone(), &config);
        Self {
            database,
            config,
            contacts,
            metrics,
            runner: Arc::new(runner),
            hub,
        }
    }
}
