//! One turn: triage, accept, answer, finish.
//!
//! It runs on the task tracker, not in the request: a browser that goes away does not stop it,
//! and not even one that goes away while the turn is being accepted.

pub(super) mod admission;
pub(super) mod ledger;
pub(super) mod sweeper;
pub(super) mod takeover;

use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use crate::domain::access::Principal;
use crate::domain::chat::{TriageNotice, TurnDone, TurnEvent, TurnStatus, Utterance};
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::http::problem::Problem;
use crate::orchestrator::Orchestrator;
use crate::orchestrator::answer::{PATIENCE, Stop};
use crate::orchestrator::stream::draft::{Draft, unanswered};
use crate::orchestrator::stream::feed::{Feed, reconnect};
use crate::orchestrator::stream::resume;
use crate::persistence::turns::{self, Accepted, NewTurn, StoredTurn};
use crate::persistence::{DbError, bounded, patiently};
use crate::safety::{self, Level};
use admission::{Full, Permit};
use ledger::Earlier;

/// How often a turn looks for a cancellation that another replica recorded.
const POLL: Duration = Duration::from_millis(500);
/// How long a turn is safe from takeover without renewal, and how often it renews.
pub(in crate::orchestrator) const LEASE: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(5);

/// How long a person waits at most to learn whether a question was accepted after all.
const ACCEPT_PATIENCE: Duration = Duration::from_secs(5);
/// When a person whose earlier questions are still being answered may ask again.
const BUSY: Duration = Duration::from_secs(2);

/// A validated question.
pub struct Question {
    pub principal: Principal,
    pub conversation: ConversationId,
    pub content: String,
    /// What a client that keeps its own history says was said before; `None`: what is stored.
    pub history: Option<Vec<Utterance>>,
    pub collections: Option<Vec<String>>,
    pub idempotency_key: Option<String>,
    pub request_id: String,
}

/// What the client gets: its new turn, or one that was accepted before, wherever it runs.
pub enum Begun {
    Live(Arc<Feed>),
    Stored(Box<StoredTurn>),
}

/// What a turn came to when its end here was to be stored.
enum Ending {
    /// That end; perhaps by a commit whose answer was lost.
    Ours(TurnDone),
    /// An end without an answer that came first: cancelled, deleted or swept.
    Closed(TurnDone),
    /// Another generation's answer, or its beginning.
    Elsewhere(TurnDone),
}

/// A turn in the registry. Whatever ends it, a panic included, its listeners learn of the end.
struct Registration<'a> {
    orchestrator: &'a Orchestrator,
    feed: Arc<Feed>,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.orchestrator.metrics.stopped();
        let mut running = self.orchestrator.running();
        // A later generation may have taken the place.
        if running
            .get(&self.feed.turn)
            .is_some_and(|feed| Arc::ptr_eq(feed, &self.feed))
        {
            running.remove(&self.feed.turn);
        }
        drop(running);
        // After its end has been announced this is nothing; without one the turn goes on elsewhere.
        self.feed.publish(&reconnect(self.feed.turn));
    }
}

impl Orchestrator {
    /// Accepts a question and starts its turn.
    pub async fn begin(self: Arc<Self>, question: Question) -> Result<Begun, Problem> {
        let triage = safety::triage(&question.content);
        let notice = self.notice(triage);
        let emergency = triage.level == Level::Emergency;
        let permit = self.admit(&question.principal.owner_id, emergency)?;
        let (sender, receiver) = oneshot::channel();
        let orchestrator = Arc::clone(&self);
        let work = async move {
            let _permit = permit;
            let turn = TurnId::new();
            let question_id = MessageId::new();
            let accepted = orchestrator
                .accept(turn, question_id, &question, &notice)
                .await;
            if !matches!(accepted, Ok(Accepted::New)) {
                let _ = sender.send(accepted.and_then(Self::known));
                return;
            }
            let feed = Arc::new(Feed::new(turn, 1, 0));
            feed.publish(&TurnEvent::Turn {
                turn_id: turn,
                message_id: question_id,
                status: TurnStatus::Accepted,
            });
            // Whoever asked may have gone; the turn runs all the same.
            let _ = sender.send(Ok(Begun::Live(Arc::clone(&feed))));
            let deadline = Duration::from_secs(orchestrator.config.turn_deadline_seconds);
            let earlier = Earlier::default();
            orchestrator
                .run(&question, notice, feed, deadline, earlier)
                .await;
        };
        self.shutdown.spawn(work.in_current_span());
        receiver
            .await
            .unwrap_or_else(|_| Err(Problem::unavailable("The server is stopping. Try again.")))
    }

