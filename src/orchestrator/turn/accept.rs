//! Accepts a question: triage, admission and one transaction; then its turn runs.

use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::ready;
use futures::stream::{BoxStream, StreamExt};
use serde_json::json;
use tokio::time::timeout;
use tracing::Instrument;

use super::admission::{Full, Permit};
use super::ledger::Earlier;
use super::run::Turn;
use super::runner::{LEASE, Runner};
use crate::cache::StoredEvent;
use crate::domain::access::Principal;
use crate::domain::chat::{Role, TurnStatus};
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::event::{EventName, TurnEvent};
use crate::domain::ids::{MessageId, TurnId};
use crate::http::problem::Problem;
use crate::language::Tongue;
use crate::orchestrator::answer::prepared;
use crate::orchestrator::question::Question;
use crate::orchestrator::stream::feed::Feed;
use crate::orchestrator::stream::follow;
use crate::orchestrator::stream::hub::Hub;
use crate::persistence::turns::{self, Accepted, NewTurn, Place, StoredTurn};
use crate::persistence::{DbError, conversations, patiently};
use crate::safety::{self, Triage};

/// How long a person waits to learn whether a question was accepted after all.
const ACCEPT_PATIENCE: Duration = Duration::from_secs(5);
/// How long triage waits for the person's earlier messages.
const EARLIER_PATIENCE: Duration = Duration::from_secs(1);
/// When a person whose earlier questions are still running may ask again.
const BUSY: Duration = Duration::from_secs(2);

/// An accepted question: its turn, and who may see its events.
pub(in crate::orchestrator) struct Asked {
    hub: Arc<Hub>,
    reader: Principal,
    request_id: String,
    begun: Begun,
}

/// The turn of a question: a new one, or one that was accepted before, wherever it runs.
enum Begun {
    Live(Arc<Feed>),
    Stored(Box<StoredTurn>),
}

impl Asked {
    pub fn turn(&self) -> TurnId {
        match &self.begun {
            Begun::Live(feed) => feed.turn,
            Begun::Stored(stored) => stored.id,
        }
    }

    /// Streams all events.
    pub fn events(self) -> BoxStream<'static, StoredEvent> {
        match self.begun {
            // The answer uses only documents that the person may read, which is checked again at
            // each quote.
            Begun::Live(feed) => feed.listen(None).boxed(),
            Begun::Stored(stored) => {
                follow::events(self.hub, self.reader, &stored, None, self.request_id)
            }
        }
    }

    /// Waits for the last event.
    pub async fn end(self) -> Option<StoredEvent> {
        if let Begun::Live(feed) = &self.begun {
            return feed.end().await;
        }
        let ends = |event: &StoredEvent| ready(event.name.ends_stream());
        self.events().filter(ends).next().await
    }

    /// Waits for the last event; returns the last event with sources before it, and the end itself.
    pub async fn sources_and_end(self) -> (Option<StoredEvent>, Option<StoredEvent>) {
        if let Begun::Live(feed) = &self.begun {
            feed.end().await;
        }
        let mut events = self.events();
        let mut sources = None;
        while let Some(event) = events.next().await {
            if event.name.ends_stream() {
                return (sources, Some(event));
            }
            if event.name == EventName::Sources {
                sources = Some(event);
            }
        }
        (sources, None)
    }
}

/// Accepts a question and starts its turn. `alone` is the triage of the question without the earlier
/// messages.
pub(in crate::orchestrator) async fn ask(
    runner: &Arc<Runner>,
    question: Question,
    alone: Triage,
) -> Result<Asked, Problem> {
    Ok(Asked {
        hub: Arc::clone(&runner.hub),
        reader: question.principal.clone(),
        request_id: question.request_id.clone(),
        begun: begin(runner, question, alone).await?,
    })
}

