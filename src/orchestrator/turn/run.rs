//! Runs one turn, from its acceptance to its terminal event.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::ledger::{Earlier, Ledger};
use super::runner::Runner;
use super::watcher;
use crate::domain::chat::{TurnDone, TurnStatus};
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::event::TurnEvent;
use crate::domain::evidence::Source;
use crate::language::Tongue;
use crate::llm::{Attempts, FinishReason};
use crate::orchestrator::answer::{Found, Governed, NoAnswer, prepared};
use crate::orchestrator::config::PATIENCE;
use crate::orchestrator::question::Question;
use crate::orchestrator::stream::draft::{Draft, TooLong};
use crate::orchestrator::stream::end::{outcome, reconnect, terminal, unanswered, without_answer};
use crate::orchestrator::stream::feed::Feed;
use crate::persistence::turns::Finished;
use crate::persistence::{DbError, patiently, turns};
use crate::safety::ladder;

/// A turn that runs here.
pub(super) struct Turn {
    runner: Arc<Runner>,
    question: Question,
    notice: TriageNotice,
    feed: Arc<Feed>,
    ledger: Arc<Ledger>,
}

/// The reason why a turn stops without an answer.
enum Stop {
    Cancelled,
    Failed(&'static str),
    /// The sweeper ended the turn, or another replica took it over.
    Superseded,
    /// This replica stops, and another one continues the turn.
    HandedOver,
    Database(DbError),
}

impl Stop {
    /// Returns a stable word for metrics and stored reasons.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Failed(reason) => reason,
            Self::Superseded => "superseded",
            Self::HandedOver => "handed_over",
            Self::Database(_) => "database",
        }
    }
}

