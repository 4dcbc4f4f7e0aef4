//! The answer as it grows.

use std::time::Duration;

use tokio::time::Instant;

use super::end::unanswered;
use super::feed::Feed;
use crate::domain::chat::{Degraded, Rung, Timings, TurnDone, TurnStatus, Usage};
use crate::domain::contact::Contact;
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::event::TurnEvent;
use crate::domain::evidence::Citation;
use crate::domain::ids::{MessageId, TurnId};
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

    pub fn say(&mut self, text: &str) -> Result<(), TooLong> {
        self.publish(&TurnEvent::Delta {
            text: text.to_owned(),
        })?;
        self.done.answer.push_str(text);
        Ok(())
    }

    pub fn cite(&mut self, citation: Citation) -> Result<(), TooLong> {
        self.publish(&TurnEvent::Citation(citation.clone()))?;
        self.done.citations.push(citation);
        Ok(())
    }

    pub fn citations(&self) -> &[Citation] {
        &self.done.citations
    }

    /// Uses a prepared text as the answer.
    pub fn prepared(&mut self, prepared: Prepared) -> Result<(), TooLong> {
        self.done.rung = Some(prepared.rung);
        self.done.provider = None;
        self.done.model = None;
        self.done.contacts = prepared.contacts;
        self.say(&prepared.text)
    }

    /// Returns the end. Only a complete answer is kept.
    pub fn finish(self, status: TurnStatus, reason: Option<&str>) -> TurnDone {
        let whole = !matches!(status, TurnStatus::Failed | TurnStatus::Cancelled);
        let done = if whole {
            self.done
        } else {
            let turn = self.done.turn_id;
            TurnDone {
                provider: self.done.provider,
                model: self.done.model,
                rung: self.done.rung,
                usage: self.done.usage,
                ..unanswered(turn, status, None)
            }
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