async fn begin(runner: &Arc<Runner>, question: Question, alone: Triage) -> Result<Begun, Problem> {
    let triage = in_conversation(alone, runner, &question).await;
    let tongue = Tongue::of(&question.content);
    let notice = prepared::notice(triage, &runner.hub.contacts, tongue);
    let permit = admit(runner, &question.principal, notice.level)?;
    let (sender, receiver) = oneshot::channel();
    let running = Arc::clone(runner);
    let work = async move {
        let _permit = permit;
        let (turn, question_id) = (TurnId::new(), MessageId::new());
        let accepting = accept(&running, turn, question_id, &question, &notice);
        let accepted = Box::pin(accepting).await;
        if !matches!(accepted, Ok(Accepted::New)) {
            let _ = sender.send(accepted.and_then(known));
            return;
        }
        let feed = Arc::new(Feed::new(turn, 1, 0));
        feed.publish(&TurnEvent::Turn {
            turn_id: turn,
            message_id: question_id,
            status: TurnStatus::Accepted,
        });
        // The turn runs even if the client has gone.
        let _ = sender.send(Ok(Begun::Live(Arc::clone(&feed))));
        let deadline = running.turn_deadline;
        let turn = Turn::new(running, question, notice, feed, Earlier::default());
        turn.run(deadline).await;
    };
    runner.hub.shutdown.spawn(work.in_current_span());
    receiver
        .await
        .unwrap_or_else(|_| Err(Problem::unavailable("The server is stopping. Try again.")))
}

/// Triages the question together with what the person said before, if that could matter. If the
/// database does not answer, the question stands alone.
async fn in_conversation(alone: Triage, runner: &Runner, question: &Question) -> Triage {
    if !alone.depends_on_earlier {
        return alone;
    }
    let earlier = if let Some(history) = &question.history {
        let said = history.iter().filter(|said| said.role == Role::User);
        said.map(|said| said.content.clone()).collect()
    } else {
        let (reader, conversation) = (&question.principal, question.conversation);
        let database = &runner.hub.database;
        let said = conversations::list_said(database, reader, conversation, safety::EARLIER);
        match timeout(EARLIER_PATIENCE, said).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) | Err(_) => return alone,
        }
    };
    let earlier: Vec<&str> = earlier.iter().map(String::as_str).collect();
    alone.after(&question.content, &earlier)
}

/// Admits the turn. An emergency needs no model and no retrieval, so it never waits for room.
fn admit(runner: &Runner, asker: &Principal, level: Level) -> Result<Option<Permit>, Problem> {
    let full = match runner.admission.take(&asker.owner_id) {
        Ok(permit) => return Ok(Some(permit)),
        Err(_) if level == Level::Emergency => return Ok(None),
        Err(full) => full,
    };
    runner.metrics.refused();
    Err(match full {
        Full::Here => Problem::unavailable("Too many questions at once. Try again shortly."),
        Full::Owner => Problem::too_many_requests(BUSY),
    })
}

async fn accept(
    runner: &Runner,
    turn: TurnId,
    question_id: MessageId,
    question: &Question,
    notice: &TriageNotice,
) -> Result<Accepted, Problem> {
    // A client that keeps its own history keeps no conversation: each question begins one.
    let conversation = match question.history {
        Some(_) => Place::New(question.conversation),
        None => Place::Existing(question.conversation),
    };
    let collections = question.searched();
    let new = NewTurn {
        id: turn,
        question_id,
        conversation,
        principal: &question.principal,
        content: &question.content,
        collections: collections.as_deref(),
        idempotency_key: question.idempotency_key.as_deref(),
        request_hash: &question.hash(),
        triage: json!(notice),
        deadline: runner.turn_deadline,
        replica: &runner.replica,
        lease: LEASE,
    };
    let accepted = turns::accept(&runner.hub.database, &new).await;
    if matches!(accepted, Err(DbError::Unavailable(_))) {
        // The confirmation of the commit may be lost, so this looks for the turn.
        let find = || turns::find(&runner.hub.database, &question.principal, turn);
        if matches!(patiently(ACCEPT_PATIENCE, find).await, Ok(Some(_))) {
            return Ok(Accepted::New);
        }
    }
    Ok(accepted?)
}

/// Returns the answer if nothing new was accepted.
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
