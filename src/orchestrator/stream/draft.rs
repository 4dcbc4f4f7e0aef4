//! The answer as it grows.

use std::time::Duration;

use tokio::time::Instant;

use super::feed::Feed;
use crate::domain::chat::{Timings, TurnDone, TurnEvent, TurnStatus, Usage};
use crate::domain::evidence::Citation;
use crate::domain::ids::{MessageId, TurnId};
use crate::llm;
use crate::orchestrator::answer::prepared::Prepared;

pub(in crate::orchestrator) struct Draft<'a> {
    feed: &'a Feed,
    started: Instant,
    retrieval: Option<Duration>,
    first_token: Option<Duration>,
    /// What is announced and stored; status, ids and times follow at the end.
    done: TurnDone,
}

/// There are more events than a turn may have.
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

    pub fn retrieved(&mut self) {
        self.retrieval = Some(self.started.elapsed());
    }

    pub fn answered_by(&mut self, provider: &str, model: String, rung: &str) {
        self.done.provider = Some(provider.to_owned());
        self.done.model = Some(model);
        self.done.rung = Some(rung.to_owned());
    }

    pub fn received_token(&mut self) {
        self.first_token.get_or_insert(self.started.elapsed());
    }

    /// The rung that answers.
    pub fn rung(&self) -> Option<&str> {
        self.done.rung.as_deref()
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

    /// A text that was written beforehand is the answer.
    pub fn prepared(&mut self, prepared: Prepared) -> Result<(), TooLong> {
        self.done.rung = Some(prepared.rung.to_owned());
        self.done.provider = None;
        self.done.model = None;
        self.done.contacts = prepared.contacts;
        self.say(&prepared.text)
    }

    /// The end. Only an answer that is whole is kept.
    pub fn finish(self, status: TurnStatus, reason: Option<&str>) -> TurnDone {
        let whole = !matches!(status, TurnStatus::Failed | TurnStatus::Cancelled);
        let (answer, citations, contacts) = if whole {
            (self.done.answer, self.done.citations, self.done.contacts)
        } else {
            (String::new(), Vec::new(), Vec::new())
        };
        TurnDone {
            status,
            reason: reason.map(str::to_owned),
            message_id: whole.then(MessageId::new),
            grounded: !citations.is_empty(),
            answer,
            citations,
            contacts,
            timings: Timings {
                retrieval_ms: self.retrieval.map(millis),
                first_token_ms: self.first_token.map(millis),
                total_ms: millis(self.started.elapsed()),
            },
            ..self.done
        }
    }
}

/// The end of a turn that has no answer.
pub(in crate::orchestrator) fn unanswered(
    turn: TurnId,
    status: TurnStatus,
    reason: Option<&str>,
) -> TurnDone {
    TurnDone {
        turn_id: turn,
        message_id: None,
        status,
        reason: reason.map(str::to_owned),
        answer: String::new(),
        citations: Vec::new(),
        grounded: false,
        provider: None,
        model: None,
        rung: None,
        usage: Usage::default(),
        timings: Timings::default(),
        contacts: Vec::new(),
        sources_status: None,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