    /// Room for the turn. An emergency costs no model and no retrieval: it never waits for room.
    fn admit(&self, owner: &str, emergency: bool) -> Result<Option<Permit>, Problem> {
        let full = match self.admission.take(owner) {
            Ok(permit) => return Ok(Some(permit)),
            Err(_) if emergency => return Ok(None),
            Err(full) => full,
        };
        self.metrics.refused();
        Err(match full {
            Full::Here => Problem::unavailable("Too many questions at once. Try again shortly."),
            Full::Owner => Problem::too_many_requests(BUSY),
        })
    }

    async fn accept(
        &self,
        turn: TurnId,
        question_id: MessageId,
        question: &Question,
        notice: &TriageNotice,
    ) -> Result<Accepted, Problem> {
        let body = json!([
            question.conversation,
            question.content,
            question.collections
        ]);
        let collections = question
            .principal
            .effective_collections(question.collections.as_deref());
        let new = NewTurn {
            id: turn,
            question_id,
            conversation_id: question.conversation,
            principal: &question.principal,
            content: &question.content,
            collections: collections.as_deref(),
            idempotency_key: question.idempotency_key.as_deref(),
            request_hash: &Sha256::digest(body.to_string()),
            triage: json!(notice),
            deadline: Duration::from_secs(self.config.turn_deadline_seconds),
            replica: &self.replica,
            lease: LEASE,
        };
        let accepted = bounded(turns::accept(&self.database, &new)).await;
        if matches!(accepted, Err(DbError::Unavailable(_))) {
            // The answer to the commit may have been lost: is the turn there?
            let find = || turns::find(&self.database, &question.principal, turn);
            if matches!(patiently(ACCEPT_PATIENCE, find).await, Ok(Some(_))) {
                return Ok(Accepted::New);
            }
        }
        Ok(accepted?)
    }

    /// What to answer if nothing new was accepted.
    fn known(accepted: Accepted) -> Result<Begun, Problem> {
        match accepted {
            Accepted::KeyReused => Err(Problem::conflict(
                "This Idempotency-Key was used for another request.",
            )),
            Accepted::NoConversation => Err(Problem::not_found("There is no such conversation.")),
            Accepted::Replayed(stored) => Ok(Begun::Stored(stored)),
            Accepted::New => Err(Problem::conflict("The question was accepted twice.")),
        }
    }

    /// Runs a turn to exactly one terminal event.
    pub(super) async fn run(
        &self,
        question: &Question,
        notice: TriageNotice,
        feed: Arc<Feed>,
        deadline: Duration,
        earlier: Earlier,
    ) {
        self.running().insert(feed.turn, Arc::clone(&feed));
        self.metrics.began();
        let registration = Registration {
            orchestrator: self,
            feed,
        };
        let feed = &registration.feed;
        let mut draft = Draft::new(feed);
        let ledger = self.ledger(feed.turn, feed.generation, earlier);
        let answer = self.answer(question, notice, feed, &mut draft, Arc::clone(&ledger));
        let outcome = tokio::select! {
            outcome = timeout(deadline, answer) => {
                outcome.unwrap_or(Err(Stop::Failed("timeout")))
            }
            stop = self.stopped(question, feed) => Err(stop),
        };
        let (status, reason) = match &outcome {
            Ok(status) => (*status, None),
            Err(stop) => {
                ledger.close(stop.as_str());
                let status = match stop {
                    Stop::HandedOver => return self.hand_over(feed).await,
                    Stop::Cancelled => TurnStatus::Cancelled,
                    Stop::Failed(_) | Stop::Superseded => TurnStatus::Failed,
                    Stop::Database(error) => {
                        tracing::error!(turn.id = %feed.turn, error = %error, "turn failed");
                        TurnStatus::Failed
                    }
                };
                (status, Some(stop.as_str()))
            }
        };
        let done = draft.finish(status, reason);
        self.conclude(question, feed, done).await;
    }

