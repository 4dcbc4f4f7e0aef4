//! The answer of a running turn as it grows.

use std::time::Duration;

use tokio::time::Instant;

use super::events::Feed;
use crate::domain::chat::{Timings, TurnDone, TurnEvent, TurnStatus, Usage};
use crate::domain::evidence::Citation;
use crate::domain::ids::MessageId;

/// The answer as it grows.
pub(super) struct Draft<'a> {
    pub(super) feed: &'a Feed,
    pub(super) started: Instant,
    pub(super) answer: String,
    pub(super) citations: Vec<Citation>,
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) rung: Option<String>,
    pub(super) usage: Usage,
    pub(super) retrieval_ms: Option<u64>,
    pub(super) first_token_ms: Option<Duration>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(feed: &'a Feed) -> Self {
        Self {
            feed,
            started: Instant::now(),
            answer: String::new(),
            citations: Vec::new(),
            provider: None,
            model: None,
            rung: None,
            usage: Usage::default(),
            retrieval_ms: None,
            first_token_ms: None,
        }
    }

    pub(super) fn elapsed(&self) -> u64 {
        millis(self.started.elapsed())
    }

    pub(super) fn say(&mut self, text: &str) {
        self.answer.push_str(text);
        self.feed.publish(&TurnEvent::Delta {
            text: text.to_owned(),
        });
    }

    pub(super) fn cite(&mut self, citation: Citation) {
        self.feed.publish(&TurnEvent::Citation(citation.clone()));
        self.citations.push(citation);
    }

    /// Ends with a text that was written beforehand.
    pub(super) fn prepared(&mut self, status: TurnStatus, rung: &str, text: &str) -> TurnDone {
        self.say(text);
        self.rung = Some(rung.to_owned());
        self.done(status)
    }

    pub(super) fn done(&mut self, status: TurnStatus) -> TurnDone {
        TurnDone {
            turn_id: self.feed.turn,
            message_id: Some(MessageId::new()),
            status,
            reason: None,
            answer: std::mem::take(&mut self.answer),
            grounded: !self.citations.is_empty(),
            citations: std::mem::take(&mut self.citations),
            provider: self.provider.take(),
            model: self.model.take(),
            rung: self.rung.take(),
            usage: self.usage,
            timings: Timings {
                retrieval_ms: self.retrieval_ms,
                first_token_ms: self.first_token_ms.map(millis),
                total_ms: self.elapsed(),
            },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
