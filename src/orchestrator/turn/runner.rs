//! The parts that the turns of this replica share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::admission::Admission;
use super::ledger::{Earlier, Ledger};
use crate::domain::ids::{TurnId, new_uuid};
use crate::orchestrator::answer::Answers;
use crate::orchestrator::config::OrchestratorConfig;
use crate::orchestrator::metrics::TurnMetrics;
use crate::orchestrator::stream::hub::Hub;

/// How long a turn is safe from takeover without a renewal.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Runs turns.
pub struct Runner {
    pub(super) hub: Arc<Hub>,
    pub(super) answers: Answers,
    pub(super) metrics: TurnMetrics,
    /// The owner of the leases of the turns that run here.
    pub(super) replica: String,
    pub(super) admission: Arc<Admission>,
    /// The time from acceptance until the sweeper ends a turn.
    pub(super) turn_deadline: Duration,
    /// Whether a watcher runs.
    pub(super) watched: AtomicBool,
}

impl Runner {
    /// Creates a runner that runs nothing yet.
    pub(in crate::orchestrator) fn new(
        hub: Arc<Hub>,
        answers: Answers,
        metrics: TurnMetrics,
        config: &OrchestratorConfig,
    ) -> Self {
        Self {
            admission: Admission::new(config.max_concurrent_turns, config.max_turns_per_user),
            replica: format!("orchestrator-{}", new_uuid().simple()),
            turn_deadline: Duration::from_secs(config.turn_deadline_seconds),
            watched: AtomicBool::new(false),
            hub,
            answers,
            metrics,
        }
    }

    /// Creates the ledger of a generation that begins here.
    pub(super) fn ledger(&self, running: (TurnId, i32), earlier: Earlier) -> Arc<Ledger> {
        Arc::new(Ledger::new(
            self.hub.database.clone(),
            self.hub.shutdown.clone(),
            self.metrics.calls.clone(),
            running,
            earlier,
        ))
    }
}