impl From<NoAnswer> for Stop {
    fn from(reason: NoAnswer) -> Self {
        match reason {
            NoAnswer::Failed(reason) => Self::Failed(reason),
            NoAnswer::Abandoned => Self::Superseded,
            NoAnswer::Database(error) => Self::Database(error),
        }
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<TooLong> for Stop {
    fn from(error: TooLong) -> Self {
        NoAnswer::from(error).into()
    }
}

/// The end of a turn in the database.
enum Ending {
    /// The end to be stored, possibly by a commit whose confirmation was lost.
    Ours(TurnDone),
    /// An earlier end without an answer: cancelled, deleted or swept.
    Closed(TurnDone),
    /// The answer of another generation, or its beginning.
    Elsewhere(TurnDone),
}

impl Turn {
    /// Creates a turn whose lease this replica holds.
    pub fn new(
        runner: Arc<Runner>,
        question: Question,
        notice: TriageNotice,
        feed: Arc<Feed>,
        earlier: Earlier,
    ) -> Self {
        Self {
            ledger: runner.ledger((feed.turn, feed.generation), earlier),
            runner,
            question,
            notice,
            feed,
        }
    }

    /// Runs to exactly one terminal event, or until another replica runs it.
    pub async fn run(&self, deadline: Duration) {
        let _registration = self.runner.hub.register(Arc::clone(&self.feed));
        watcher::watch(&self.runner);
        let _running = self.runner.metrics.began();
        let mut draft = Draft::new(&self.feed);
        let outcome = tokio::select! {
            outcome = timeout(deadline, self.answer(&mut draft)) => {
                outcome.unwrap_or(Err(Stop::Failed("timeout")))
            }
            stop = self.stopped() => Err(stop),
        };
        let (status, reason) = match &outcome {
            Ok(status) => (*status, None),
            Err(stop) => {
                self.ledger.close(stop.as_str());
                let status = match stop {
                    Stop::HandedOver => return Box::pin(self.hand_over()).await,
                    Stop::Cancelled => TurnStatus::Cancelled,
                    Stop::Failed(_) | Stop::Superseded => TurnStatus::Failed,
                    Stop::Database(error) => {
                        tracing::error!(turn.id = %self.feed.turn, error = %error, "turn failed");
                        TurnStatus::Failed
                    }
                };
                (status, Some(stop.as_str()))
            }
        };
        let shown = !draft.is_empty();
        let done = draft.finish(status, reason);
        let done = if shown { done } else { self.or_contacts(done) };
        Box::pin(self.conclude(done)).await;
        self.ledger.settle(false);
    }

    /// Adds whom to call and whom to ask to the end of a turn that failed without a word.
    fn or_contacts(&self, done: TurnDone) -> TurnDone {
        let reason = done.reason.as_deref().unwrap_or_default();
        // A refusal by the model has words of its own.
        if done.status != TurnStatus::Failed || reason == FinishReason::Refusal.as_str() {
            return done;
        }
        let contacts = &self.runner.hub.contacts;
        TurnDone {
            degraded: Some(ladder::contacts(reason, &self.question.content, contacts)),
            contacts: contacts.for_urgent_case(Tongue::of(&self.question.content)),
            ..done
        }
    }

    /// Answers into the draft; returns the status with which the turn ends.
    async fn answer(&self, draft: &mut Draft<'_>) -> Result<TurnStatus, Stop> {
        self.feed.publish(&TurnEvent::Triage(self.notice.clone()));
        draft.triaged(&self.notice);
        if let Some(advice) = prepared::advice(&self.notice) {
            draft.prepared(advice)?;
            return Ok(TurnStatus::Escalated);
        }
        let (answers, question) = (&self.runner.answers, &self.question);
        // A turn waits longest for its model; the future of each other step ends with it.
        let heard = Box::pin(answers.understand(question, draft)).await?;
        let tongue = heard.tongue();
        // A message with advice is looked up, however it reads.
        if self.notice.level == Level::None
            && let Some(status) = Box::pin(answers.reply(question, &heard, draft)).await?
        {
            return Ok(status);
        }
        match Box::pin(answers.evidence(question, &heard, draft)).await? {
            Found::Evidence(evidence) => {
                Box::pin(self.begin(&evidence.sources)).await?;
                let attempts: Arc<dyn Attempts> = Arc::clone(&self.ledger) as _;
                let given = answers.give((question, &heard), evidence, &attempts, draft);
                Ok(given.await?)
            }
            Found::Rivals(titles, sources) => {
                Box::pin(self.begin(&sources)).await?;
                let (clarification, prepared) = prepared::clarification(&titles, tongue);
                draft.asks_back(clarification);
                draft.prepared(prepared)?;
                Ok(TurnStatus::Clarifying)
            }
            Found::Nothing(near, sources) => {
                Box::pin(self.begin(&sources)).await?;
                Ok(answers.abstain(tongue, &near, draft)?)
            }
        }
    }

    /// Stores the sources of the answer, and shows them.
    async fn begin(&self, evidence: &[Governed]) -> Result<(), Stop> {
        let sources: Vec<Source> = evidence.iter().map(|(source, _)| source.clone()).collect();
        if !sources.is_empty() {
            self.store_sources(&sources).await?;
        }
        self.feed.publish(&TurnEvent::Sources(sources));
        Ok(())
    }

    /// Stores the sources of a running turn, before anybody sees them: readers are checked against
    /// them.
    async fn store_sources(&self, sources: &[Source]) -> Result<(), Stop> {
        let owner = &self.question.principal.owner_id;
        let running = (self.feed.turn, self.feed.generation);
        let (database, sources) = (&self.runner.hub.database, json!(sources));
        let set = || turns::begin_answer(database, owner, running, &sources);
        if patiently(PATIENCE, set).await? {
            Ok(())
        } else {
            Err(Stop::Superseded)
        }
    }

    /// Stores the end and announces it. A client sees no end that is not stored.
    async fn conclude(&self, done: TurnDone) {
        let ending = match self.store(done).await {
            Ok(ending) => ending,
            Err(error) => {
                // Another replica will continue the turn, or the sweeper will end it as failed.
                tracing::error!(turn.id = %self.feed.turn, error = %error, "the end was not stored");
                self.feed.publish(&reconnect(self.feed.turn));
                return;
            }
        };
        let (Ending::Ours(end) | Ending::Closed(end) | Ending::Elsewhere(end)) = &ending;
        tracing::info!(
            turn.id = %self.feed.turn, turn.status = end.status.as_str(), turn.reason = end.reason,
            llm.provider = end.provider, duration_ms = end.timings.total_ms, "turn ended"
        );
        if let Ending::Ours(end) = &ending {
            self.runner.metrics.ended(end);
        } else {
            self.runner.metrics.superseded();
        }
        match &ending {
            Ending::Ours(end) | Ending::Closed(end) => {
                let end = terminal(end, &self.question.request_id, &self.runner.hub.contacts);
                self.feed.publish(&end);
                self.runner.hub.flush(&self.feed).await;
            }
            // The other answer begins with `restart`, and this replica no longer writes to the
            // cache.
            Ending::Elsewhere(_) => {
                self.feed.publish(&reconnect(self.feed.turn));
            }
        }
    }

    async fn store(&self, done: TurnDone) -> Result<Ending, DbError> {
        let database = &self.runner.hub.database;
        let (reader, generation) = (&self.question.principal, self.feed.generation);
        let completed = self.ledger.completed();
        let call = completed.as_ref().map(|(attempt, end)| (attempt, *end));
        let finish = || turns::finish(database, reader, generation, &done, call);
        match patiently(PATIENCE, finish).await? {
            Finished::Ended => {
                self.ledger.settle(true);
                return Ok(Ending::Ours(done));
            }
            // A failure cites nothing, so this happens once.
            Finished::Unresolved => {
                let (status, reason) = (TurnStatus::Failed, NoAnswer::UNRESOLVED);
                let done = without_answer(done, status, Some(reason));
                return Box::pin(self.store(done)).await;
            }
            Finished::NotRunning => {}
        }
        let find = || turns::find(database, &self.question.principal, self.feed.turn);
        let end = patiently(PATIENCE, find).await?.map_or_else(
            || unanswered(self.feed.turn, TurnStatus::Cancelled, Some("deleted")),
            |stored| outcome(&stored),
        );
        Ok(match end.message_id {
            // A commit whose confirmation was lost looks like another replica's end.
            Some(message) if done.message_id == Some(message) => Ending::Ours(end),
            None if end.status.is_terminal() => Ending::Closed(end),
            _ => Ending::Elsewhere(end),
        })
    }

    /// Resolves when the turn must stop: it was cancelled here or elsewhere, or its lease was lost.
    async fn stopped(&self) -> Stop {
        tokio::select! {
            () = self.feed.cancel.cancelled() => Stop::Cancelled,
            () = self.feed.lost.cancelled() => Stop::Superseded,
            () = self.runner.hub.shutdown.closing() => Stop::HandedOver,
        }
    }

    /// Gives the turn to the first replica that takes it, and tells the listeners here to
    /// reconnect.
    async fn hand_over(&self) {
        self.runner.hub.flush(&self.feed).await;
        let running = (self.feed.turn, self.feed.generation);
        let release =
            turns::release_lease(&self.runner.hub.database, running, &self.runner.replica);
        match release.await {
            Ok(()) => tracing::info!(turn.id = %self.feed.turn, "turn handed over"),
            Err(error) => {
                tracing::warn!(turn.id = %self.feed.turn, error = %error, "its lease will expire");
            }
        }
        self.feed.publish(&reconnect(self.feed.turn));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the size of the future of a turn.
    fn size<'a, F: Future>(_: impl FnOnce(&'a Turn, Duration) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_turn_that_waits_for_its_model_keeps_little() {
        let bytes = size(Turn::run);
        assert!(bytes <= 4_096, "{bytes} bytes");
    }
}
