//! The answer as it grows.

use std::time::Duration;

use tokio::time::Instant;

use super::end::{unanswered, without_answer};
use super::feed::Feed;
use crate::domain::chat::{Degraded, Rung, Timings, TurnDone, TurnStatus, Usage};
use crate::domain::contact::Contact;
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::event::TurnEvent;
use crate::domain::evidence::{Citation, SentenceProof};
use crate::domain::ids::{MessageId, TurnId};
use crate::domain::understanding::{Clarification, Understanding};
use crate::llm;

pub(in crate::orchestrator) struct Draft<'a> {
    feed: &'a Feed,
    started: Instant,
    retrieval: Option<Duration>,
    first_token: Option<Duration>,
    /// The end to announce and store; status, ids and times are added last.
    done: TurnDone,
}

/// An answer made without documents and without a model.
pub(in crate::orchestrator) struct Prepared {
    pub rung: Rung,
    pub text: String,
    /// The contacts that the text names.
    pub contacts: Vec<Contact>,
}

/// The turn has more events than it may have.
pub(in crate::orchestrator) struct TooLong;

impl<'a> Draft<'a> {
    pub fn new(feed: &'a Feed) -> Self {
        Self {
            feed,
            started: Instant::now(),
            retrieval: None,
            first_token: None,
            done: unanswered(feed.turn, TurnStatus::Failed, None),
        }
    }

    pub fn turn(&self) -> TurnId {
        self.feed.turn
    }

    fn publish(&self, event: &TurnEvent) -> Result<(), TooLong> {
        if self.feed.publish(event) {
            Ok(())
        } else {
            Err(TooLong)
        }
    }

    pub fn is_empty(&self) -> bool {
        self.done.answer.trim().is_empty()
    }

    /// Keeps the advice for an urgent message or an emergency beside the answer.
    pub fn triaged(&mut self, notice: &TriageNotice) {
        self.done.triage = (notice.level > Level::None).then(|| notice.clone());
    }

    pub fn retrieved(&mut self) {
        self.retrieval = Some(self.started.elapsed());
    }

    pub fn answered_by(&mut self, rung: Rung, provider: &str, model: &str) {
        self.done.provider = Some(provider.to_owned());
        self.done.model = Some(model.to_owned());
        self.done.rung = Some(rung);
    }

    /// Notes how the message was understood.
    pub fn understood(&mut self, understanding: Understanding) {
        self.done.language = Some(understanding.language.clone());
        self.done.understanding = Some(understanding);
    }

    /// Notes the question that the message was read as; `None` if it stands alone.
    pub fn reads_as(&mut self, standalone: Option<String>) {
        if let Some(understanding) = &mut self.done.understanding {
            understanding.by = standalone.is_some().then(|| "rules".to_owned());
            understanding.standalone = standalone;
        }
    }

    /// Notes the question back that the answer is.
    pub fn asks_back(&mut self, clarification: Clarification) {
        self.done.clarification = Some(clarification);
    }

    /// Notes that the answer is less than it could be.
    pub fn degraded(&mut self, degraded: Degraded) {
        self.done.degraded = Some(degraded);
    }

    pub fn received_token(&mut self) {
        self.first_token.get_or_insert(self.started.elapsed());
    }

    pub fn used(&mut self, usage: llm::Usage) {
        self.done.usage = Usage {
            input_tokens: usage.input_tokens.unwrap_or_default(),
            output_tokens: usage.output_tokens.unwrap_or_default(),
        };
    }

    /// Shows a sentence, or the end of a line.
    pub fn say(&mut self, text: &str, grounded: bool) -> Result<(), TooLong> {
        let said = text.trim();
        let grounded = (!said.is_empty()).then_some(grounded);
        let before = self.done.answer.chars().count();
        self.tell(text, grounded)?;
        let led = text.chars().take_while(|c| c.is_whitespace()).count();
        let offset = |chars: usize| i32::try_from(chars).ok();
        let start = before + led;
        let span = offset(start).zip(offset(start + said.chars().count()));
        let proof = span
            .zip(grounded)
            .map(|((start, end), grounded)| SentenceProof {
                start,
                end,
                grounded,
            });
        self.done.sentences.extend(proof);
        Ok(())
    }

    /// Counts a sentence that is not sent.
    pub fn removed(&mut self, reason: &str) {
        let count = self.done.removed.entry(reason.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Tells operators how many sentences of a model were not sent, and why.
    pub fn log_removed(&self) {
        if self.done.removed.is_empty() {
            return;
        }
        let counts = self.done.removed.iter();
        let counts: Vec<String> = counts.map(|(reason, n)| format!("{reason}={n}")).collect();
        tracing::info!(
            turn.id = %self.feed.turn, sentences.removed = %counts.join(" "),
            "sentences of the model were not sent"
        );
    }

    fn tell(&mut self, text: &str, grounded: Option<bool>) -> Result<(), TooLong> {
        self.publish(&TurnEvent::Delta {
            text: text.to_owned(),
            grounded,
        })?;
        self.done.answer.push_str(text);
        Ok(())
    }

    pub fn cite(&mut self, citation: Citation) -> Result<(), TooLong> {
        self.publish(&TurnEvent::Citation(citation.clone()))?;
        self.done.citations.push(citation);
        Ok(())
    }

    /// The citations so far.
    pub fn citations(&self) -> &[Citation] {
        &self.done.citations
    }

    /// The length of the answer so far, in characters.
    pub fn length(&self) -> usize {
        self.done.answer.chars().count()
    }

    /// Adds a prepared text to the answer.
    pub fn add(&mut self, prepared: &str) -> Result<(), TooLong> {
        self.tell(prepared, None)
    }

    /// Uses a prepared text as the answer.
    pub fn prepared(&mut self, prepared: Prepared) -> Result<(), TooLong> {
        self.done.rung = Some(prepared.rung);
        self.done.provider = None;
        self.done.model = None;
        self.done.contacts = prepared.contacts;
        self.tell(&prepared.text, None)
    }

    /// Returns the end. Only a complete answer is kept.
    pub fn finish(self, status: TurnStatus, reason: Option<&str>) -> TurnDone {
        let whole = !matches!(status, TurnStatus::Failed | TurnStatus::Cancelled);
        let done = if whole {
            self.done
        } else {
            without_answer(self.done, status, None)
        };
        TurnDone {
            status,
            reason: reason.map(str::to_owned),
            message_id: whole.then(MessageId::new),
            grounded: !done.citations.is_empty(),
            timings: Timings {
                retrieval_ms: self.retrieval.map(millis),
                first_token_ms: self.first_token.map(millis),
                total_ms: millis(self.started.elapsed()),
            },
            ..done
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
