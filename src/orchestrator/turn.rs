//! One turn: triage, accept, retrieve, gate, prompt, stream, ground, finish.
//!
//! It runs on the task tracker, not in the request: a browser that goes away does not stop it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::draft::Draft;
use super::events::Feed;
use super::grounding::{Grounder, Output};
use super::sweeper::unfinished;
use super::{Orchestrator, gate, prompt};
use crate::domain::access::Principal;
use crate::domain::chat::{TriageNotice, TurnDone, TurnEvent, TurnStatus, Usage};
use crate::domain::evidence::{Citation, Passage, RetrieveRequest, Source};
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::domain::time::now;
use crate::http::problem::Problem;
use crate::llm::{Chunk, Serving};
use crate::persistence::turns::{self, Accepted, NewTurn, StoredTurn};
use crate::persistence::{DbError, conversations};
use crate::safety::{self, Level};

const ABSTAIN_TEXT: &str = "I don't know. The documents I am allowed to use do not answer this \
    question. Please ask a member of staff, or try to put the question in other words.";

/// How often a turn looks for a cancellation that another replica recorded.
const CANCEL_POLL: Duration = Duration::from_millis(500);

/// A validated question.
pub struct Question {
    pub principal: Principal,
    pub conversation: ConversationId,
    pub content: String,
    pub collections: Option<Vec<String>>,
    pub idempotency_key: Option<String>,
    pub request_id: String,
}

/// What the client gets: a running turn, or one that ran before.
pub enum Begun {
    Live(Arc<Feed>),
    Stored(StoredTurn),
}

