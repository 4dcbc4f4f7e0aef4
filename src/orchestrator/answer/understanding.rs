//! The first step of an answer: the message in its conversation.
//!
//! A message that names what it is about needs no history, and none is read for it. Manners and
//! questions about the assistant have prepared replies; nothing is searched for them, and no model is
//! called.

use super::answers::{Answers, NoAnswer};
use crate::domain::chat::{Rung, TurnStatus, Utterance};
use crate::domain::understanding::{MessageKind, Understanding};
use crate::language::conversation::{Need, Thread, Understood};
use crate::language::{Tongue, topic_words};
use crate::orchestrator::config::PATIENCE;
use crate::orchestrator::question::Question;
use crate::orchestrator::stream::draft::{Draft, Prepared};
use crate::persistence::{conversations, documents, patiently};
use crate::safety::replies;

/// The most earlier messages that are read; the prompt keeps those that fit its budget.
const HISTORY: i64 = 20;

/// The most titles with which the assistant says what its documents are about.
const TOPICS: i64 = 8;

/// A message that is understood, with the conversation as far as it was read.
pub(in crate::orchestrator) struct Heard {
    pub understood: Understood,
    /// `None` if it was not needed.
    history: Option<Vec<Utterance>>,
}

impl Heard {
    pub fn tongue(&self) -> Tongue {
        self.understood.reading.tongue
    }

    pub fn kind(&self) -> MessageKind {
        self.understood.reading.kind
    }
}

impl Answers {
    /// Understands the message in its conversation.
    pub async fn understand(
        &self,
        question: &Question,
        draft: &mut Draft<'_>,
    ) -> Result<Heard, NoAnswer> {
        let alone = Thread::default().understand(&question.content);
        let (understood, history) = if alone.reading.need == Need::Nothing && !alone.is_short() {
            (alone, None)
        } else {
            let history = self.read_history(question, draft).await?;
            let understood = if history.is_empty() {
                alone
            } else {
                Thread::of(&history).understand(&question.content)
            };
            (understood, Some(history))
        };
        let heard = Heard {
            understood,
            history,
        };
        draft.understood(Understanding {
            kind: heard.kind(),
            language: heard.tongue().code().into(),
            standalone: None,
            by: None,
        });
        Ok(heard)
    }

    async fn read_history(
        &self,
        question: &Question,
        draft: &Draft<'_>,
    ) -> Result<Vec<Utterance>, NoAnswer> {
        if let Some(history) = &question.history {
            return Ok(history.clone());
        }
        let (reader, conversation) = (&question.principal, question.conversation);
        let (database, turn) = (&self.database, draft.turn());
        let list = || conversations::list_history(database, reader, conversation, turn, HISTORY);
        Ok(patiently(PATIENCE, list).await?)
    }

    /// Returns the history for the prompt: the one that was read, or else the stored one.
    pub(super) async fn history_of(
        &self,
        question: &Question,
        heard: &Heard,
        draft: &Draft<'_>,
    ) -> Result<Vec<Utterance>, NoAnswer> {
        match &heard.history {
            Some(history) => Ok(history.clone()),
            None => self.read_history(question, draft).await,
        }
    }

    /// Replies to a message that asks the documents nothing; `None` if it asks something.
    pub async fn reply(
        &self,
        question: &Question,
        heard: &Heard,
        draft: &mut Draft<'_>,
    ) -> Result<Option<TurnStatus>, NoAnswer> {
        let (kind, tongue) = (heard.kind(), heard.tongue());
        let tells_something = kind == MessageKind::Statement && tells(&question.content);
        let understood = &heard.understood;
        let text = if understood.goes_back() && !understood.has_before() {
            replies::nothing_said(tongue)
        } else if kind.is_prepared() && !tells_something {
            let topics = match kind {
                MessageKind::Capabilities => self.topics(question).await?,
                _ => Vec::new(),
            };
            replies::manners(kind, &topics, tongue)
        } else {
            return Ok(None);
        };
        draft.prepared(Prepared {
            rung: Rung::Manners,
            text,
            contacts: Vec::new(),
        })?;
        Ok(Some(TurnStatus::Completed))
    }

    async fn topics(&self, question: &Question) -> Result<Vec<String>, NoAnswer> {
        let searched = question.searched();
        let (reader, database) = (&question.principal, &self.database);
        let list = || documents::list_topics(database, reader, searched.as_deref(), TOPICS);
        Ok(patiently(PATIENCE, list).await?)
    }
}

/// Whether a message says enough to be looked up, even if it asks nothing: "I have a headache".
fn tells(message: &str) -> bool {
    topic_words(message).nth(1).is_some()
}
