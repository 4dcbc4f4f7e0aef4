//! The calls to language models that one turn makes here: numbered, stored and counted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use crate::domain::ids::TurnId;
use crate::llm::{self, FinishReason, Usage};
use crate::orchestrator::config::PATIENCE;
use crate::orchestrator::metrics::CallMetrics;
use crate::persistence::attempts::{self, Attempt, AttemptEnd};
use crate::persistence::{Database, patiently};
use crate::shutdown::Shutdown;

/// How long a call waits to be recorded. A call that could not be recorded is made all the same,
/// and its end records it completely.
const NOTING: Duration = Duration::from_millis(500);

/// The calls of earlier generations of a turn.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::orchestrator) struct Earlier {
    /// The number of their last call; 0 if there was none.
    pub last: i32,
    /// The number of failed calls, without interrupted ones.
    pub failed: usize,
}

/// The ledger of one generation of a turn.
pub(in crate::orchestrator) struct Ledger {
    database: Database,
    shutdown: Shutdown,
    metrics: CallMetrics,
    turn: TurnId,
    generation: i32,
    earlier: Earlier,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    begun: i32,
    open: Option<Open>,
    completed: Option<Completed>,
}

/// A call that ended well, and its end, which is stored together with the turn's.
pub(in crate::orchestrator) type Completed = (Attempt, AttemptEnd);

/// A call in progress.
struct Open {
    attempt: Attempt,
    since: Instant,
    first_token: Option<Duration>,
}

impl Ledger {
    /// Creates the ledger of a generation that begins here.
    pub fn new(
        database: Database,
        shutdown: Shutdown,
        metrics: CallMetrics,
        (turn, generation): (TurnId, i32),
        earlier: Earlier,
    ) -> Self {
        Self {
            database,
            shutdown,
            metrics,
            turn,
            generation,
            earlier,
            calls: Mutex::default(),
        }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the call in progress, if any; its stream was dropped for this reason. A call that ended
    /// well before is recorded too, because another replica may store the end of the turn.
    pub fn close(&self, reason: &'static str) {
        llm::Attempts::end(self, reason, Usage::default());
        self.settle(false);
    }

    /// Returns the call that ended well and is not recorded yet.
    pub fn completed(&self) -> Option<Completed> {
        self.calls().completed.clone()
    }

    /// Records the call that ended well, unless the end of the turn has.
    pub fn settle(&self, stored_with_turn: bool) {
        if let Some((attempt, end)) = self.calls().completed.take()
            && !stored_with_turn
        {
            self.record(attempt, end);
        }
    }

    /// Nobody waits for this. If the process dies first, the call counts as interrupted.
    fn record(&self, attempt: Attempt, end: AttemptEnd) {
        let database = self.database.clone();
        self.shutdown.spawn(async move {
            let note = || attempts::end(&database, &attempt, end);
            if let Err(error) = patiently(PATIENCE, note).await {
                let turn = attempt.turn;
                tracing::warn!(turn.id = %turn, error = %error, "the end of a call was not recorded");
            }
        });
    }
}

#[async_trait]
impl llm::Attempts for Ledger {
    fn failed(&self) -> usize {
        self.earlier.failed
    }

    async fn begin(&self, provider: &'static str, model: &str) -> bool {
        let attempt = {
            let mut calls = self.calls();
            calls.begun += 1;
            let attempt = Attempt {
                turn: self.turn,
                generation: self.generation,
                number: self.earlier.last + calls.begun,
                provider,
                model: model.to_owned(),
            };
            calls.open = Some(Open {
                attempt: attempt.clone(),
                since: Instant::now(),
                first_token: None,
            });
            attempt
        };
        match timeout(NOTING, attempts::begin(&self.database, &attempt)).await {
            Ok(Ok(true)) => true,
            Ok(Ok(false)) => {
                self.calls().open = None;
                false
            }
            Ok(Err(error)) => {
                tracing::warn!(turn.id = %self.turn, error = %error, "a call will be recorded later");
                true
            }
            Err(_) => {
                tracing::warn!(turn.id = %self.turn, "a call will be recorded later");
                true
            }
        }
    }

    fn first_token(&self) {
        if let Some(open) = &mut self.calls().open {
            open.first_token = Some(open.since.elapsed());
        }
    }

    fn end(&self, outcome: &'static str, usage: Usage) {
        let Some(open) = self.calls().open.take() else {
            return;
        };
        self.metrics.ended(open.attempt.provider, outcome, usage);
        let end = AttemptEnd {
            outcome,
            first_token: open.first_token,
            duration: open.since.elapsed(),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
        };
        // A failed call counts at once, because another replica may have to go on from it.
        if outcome == FinishReason::Stop.as_str() {
            self.calls().completed = Some((open.attempt, end));
        } else {
            self.record(open.attempt, end);
        }
    }
}