/// Why a turn ended without an answer.
enum Stop {
    Cancelled,
    Failed(&'static str),
    Database(DbError),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl Orchestrator {
    /// Accepts a question and starts its turn.
    pub async fn begin(self: Arc<Self>, question: Question) -> Result<Begun, Problem> {
        let permit = Arc::clone(&self.admission)
            .try_acquire_owned()
            .map_err(|_| Problem::unavailable("Too many questions at once. Try again shortly."))?;
        conversations::find(
            &self.database,
            &question.principal.owner_id,
            question.conversation,
        )
        .await?
        .ok_or_else(|| Problem::not_found("There is no such conversation."))?;
        let triage = safety::triage(&question.content);
        let notice = TriageNotice {
            level: if triage.level == Level::Emergency {
                "emergency"
            } else {
                "none"
            }
            .into(),
            category: triage.category.map(|category| category.as_str().into()),
            text: triage.text.map(Into::into),
        };
        let turn = TurnId::new();
        let question_id = MessageId::new();
        match self.accept(turn, question_id, &question, &notice).await? {
            Accepted::KeyReused => {
                return Err(Problem::conflict(
                    "This Idempotency-Key was used for another request.",
                ));
            }
            Accepted::Replayed(stored) => {
                let running = self.running().get(&stored.id.into()).cloned();
                return Ok(running.map_or(Begun::Stored(stored), Begun::Live));
            }
            Accepted::New => {}
        }
        let feed = Arc::new(Feed::new(turn));
        self.running().insert(turn, Arc::clone(&feed));
        let (orchestrator, running) = (Arc::clone(&self), Arc::clone(&feed));
        self.shutdown.spawn(async move {
            let _permit = permit;
            feed.publish(&TurnEvent::Turn {
                turn_id: turn,
                message_id: question_id,
                status: TurnStatus::Accepted,
            });
            orchestrator.run(&question, notice, &feed).await;
            orchestrator.flush(&feed).await;
            orchestrator.running().remove(&turn);
        });
        Ok(Begun::Live(running))
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
        let seconds = i64::try_from(self.config.turn_deadline_seconds).unwrap_or(120);
        Ok(turns::accept(
            &self.database,
            &NewTurn {
                id: turn,
                question_id,
                conversation_id: question.conversation,
                owner: &question.principal.owner_id,
                content: &question.content,
                collections: question.collections.as_deref(),
                idempotency_key: question.idempotency_key.as_deref(),
                request_hash: &Sha256::digest(body.to_string()),
                triage: json!(notice),
                deadline_at: now() + chrono::Duration::seconds(seconds),
            },
        )
        .await?)
    }

    /// Runs the turn to exactly one terminal event.
    async fn run(&self, question: &Question, notice: TriageNotice, feed: &Feed) {
        let deadline = Duration::from_secs(self.config.turn_deadline_seconds);
        let answer = tokio::select! {
            outcome = tokio::time::timeout(deadline, self.answer(question, notice, feed)) => {
                outcome.unwrap_or(Err(Stop::Failed("timeout")))
            }
            () = self.cancelled(feed) => Err(Stop::Cancelled),
        };
        let done = match answer {
            Ok(done) => done,
            Err(Stop::Cancelled) => unfinished(feed.turn, TurnStatus::Cancelled, "cancelled"),
            Err(Stop::Failed(reason)) => unfinished(feed.turn, TurnStatus::Failed, reason),
            Err(Stop::Database(error)) => {
                tracing::error!(turn.id = %feed.turn, error = %error, "turn failed");
                unfinished(feed.turn, TurnStatus::Failed, "database")
            }
        };
        let stored = turns::finish(&self.database, &done).await;
        tracing::info!(
            turn.id = %feed.turn, turn.status = done.status.as_str(), turn.reason = done.reason,
            duration_ms = done.timings.total_ms, "turn ended"
        );
        // What is announced as complete has been stored; anything else is an error.
        let failed = done.status == TurnStatus::Failed || !matches!(stored, Ok(true));
        feed.publish(&if failed {
            let problem = Problem::unavailable(
                "The answer could not be completed. What was shown is not a complete answer.",
            );
            let mut value = problem.to_value(&question.request_id);
            if let Some(object) = value.as_object_mut() {
                object.insert("turn_id".into(), json!(feed.turn));
                object.insert("reason".into(), json!(done.reason));
            }
            TurnEvent::Error(value)
        } else {
            TurnEvent::Done(Box::new(done))
        });
    }

    /// Resolves when the person cancelled, here or on another replica.
    async fn cancelled(&self, feed: &Feed) {
        loop {
            tokio::select! {
                () = feed.cancel.cancelled() => return,
                () = tokio::time::sleep(CANCEL_POLL) => {}
            }
            self.flush(feed).await;
            if turns::is_cancel_requested(&self.database, feed.turn)
                .await
                .unwrap_or(false)
            {
                return;
            }
        }
    }

    /// Copies new events to the cache; without a cache, resuming falls back to what is stored.
    async fn flush(&self, feed: &Feed) {
        let events = feed.take_unflushed();
        if !events.is_empty()
            && let Err(error) = self.cache.append_events(feed.turn, &events).await
        {
            tracing::debug!(turn.id = %feed.turn, error = %error, "events not cached");
        }
    }

    async fn answer(
        &self,
        question: &Question,
        notice: TriageNotice,
        feed: &Feed,
    ) -> Result<TurnDone, Stop> {
        let mut draft = Draft::new(feed);
        let emergency = notice.text.clone().filter(|_| notice.level == "emergency");
        feed.publish(&TurnEvent::Triage(notice));
        if let Some(text) = emergency {
            return Ok(draft.prepared(TurnStatus::Escalated, "triage", &text));
        }
        turns::set_status(&self.database, feed.turn, TurnStatus::Retrieving, None).await?;
        let Some(sources) = self.evidence(question, &mut draft).await? else {
            return Ok(draft.prepared(TurnStatus::Abstained, "abstain", ABSTAIN_TEXT));
        };
        let owner = &question.principal.owner_id;
        let history =
            conversations::list_messages(&self.database, owner, question.conversation, 20).await?;
        // The last message is the question itself.
        let earlier = history.split_last().map_or(&[][..], |(_, earlier)| earlier);
        let budget = self.config.history_token_budget;
        let prompt = prompt::build(&question.content, earlier, &sources, budget);
        let serving = self
            .providers
            .stream(&prompt)
            .await
            .map_err(|error| Stop::Failed(error.kind()))?;
        self.stream(serving, sources, &mut draft).await?;
        if draft.answer.trim().is_empty() {
            return Ok(draft.prepared(TurnStatus::Abstained, "abstain", ABSTAIN_TEXT));
        }
        Ok(draft.done(TurnStatus::Completed))
    }

    /// The sources to answer from, or `None` if they do not support an answer.
    async fn evidence(
        &self,
        question: &Question,
        draft: &mut Draft<'_>,
    ) -> Result<Option<Vec<Source>>, Stop> {
        let request = RetrieveRequest {
            query: question.content.clone(),
            collections: question
                .principal
                .effective_collections(question.collections.as_deref()),
            limit: Some(self.config.evidence_limit),
        };
        let evidence = self
            .retrieval
            .retrieve(&request, &question.request_id)
            .await
            .map_err(|error| {
                tracing::warn!(error = %error, "retrieval failed");
                Stop::Failed("retrieval")
            })?;
        draft.retrieval_ms = Some(draft.elapsed());
        if !gate::enough(&question.content, &evidence, self.config.min_dense_score) {
            draft.feed.publish(&TurnEvent::Sources(Vec::new()));
            return Ok(None);
        }
        let sources: Vec<Source> = (1..).zip(evidence.results).map(to_source).collect();
        turns::set_status(
            &self.database,
            draft.feed.turn,
            TurnStatus::Answering,
            Some(&json!(sources)),
        )
        .await?;
        draft.feed.publish(&TurnEvent::Sources(sources.clone()));
        Ok(Some(sources))
    }

    async fn stream(
        &self,
        mut serving: Serving,
        sources: Vec<Source>,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        draft.provider = Some(serving.provider.to_owned());
        draft.model = Some(serving.model);
        draft.rung = Some(serving.rung.to_owned());
        let mut grounder = Grounder::new(sources);
        while let Some(chunk) = serving.stream.next().await {
            match chunk.map_err(|error| Stop::Failed(error.kind()))? {
                Chunk::Delta(text) => {
                    draft.first_token_ms.get_or_insert(draft.started.elapsed());
                    self.emit(grounder.push(&text), draft).await?;
                }
                Chunk::Finished { usage, .. } => {
                    draft.usage = Usage {
                        input_tokens: usage.input_tokens,
                        output_tokens: usage.output_tokens,
                    };
                    return self.emit(grounder.finish(), draft).await;
                }
            }
        }
        Err(Stop::Failed("truncated"))
    }

    async fn emit(&self, outputs: Vec<Output>, draft: &mut Draft<'_>) -> Result<(), Stop> {
        for output in outputs {
            match output {
                Output::Text(text) => draft.say(&text),
                Output::Citation(citation) => {
                    let Citation {
                        version_id,
                        start,
                        end,
                        ..
                    } = citation;
                    let stored = turns::find_quote(&self.database, version_id, start, end).await?;
                    if stored.as_deref() == Some(citation.quote.as_str()) {
                        draft.cite(citation);
                    } else {
                        tracing::error!(turn.id = %draft.feed.turn, "a citation does not resolve");
                    }
                }
            }
        }
        Ok(())
    }
}

fn to_source((id, passage): (i32, Passage)) -> Source {
    Source {
        id,
        document_id: passage.document_id,
        version_id: passage.version_id,
        title: passage.title,
        version: passage.version,
        page: passage.page,
        start: passage.start,
        end: passage.end,
        text: passage.text,
        score: passage.score,
    }
}