    /// Stores the end and announces it. What is announced as complete has been stored.
    async fn conclude(&self, question: &Question, feed: &Feed, done: TurnDone) {
        let ending = match self.store(question, feed, done).await {
            Ok(ending) => ending,
            Err(error) => {
                // Another replica will continue it, or the sweeper will end it as failed.
                tracing::error!(turn.id = %feed.turn, error = %error, "the end was not stored");
                feed.publish(&reconnect(feed.turn));
                return;
            }
        };
        let (Ending::Ours(end) | Ending::Closed(end) | Ending::Elsewhere(end)) = &ending;
        tracing::info!(
            turn.id = %feed.turn, turn.status = end.status.as_str(), turn.reason = end.reason,
            llm.provider = end.provider, duration_ms = end.timings.total_ms, "turn ended"
        );
        if let Ending::Ours(end) = &ending {
            self.metrics.ended(end);
        } else {
            self.metrics.superseded();
        }
        match &ending {
            Ending::Ours(end) | Ending::Closed(end) => {
                let end = resume::terminal(end, &question.request_id, &self.contacts);
                feed.publish(&end);
                self.flush(feed).await;
            }
            // That answer begins with `restart`; the cache is no longer ours to write.
            Ending::Elsewhere(_) => {
                feed.publish(&reconnect(feed.turn));
            }
        }
    }

    async fn store(
        &self,
        question: &Question,
        feed: &Feed,
        done: TurnDone,
    ) -> Result<Ending, DbError> {
        let finish = || turns::finish(&self.database, feed.generation, &done);
        if patiently(PATIENCE, finish).await? {
            return Ok(Ending::Ours(done));
        }
        let find = || turns::find(&self.database, &question.principal, feed.turn);
        let end = patiently(PATIENCE, find).await?.map_or_else(
            || unanswered(feed.turn, TurnStatus::Cancelled, Some("deleted")),
            |stored| resume::outcome(&stored),
        );
        Ok(match end.message_id {
            // A commit whose answer was lost looks the same as somebody else's end.
            Some(message) if done.message_id == Some(message) => Ending::Ours(end),
            None if end.status.is_terminal() => Ending::Closed(end),
            _ => Ending::Elsewhere(end),
        })
    }

    /// Resolves when the turn must stop: cancelled, here or elsewhere, or no longer ours.
    async fn stopped(&self, question: &Question, feed: &Feed) -> Stop {
        tokio::select! {
            () = feed.cancel.cancelled() => Stop::Cancelled,
            () = self.shutdown.closing() => Stop::HandedOver,
            stop = self.watch(question, feed) => stop,
        }
    }

    /// Gives the turn to whichever replica comes first; the listeners here are told to follow.
    async fn hand_over(&self, feed: &Feed) {
        self.flush(feed).await;
        let running = (feed.turn, feed.generation);
        match bounded(turns::release_lease(&self.database, running, &self.replica)).await {
            Ok(()) => tracing::info!(turn.id = %feed.turn, "turn handed over"),
            Err(error) => {
                tracing::warn!(turn.id = %feed.turn, error = %error, "its lease will expire");
            }
        }
        feed.publish(&reconnect(feed.turn));
    }

    async fn watch(&self, question: &Question, feed: &Feed) -> Stop {
        let owner = &question.principal.owner_id;
        let mut renewed = Instant::now();
        loop {
            sleep(POLL).await;
            self.flush(feed).await;
            let asked = turns::is_cancel_requested(&self.database, owner, feed.turn);
            let asked = bounded(asked).await;
            if asked.unwrap_or(false) {
                return Stop::Cancelled;
            }
            if renewed.elapsed() >= RENEWAL {
                let running = (feed.turn, feed.generation);
                let renew = turns::renew_lease(&self.database, running, &self.replica, LEASE);
                match bounded(renew).await {
                    Ok(true) => renewed = Instant::now(),
                    Ok(false) => return Stop::Superseded,
                    // Asked again at the next turn of this loop.
                    Err(error) => tracing::warn!(error = %error, "a lease was not renewed"),
                }
            }
        }
    }

    /// Copies new events to the cache; without a cache, resuming falls back to what is stored.
    pub(super) async fn flush(&self, feed: &Feed) {
        let (events, count) = feed.unflushed();
        if events.is_empty() {
            return;
        }
        match self.cache.append_events(feed.turn, &events).await {
            Ok(()) => feed.mark_flushed(count),
            Err(error) => {
                tracing::debug!(turn.id = %feed.turn, error = %error, "events not cached");
            }
        }
    }
}
