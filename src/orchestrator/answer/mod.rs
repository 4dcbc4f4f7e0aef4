//! From a question to its answer: retrieve, gate, prompt, stream, ground.

mod gate;
mod governed;
mod grounding;
pub(super) mod prepared;
mod prompt;
pub mod retrieval;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::json;

use super::Orchestrator;
use super::stream::draft::{Draft, TooLong};
use super::stream::feed::Feed;
use super::turn::Question;
use super::turn::ledger::Ledger;
use crate::domain::chat::{TriageNotice, TurnEvent, TurnStatus, Utterance};
use crate::domain::evidence::{Citation, Passage, RetrieveRequest, Source};
use crate::domain::ids::TurnId;
use crate::llm::{
    Attempts, ChatModel, Chunk, ChunkStream, Extractive, FinishReason, LlmError, Prompt, Serving,
};
use crate::persistence::turns::{self, Span};
use crate::persistence::{DbError, conversations, patiently};
use governed::{Governed, pieces, to_source};
use grounding::{Grounder, Output, Words};

/// The rung on which the passages answer in their own words.
const EXTRACTIVE: &str = "extractive";

/// Most earlier messages that are read; the prompt keeps what fits its budget.
const HISTORY: i64 = 20;

/// How long a running turn waits for a database that is away.
pub(in crate::orchestrator) const PATIENCE: Duration = Duration::from_secs(20);

/// Why a turn ends without an answer.
pub(in crate::orchestrator) enum Stop {
    Cancelled,
    Failed(&'static str),
    /// The sweeper ended it, or another replica took it over.
    Superseded,
    /// This replica stops: another one shall continue.
    HandedOver,
    Database(DbError),
}

impl Stop {
    /// A stable word for metrics and stored reasons.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Failed(reason) => reason,
            Self::Superseded => "superseded",
            Self::HandedOver => "handed_over",
            Self::Database(_) => "database",
        }
    }
}

