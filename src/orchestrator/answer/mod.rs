//! The content of an answer: retrieve, gate, prompt, stream, ground. This layer knows neither the
//! lease of its turn nor the listeners.

mod agreement;
mod extractive;
mod gate;
mod governed;
mod grounding;
mod marks;
pub mod offline;
pub(super) mod prepared;
mod prompt;
pub mod retrieval;
mod standing;

use std::sync::{Arc, LazyLock};

use futures::StreamExt;

use super::config::{OrchestratorConfig, PATIENCE};
use super::metrics::TurnMetrics;
use super::question::Question;
use super::stream::draft::{Draft, TooLong};
use crate::domain::chat::{Rung, TurnStatus, Utterance};
use crate::domain::evidence::{Passage, RetrieveRequest};
use crate::domain::ids::TurnId;
use crate::language::Tongue;
use crate::llm::{Attempts, Chunk, FinishReason, LlmError, ProviderChain, Serving};
use crate::persistence::turns::{self, Span};
use crate::persistence::{Database, DbError, conversations, patiently};
use crate::safety::ladder::{self, Cause};
use crate::safety::{Contacts, hostile};
use agreement::Differences;
pub(super) use governed::Governed;
use governed::{pieces, to_source};
pub(super) use grounding::Recent;
pub use grounding::checker::Checker;
use grounding::{Grounder, Output, Rules, Words};
use marks::Marks;
use retrieval::RetrievalClient;
use standing::Standing;

/// The most earlier messages that are read; the prompt keeps those that fit its budget.
const HISTORY: i64 = 20;

/// The most answers whose passages stay cut into units, about 100 KiB each: as many as turns run at
/// once by default.
pub(super) const RECENT: usize = 256;

/// The rules of every prompt, as an answer must not repeat them.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::of(prompt::RULES));

/// The parts that every answer needs.
pub(super) struct Answers {
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
pub(super) enum NoAnswer {
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

impl Answers {
    /// Returns the sources to answer from; none if they do not support an answer.
    pub async fn evidence(
        &self,
        question: &Question,
        draft: &mut Draft<'_>,
    ) -> Result<Vec<Governed>, NoAnswer> {
        let turn = draft.turn();
        let request = RetrieveRequest {
            query: question.content.clone(),
            collections: question.searched(),
            limit: Some(self.config.evidence_limit),
        };
        let evidence = self
            .retrieval
            .retrieve(&request, &question.request_id)
            .await
            .map_err(|error| {
                tracing::warn!(turn.id = %turn, error = %error, "retrieval failed");
                NoAnswer::Failed("retrieval")
            })?;
        draft.retrieved();
        let least = self.config.min_support;
        let (decision, evidence) = gate::weigh(&question.content, evidence, least);
        tracing::debug!(
            turn.id = %turn, gate.enough = decision.enough, gate.basis = decision.basis,
            gate.best = decision.best, gate.least = decision.least, "evidence weighed"
        );
        if !decision.enough {
            return Ok(Vec::new());
        }
        let mut verified = self.verified(question, turn, evidence.results).await?;
        // A passage of a document that was not inspected, or not as strictly as today.
        let retrieved = verified.len();
        verified.retain(|passage| hostile::inspect(&passage.text).is_empty());
        if verified.len() < retrieved {
            let passages = retrieved - verified.len();
            tracing::warn!(turn.id = %turn, passages, "hostile passages were left out");
            self.metrics.withheld(passages);
        }
        Ok((1..).zip(verified).map(to_source).collect())
    }

    /// Answers from the evidence, and says so if documents differ on what is said.
    pub async fn give(
        &self,
        question: &Question,
        evidence: Vec<Governed>,
        attempts: &Arc<dyn Attempts>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        let mut standing = Standing::of(&evidence);
        let composed = self.compose(question, &evidence, attempts, &mut standing, draft);
        let status = Box::pin(composed).await?;
        if status == TurnStatus::Completed {
            let added = self.add_differences(question, &evidence, &mut standing, draft);
            Box::pin(added).await?;
        }
        Ok(status)
    }

    /// Adds the statements of other documents that differ from the answer, and says so.
    async fn add_differences(
        &self,
        question: &Question,
        evidence: &[Governed],
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), NoAnswer> {
        let differences = Differences::with(draft.citations(), evidence);
        let asked = &question.content;
        let statements = differences.statements(asked, draft.citations(), draft.length());
        self.emit(question, statements, standing, draft).await?;
        if let Some(notice) = differences.notice(draft.citations(), Tongue::of(asked)) {
            draft.add(&format!("\n{notice}"))?;
        }
        Ok(())
    }

