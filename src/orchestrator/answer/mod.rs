//! The content of an answer: retrieve, gate, prompt, stream, ground. This layer knows neither the
//! lease of its turn nor the listeners.

mod agreement;
mod answers;
mod clarify;
mod evidence;
mod extractive;
mod gate;
mod governed;
mod grounding;
mod marks;
pub mod offline;
mod other;
mod portions;
pub(super) mod prepared;
mod prompt;
mod quoting;
pub mod retrieval;
mod standing;
mod tongues;
mod understanding;

use std::sync::{Arc, LazyLock};

use futures::StreamExt;

use super::config::PATIENCE;
use super::question::Question;
use super::stream::draft::Draft;
use crate::domain::chat::{Rung, TurnStatus};
use crate::domain::evidence::Passage;
use crate::domain::ids::TurnId;
use crate::language::Tongue;
use crate::llm::{Attempts, Chunk, FinishReason, LlmError, Serving};
use crate::persistence::patiently;
use crate::persistence::turns::{self, Span};
use crate::safety::ladder::{self, Cause};
use agreement::Differences;
pub(super) use answers::{Answers, NoAnswer};
use evidence::Asked;
pub(super) use evidence::{Evidence, Found};
pub(super) use governed::Governed;
use governed::pieces;
pub(super) use grounding::Recent;
pub use grounding::checker::Checker;
use grounding::{Grounder, Output, Rules};
use marks::Marks;
use standing::Standing;
pub(super) use understanding::Heard;

/// The most answers whose passages stay cut into units, about 100 KiB each: as many as turns run at
/// once by default.
pub(super) const RECENT: usize = 256;

/// The rules of every prompt, as an answer must not repeat them.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::of(prompt::RULES));

impl Answers {
    /// Answers from the evidence, and says so if documents differ on what is said.
    pub async fn give(
        &self,
        (question, heard): (&Question, &Heard),
        evidence: Evidence,
        attempts: &Arc<dyn Attempts>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        let asked = Asked {
            question,
            heard,
            text: evidence.question(),
        };
        let mut standing = Standing::of(&evidence.sources);
        let composed = self.compose(&asked, &evidence, attempts, &mut standing, draft);
        let status = Box::pin(composed).await?;
        if status == TurnStatus::Completed {
            let added = self.add_differences(&asked, &evidence.sources, &mut standing, draft);
            Box::pin(added).await?;
            quoting::add_remarks(&evidence, heard.tongue(), draft)?;
        }
        Ok(status)
    }

    /// Adds the statements of other documents that differ from the answer, and says so.
    async fn add_differences(
        &self,
        asked: &Asked<'_>,
        evidence: &[Governed],
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), NoAnswer> {
        let differences = Differences::with(draft.citations(), evidence);
        let statements = differences.statements(&asked.text, draft.citations(), draft.length());
        self.emit(asked.question, statements, standing, draft)
            .await?;
        if let Some(notice) = differences.notice(draft.citations(), asked.heard.tongue()) {
            draft.add(&format!("\n{notice}"))?;
        }
        Ok(())
    }

    /// Answers with a language model, or else with the passages word for word, or else with an "I
    /// don't know".
    async fn compose(
        &self,
        asked: &Asked<'_>,
        evidence: &Evidence,
        attempts: &Arc<dyn Attempts>,
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        let question = asked.question;
        let budget = self.config.history_token_budget;
        let history = if self.providers.is_empty() {
            Vec::new()
        } else {
            Box::pin(self.history_of(question, asked.heard, draft)).await?
        };
        let history = prompt::newest(history, budget);
        let marks = Marks::random().map_err(|_| NoAnswer::Failed("randomness"))?;
        let sources = evidence.sources.as_slice();
        let prompt = || prompt::build(&question.content, &history, sources, budget, &marks);
        let serving = match self.providers.stream(&prompt, attempts).await {
            Ok(serving) => serving,
            Err(LlmError::Exhausted) if self.config.extractive => {
                // Without any provider, the passages are the best answer that is possible.
                if !self.providers.is_empty() {
                    draft.degraded(ladder::degraded(Cause::NoProvider, &question.content));
                }
                let quoted = self.quote(asked, evidence, standing, draft);
                return Box::pin(quoted).await;
            }
            Err(error) => return Err(error.into()),
        };
        drop(history);
        let declined = self
            .write(asked, serving, (sources, &marks), standing, draft)
            .await?;
        if !draft.is_empty() {
            return Ok(TurnStatus::Completed);
        }
        let status = if declined {
            self.abstain(asked.heard.tongue(), &[], draft)?
        } else {
            Box::pin(self.quote(asked, evidence, standing, draft)).await?
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

    /// Says that the documents do not answer, which ones come nearest, and whom to ask.
    pub fn abstain(
        &self,
        tongue: Tongue,
        near: &[String],
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        draft.prepared(prepared::abstention(&self.contacts, tongue, near))?;
        Ok(TurnStatus::Abstained)
    }

    /// Shows the sentences of a language model that a passage supports. Returns true if the model
    /// said that the passages do not answer.
    async fn write(
        &self,
        asked: &Asked<'_>,
        mut serving: Serving,
        (evidence, marks): (&[Governed], &Marks),
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<bool, NoAnswer> {
        let question = asked.question;
        draft.answered_by(Rung::Llm, serving.provider, &serving.model);
        if serving.fallback {
            draft.degraded(ladder::degraded(Cause::OtherProvider, &question.content));
        }
        let grounder = Grounder::sharing(&self.recent, &asked.text, evidence);
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