impl From<LlmError> for Stop {
    fn from(error: LlmError) -> Self {
        match error {
            LlmError::Abandoned => Self::Superseded,
            error => Self::Failed(error.kind()),
        }
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<TooLong> for Stop {
    fn from(_: TooLong) -> Self {
        Self::Failed("too_long")
    }
}

impl Orchestrator {
    /// Answers into the draft; says how the turn ends.
    pub(in crate::orchestrator) async fn answer(
        &self,
        question: &Question,
        notice: TriageNotice,
        feed: &Feed,
        draft: &mut Draft<'_>,
        ledger: Arc<Ledger>,
    ) -> Result<TurnStatus, Stop> {
        let advice = self.advice(&notice);
        feed.publish(&TurnEvent::Triage(notice));
        if let Some(advice) = advice {
            draft.prepared(advice)?;
            return Ok(TurnStatus::Escalated);
        }
        self.advance(question, feed, TurnStatus::Retrieving, None)
            .await?;
        let governed = self.evidence(question, feed, draft).await?;
        let sources: Vec<Source> = governed.iter().map(|(source, _)| source.clone()).collect();
        if sources.is_empty() {
            feed.publish(&TurnEvent::Sources(Vec::new()));
            draft.prepared(self.abstention())?;
            return Ok(TurnStatus::Abstained);
        }
        self.advance(question, feed, TurnStatus::Answering, Some(&sources))
            .await?;
        feed.publish(&TurnEvent::Sources(sources));
        let history = self.history(question, feed.turn).await?;
        let budget = self.config.history_token_budget;
        let prompt = prompt::build(&question.content, &history, &governed, budget);
        let attempts: Arc<dyn Attempts> = ledger;
        let serving = self.providers.stream(&prompt, &attempts).await?;
        self.speak(question, serving, &prompt, governed, draft)
            .await
    }

    /// Shows what the model says and a passage supports. If that is nothing, the passages speak
    /// for themselves, unless the model said that they do not answer.
    async fn speak(
        &self,
        question: &Question,
        serving: Serving,
        prompt: &Prompt,
        governed: Vec<Governed>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, Stop> {
        let is_model = serving.rung != EXTRACTIVE;
        draft.answered_by(serving.provider, serving.model, serving.rung);
        let words = if is_model {
            Words::Written
        } else {
            Words::Quoted
        };
        let mut grounder = Grounder::new(words, &prompt.question, governed.clone());
        self.stream(question, serving.stream, &mut grounder, draft)
            .await?;
        if draft.is_empty() && is_model && !grounder.has_declined() {
            let stream = Extractive.stream(prompt).await?;
            let mut grounder = Grounder::new(Words::Quoted, &prompt.question, governed);
            draft.answered_by(
                Extractive.provider(),
                Extractive.model().to_owned(),
                EXTRACTIVE,
            );
            self.stream(question, stream, &mut grounder, draft).await?;
        }
        let rung = if draft.is_empty() {
            draft.prepared(self.abstention())?;
            "abstain"
        } else {
            EXTRACTIVE
        };
        if is_model && draft.rung() != Some("llm") {
            self.metrics.replaced(rung);
        }
        Ok(if rung == "abstain" {
            TurnStatus::Abstained
        } else {
            TurnStatus::Completed
        })
    }

    async fn history(&self, question: &Question, turn: TurnId) -> Result<Vec<Utterance>, DbError> {
        if let Some(history) = &question.history {
            return Ok(history.clone());
        }
        let (reader, conversation) = (&question.principal, question.conversation);
        let database = &self.database;
        let list = || conversations::list_history(database, reader, conversation, turn, HISTORY);
        patiently(PATIENCE, list).await
    }

    async fn advance(
        &self,
        question: &Question,
        feed: &Feed,
        status: TurnStatus,
        sources: Option<&[Source]>,
    ) -> Result<(), Stop> {
        let owner = &question.principal.owner_id;
        let sources = sources.map(|sources| json!(sources));
        let running = (feed.turn, feed.generation);
        let (database, sources) = (&self.database, sources.as_ref());
        let set = || turns::set_status(database, owner, running, status, sources);
        if patiently(PATIENCE, set).await? {
            Ok(())
        } else {
            Err(Stop::Superseded)
        }
    }

    /// The sources to answer from; none if they do not support an answer.
    async fn evidence(
        &self,
        question: &Question,
        feed: &Feed,
        draft: &mut Draft<'_>,
    ) -> Result<Vec<Governed>, Stop> {
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
                tracing::warn!(turn.id = %feed.turn, error = %error, "retrieval failed");
                Stop::Failed("retrieval")
            })?;
        draft.retrieved();
        let evidence = gate::on_subject(&question.content, evidence);
        let decision = gate::decide(&question.content, &evidence, self.config.min_support);
        tracing::debug!(
            turn.id = %feed.turn, gate.enough = decision.enough, gate.basis = decision.basis,
            gate.best = decision.best, gate.least = decision.least, "evidence weighed"
        );
        if !decision.enough {
            return Ok(Vec::new());
        }
        let verified = self.verified(question, feed, evidence.results).await?;
        Ok((1..).zip(verified).map(to_source).collect())
    }

    /// The passages whose text, and that of the lines before it that govern it, is what is stored:
    /// only those can be quoted.
    async fn verified(
        &self,
        question: &Question,
        feed: &Feed,
        passages: Vec<Passage>,
    ) -> Result<Vec<Passage>, Stop> {
        let spans: Vec<Span> = passages
            .iter()
            .flat_map(|passage| pieces(passage).map(|(span, _)| span))
            .collect();
        let mut stored = self.quotes(question, &spans).await?.into_iter();
        let retrieved = passages.len();
        let verified: Vec<Passage> = passages
            .into_iter()
            .filter(|passage| {
                // Each takes its own, also after one that differs.
                let own = stored.by_ref().take(pieces(passage).count());
                let same = own
                    .zip(pieces(passage))
                    .map(|(stored, (_, text))| stored.is_some_and(|stored| stored == text));
                same.fold(true, |all, one| all & one)
            })
            .collect();
        if verified.len() < retrieved {
            tracing::warn!(
                turn.id = %feed.turn, passages = retrieved - verified.len(),
                "passages were withdrawn meanwhile, may not be read, or differ from the stored text"
            );
        }
        Ok(verified)
    }

    async fn stream(
        &self,
        question: &Question,
        mut stream: ChunkStream,
        grounder: &mut Grounder,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        while let Some(chunk) = stream.next().await {
            match chunk? {
                Chunk::Delta(text) => {
                    draft.received_token();
                    self.emit(question, grounder.push(&text), draft).await?;
                }
                Chunk::Finished { usage, finish } => {
                    draft.used(usage);
                    self.emit(question, grounder.finish(), draft).await?;
                    // Half a sentence of advice is not an answer.
                    return match finish {
                        // A document may have been withdrawn while it was quoted, or access to it.
                        FinishReason::Stop => self.stands(question, draft.citations()).await,
                        early => Err(Stop::Failed(early.as_str())),
                    };
                }
            }
        }
        Err(Stop::Failed("truncated"))
    }

    async fn emit(
        &self,
        question: &Question,
        outputs: Vec<Output>,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        for output in outputs {
            match output {
                // A sentence whose quotes no longer stand is not even shown.
                Output::Text(text, citations) => {
                    self.stands(question, &citations).await?;
                    draft.say(&text)?;
                    for citation in citations {
                        draft.cite(citation)?;
                    }
                }
                Output::Dropped(reason) => self.metrics.dropped(reason.as_str()),
            }
        }
        Ok(())
    }

    async fn quotes(
        &self,
        question: &Question,
        spans: &[Span],
    ) -> Result<Vec<Option<String>>, DbError> {
        let reader = &question.principal;
        patiently(PATIENCE, || {
            turns::list_quotes(&self.database, reader, spans)
        })
        .await
    }

    /// Fails if something that is quoted is not what is stored, no longer stands, or may no longer be
    /// read by whoever asked.
    async fn stands(&self, question: &Question, citations: &[Citation]) -> Result<(), Stop> {
        if citations.is_empty() {
            return Ok(());
        }
        let spans: Vec<Span> = citations
            .iter()
            .map(|citation| Span {
                version: citation.version_id,
                start: citation.start,
                end: citation.end,
            })
            .collect();
        let stored = self.quotes(question, &spans).await?;
        let quotes = citations.iter().map(|citation| Some(&citation.quote));
        if stored.iter().map(Option::as_ref).eq(quotes) {
            Ok(())
        } else {
            Err(Stop::Failed("citation_unresolved"))
        }
    }
}