    /// Answers with a language model, or else with the passages word for word, or else with an "I
    /// don't know".
    async fn compose(
        &self,
        question: &Question,
        evidence: &[Governed],
        attempts: &Arc<dyn Attempts>,
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        let budget = self.config.history_token_budget;
        let history = Box::pin(self.history(question, draft.turn())).await?;
        let history = prompt::newest(history, budget);
        let marks = Marks::random().map_err(|_| NoAnswer::Failed("randomness"))?;
        let prompt = || prompt::build(&question.content, &history, evidence, budget, &marks);
        let serving = match self.providers.stream(&prompt, attempts).await {
            Ok(serving) => serving,
            Err(LlmError::Exhausted) if self.config.extractive => {
                // Without any provider, the passages are the best answer that is possible.
                if !self.providers.is_empty() {
                    draft.degraded(ladder::degraded(Cause::NoProvider, &question.content));
                }
                let quoted = self.quote(question, evidence, standing, draft);
                return Box::pin(quoted).await;
            }
            Err(error) => return Err(error.into()),
        };
        drop(history);
        let declined = self
            .write(question, serving, (evidence, &marks), standing, draft)
            .await?;
        if !draft.is_empty() {
            return Ok(TurnStatus::Completed);
        }
        let status = if declined {
            self.abstain(question, draft)?
        } else {
            Box::pin(self.quote(question, evidence, standing, draft)).await?
        };
        if status == TurnStatus::Completed {
            draft.degraded(ladder::degraded(Cause::Unsupported, &question.content));
        }
        self.metrics.replaced(if status == TurnStatus::Abstained {
            Rung::Abstain
        } else {
            Rung::Extractive
        });
        Ok(status)
    }

    /// Says that the documents do not answer, and whom to ask.
    pub fn abstain(
        &self,
        question: &Question,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        let tongue = Tongue::of(&question.content);
        draft.prepared(prepared::abstention(&self.contacts, tongue))?;
        Ok(TurnStatus::Abstained)
    }

    /// Shows the sentences of a language model that a passage supports. Returns true if the model
    /// said that the passages do not answer.
    async fn write(
        &self,
        question: &Question,
        mut serving: Serving,
        (evidence, marks): (&[Governed], &Marks),
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<bool, NoAnswer> {
        draft.answered_by(Rung::Llm, serving.provider, &serving.model);
        if serving.fallback {
            draft.degraded(ladder::degraded(Cause::OtherProvider, &question.content));
        }
        let grounder = Grounder::sharing(&self.recent, &question.content, evidence);
        let mut grounder = grounder.guarding(marks, &RULES);
        while let Some(chunk) = serving.stream.next().await {
            match chunk? {
                Chunk::Delta(text) => {
                    draft.received_token();
                    let outputs = grounder.push(&text);
                    self.emit(question, outputs, standing, draft).await?;
                }
                Chunk::Finished { usage, finish } => {
                    draft.used(usage);
                    let outputs = grounder.finish();
                    self.emit(question, outputs, standing, draft).await?;
                    draft.log_removed();
                    return match finish {
                        FinishReason::Stop => Ok(grounder.has_declined()),
                        // Half a sentence of advice is not an answer.
                        early => Err(NoAnswer::Failed(early.as_str())),
                    };
                }
            }
        }
        Err(NoAnswer::Failed(LlmError::Truncated.kind()))
    }

    /// Shows the lines of the passages that answer, word for word; abstains if there are none.
    async fn quote(
        &self,
        question: &Question,
        evidence: &[Governed],
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        draft.answered_by(Rung::Extractive, extractive::PROVIDER, extractive::MODEL);
        let lines = extractive::choose(&question.content, evidence);
        let mut grounder = Grounder::new(Words::Quoted, &question.content, evidence);
        for line in lines {
            draft.received_token();
            let outputs = grounder.push(&format!("{} [{}]\n", line.text, line.number));
            self.emit(question, outputs, standing, draft).await?;
        }
        let outputs = grounder.finish();
        self.emit(question, outputs, standing, draft).await?;
        if draft.is_empty() {
            return self.abstain(question, draft);
        }
        Ok(TurnStatus::Completed)
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

    /// Returns the passages that equal the stored text, including the lines before them that govern
    /// them. Only these can be quoted.
    async fn verified(
        &self,
        question: &Question,
        turn: TurnId,
        passages: Vec<Passage>,
    ) -> Result<Vec<Passage>, NoAnswer> {
        let spans: Vec<Span> = passages
            .iter()
            .flat_map(|passage| pieces(passage).map(|(span, _)| span))
            .collect();
        let reader = &question.principal;
        let quotes = || turns::list_quotes(&self.database, reader, &spans);
        let mut stored = patiently(PATIENCE, quotes).await?.into_iter();
        let retrieved = passages.len();
        let verified: Vec<Passage> = passages
            .into_iter()
            .filter(|passage| {
                // Each passage takes its own pieces, even after one that differs.
                let own = stored.by_ref().take(pieces(passage).count());
                let same = own
                    .zip(pieces(passage))
                    .map(|(stored, (_, text))| stored.is_some_and(|stored| stored == text));
                same.fold(true, |all, one| all & one)
            })
            .collect();
        if verified.len() < retrieved {
            tracing::warn!(
                turn.id = %turn, passages = retrieved - verified.len(),
                "passages were withdrawn meanwhile, may not be read, or differ from the stored text"
            );
        }
        Ok(verified)
    }

    async fn emit(
        &self,
        question: &Question,
        outputs: Vec<Output>,
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), NoAnswer> {
        for output in outputs {
            match output {
                // A sentence whose quotes are no longer valid is not shown at all.
                Output::Text(text, citations) => {
                    let citations = agreement::with_twins(citations, standing.evidence());
                    let reader = &question.principal;
                    if !standing.allows(&self.database, reader, &citations).await? {
                        return Err(NoAnswer::Failed(NoAnswer::UNRESOLVED));
                    }
                    draft.say(&text, !citations.is_empty())?;
                    for citation in citations {
                        draft.cite(citation)?;
                    }
                }
                Output::Dropped(reason) => {
                    self.metrics.dropped(reason.as_str());
                    draft.removed(reason.as_str());
                }
            }
        }
        Ok(())
    }
}
