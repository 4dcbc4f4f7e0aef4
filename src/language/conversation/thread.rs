//! The thread of a conversation: the question that the next message may go back to.

use super::choice::{Choice, choice, is_other, options_of};
use super::cues::ENDS;
use super::reading::{Need, Reading};
use super::resolve::resolved;
use crate::domain::chat::{Role, Utterance};
use crate::domain::understanding::MessageKind;
use crate::language::Tongue;
use crate::language::asks::MARKS;
use crate::language::lists::{Set, lower_words, spaced};
use crate::language::subject::Subject;

/// The most earlier messages of the person that are read again.
const MOST: usize = 8;
/// The most words of a message that only names an option.
const OPTION: usize = 5;

/// The questions of a conversation so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The last question, as it reads alone.
    question: Option<String>,
    /// The options, if the last answer asked back.
    options: Vec<String>,
    /// The options of the last question back, and the one that was chosen.
    offered: Vec<String>,
    taken: Option<String>,
    /// The language of the last message that has one.
    tongue: Option<Tongue>,
}

/// A message that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood {
    pub reading: Reading,
    /// The question that the message goes back to.
    before: Option<String>,
    /// The option that the person chose.
    chosen: Option<Choice>,
    /// Whether the message answers, or ignores, a question that was asked back.
    pub asked_back: bool,
}

impl Thread {
    /// Reads a conversation, oldest message first.
    pub fn of(said: &[Utterance]) -> Self {
        let people = said
            .iter()
            .enumerate()
            .filter(|(_, one)| one.role == Role::User);
        let people: Vec<usize> = people.map(|(at, _)| at).collect();
        let from = people.len().saturating_sub(MOST);
        let mut thread = Self::default();
        for at in people.get(from..).unwrap_or_default() {
            let Some(message) = said.get(*at) else {
                break;
            };
            let reply = said.get(at + 1).filter(|next| next.role == Role::Assistant);
            thread.hear(message, reply.map(|reply| reply.content.as_str()));
        }
        thread
    }

    fn hear(&mut self, message: &Utterance, reply: Option<&str>) {
        let understood = self.understand(&message.content);
        let reading = &understood.reading;
        self.tongue = Some(reading.tongue);
        let is_asked = matches!(
            reading.kind,
            MessageKind::Question
                | MessageKind::FollowUp
                | MessageKind::Correction
                | MessageKind::Choice
        );
        if is_asked {
            let kept = message.standalone.clone();
            let standalone = kept.or_else(|| match reading.need {
                Need::Nothing => None,
                Need::Perhaps if !self.goes_on(reply) => None,
                _ => understood.standalone(&[]),
            });
            self.question = Some(standalone.unwrap_or_else(|| reading.own.clone()));
        }
        if let Some(Choice::One(label)) = &understood.chosen {
            self.taken = Some(label.clone());
        }
        self.options = reply.map(options_of).unwrap_or_default();
        if !self.options.is_empty() {
            self.offered.clone_from(&self.options);
            self.taken = None;
        }
    }

    /// Whether a reply names what the last question names.
    fn goes_on(&self, reply: Option<&str>) -> bool {
        let (Some(question), Some(reply)) = (&self.question, reply) else {
            return false;
        };
        let words: Set<String> = lower_words(reply).collect();
        let subject = Subject::of(question);
        let mut named = subject.named().peekable();
        named.peek().is_some() && named.all(|name| words.contains(name))
    }

    /// Understands the next message. A short message has the language of the conversation if its own
    /// cannot be told.
    pub fn understand(&self, message: &str) -> Understood {
        let tongue = Tongue::in_conversation(message, self.tongue);
        let mut reading = Reading::of(message, tongue);
        let chosen = self.chosen(message, &reading);
        let asked_back = !self.options.is_empty();
        if chosen.is_some() || asked_back && reading.describes() {
            reading.kind = MessageKind::Choice;
            reading.need = Need::Conversation;
        } else if reading.need == Need::Conversation
            && reading.kind == MessageKind::Question
            && self.question.is_some()
        {
            reading.kind = MessageKind::FollowUp;
        }
        // A question that is asked again needs no conversation.
        let again = |question: &&String| spaced(question) != spaced(&reading.own);
        let mut before = self.question.as_ref().filter(again).cloned();
        if chosen.is_some()
            && let (Some(question), Some(taken)) = (&before, &self.taken)
            && let Some(bare) = question.strip_suffix(taken.as_str())
        {
            before = Some(bare.trim().to_owned());
        }
        Understood {
            reading,
            before,
            chosen,
            asked_back,
        }
    }

    /// Returns the option that a message chooses: of the question just asked back, or the other one
    /// of an earlier question.
    fn chosen(&self, message: &str, reading: &Reading) -> Option<Choice> {
        let tongue = reading.tongue;
        if let (Some(taken), [one, two]) = (&self.taken, self.offered.as_slice())
            && is_other(message, tongue)
        {
            let other = if taken == one { two } else { one };
            return Some(Choice::One(other.clone()));
        }
        let chosen = choice(message, &self.options, tongue);
        chosen.filter(|_| reading.need != Need::Nothing || is_bare(message))
    }
}

/// Whether a message could be nothing but an option, even one with a name of its own.
fn is_bare(message: &str) -> bool {
    message.split_whitespace().count() <= OPTION || !message.contains('?')
}

impl Understood {
    /// The title of the document that the person chose.
    pub fn chosen(&self) -> Option<&str> {
        match &self.chosen {
            Some(Choice::One(label)) => Some(label),
            Some(Choice::Every) | None => None,
        }
    }

    /// Whether the message goes back to the last question as it is.
    pub fn goes_back(&self) -> bool {
        matches!(
            self.reading.kind,
            MessageKind::Repeat | MessageKind::Shorten | MessageKind::Explain
        )
    }

    /// Returns the question as it reads without its conversation; none if the conversation adds
    /// nothing. `titles` are those of the documents that were found for both questions.
    pub fn standalone(&self, titles: &[&str]) -> Option<String> {
        let before = self.before.as_ref()?;
        let with = |more: &str| format!("{} {more}", before.trim_end_matches(ENDS));
        match (&self.chosen, self.reading.kind, self.reading.need) {
            (Some(Choice::One(label)), ..) => Some(with(label)),
            (Some(Choice::Every), ..) => Some(before.clone()),
            _ if self.goes_back() => Some(before.clone()),
            (_, MessageKind::Choice, _) => Some(with(&self.reading.own)),
            (.., Need::Nothing) => None,
            _ => Some(resolved(&self.reading, before, titles)),
        }
    }

    /// Returns the last question and the message as one text, to be searched for both.
    pub fn both(&self) -> Option<String> {
        let before = self
            .before
            .as_ref()
            .filter(|_| self.reading.need != Need::Nothing)?;
        Some(format!("{before} {}", self.reading.own))
    }

    /// Whether the message is so short that it could name one of several options.
    pub fn is_short(&self) -> bool {
        let own = &self.reading.own;
        own.split_whitespace().count() <= OPTION && !own.contains(MARKS)
    }

    /// Whether there is a question to go back to.
    pub fn has_before(&self) -> bool {
        self.before.is_some()
    }
}
