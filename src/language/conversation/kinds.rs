//! The kind of a message that asks the documents nothing: a greeting, thanks, a question about the
//! assistant. A fitted model of words and parts of words judges each sentence, in every language.

use std::sync::LazyLock;

use crate::domain::text::slice_chars;
use crate::domain::understanding::MessageKind;
use crate::language::grams::Grams;
use crate::language::linear::{Linear, softmax};
use crate::language::sentences::sentences;

static MODEL: LazyLock<Linear> = LazyLock::new(|| Linear::read(include_str!("kinds.tsv")));

/// The least probability with which a sentence is no question: a question that is taken for thanks
/// is lost, and thanks that are searched for cost little.
const SURE: f32 = 0.7;
/// The same for a question about the assistant, which looks much like one to the documents.
const SURE_OF_ITSELF: f32 = 0.8;
/// A longer message tells or asks something of its own.
const MOST_CHARS: usize = 200;

/// Returns the kind of a sentence, and its probability.
fn judged(sentence: &str) -> (MessageKind, f32) {
    let grams = Grams::of(sentence);
    if grams.is_empty() {
        return (MessageKind::Statement, 1.0);
    }
    let chances = softmax(&MODEL.scores(&grams));
    let best = MODEL.outputs().iter().zip(chances);
    let best = best.max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.and_then(|(word, chance)| Some((MessageKind::parse(word)?, chance)))
        .unwrap_or((MessageKind::Question, 0.0))
}

/// A message without what is only manners.
pub(super) struct Parted {
    /// The kind if no sentence asks the documents something.
    pub kind: Option<MessageKind>,
    /// The sentences that may ask something.
    pub asking: String,
}

/// Parts a message from its manners. Among several kinds, the one that asks for more counts: after a
/// greeting, "who are you".
pub(super) fn parted(message: &str) -> Parted {
    let whole = |kind| Parted {
        kind,
        asking: message.to_owned(),
    };
    if message.chars().count() > MOST_CHARS {
        return whole(None);
    }
    let spans = sentences(message);
    let said: Vec<&str> = spans
        .iter()
        .filter_map(|(start, end)| slice_chars(message, *start, *end))
        .collect();
    let kinds: Vec<MessageKind> = said.iter().map(|sentence| sure(sentence)).collect();
    let asks = |kind: &MessageKind| *kind == MessageKind::Question;
    if !kinds.iter().any(asks) {
        return whole(
            kinds
                .into_iter()
                .min_by_key(|kind| weight(*kind))
                .or(Some(MessageKind::Statement)),
        );
    }
    let adds_nothing = |kind: MessageKind| {
        use MessageKind::{Goodbye, Greeting, Thanks};
        matches!(kind, Greeting | Thanks | Goodbye)
    };
    let asking = said.iter().zip(&kinds);
    let asking = asking.filter(|(_, kind)| !adds_nothing(**kind));
    let asking: Vec<&str> = asking.map(|(sentence, _)| *sentence).collect();
    Parted {
        kind: None,
        asking: asking.join(" "),
    }
}

fn sure(sentence: &str) -> MessageKind {
    let (kind, chance) = judged(sentence);
    let least = match kind {
        MessageKind::Identity
        | MessageKind::Capabilities
        | MessageKind::Doctor
        | MessageKind::Privacy => SURE_OF_ITSELF,
        _ => SURE,
    };
    if chance >= least {
        kind
    } else {
        MessageKind::Question
    }
}

/// The order in which kinds count; the least goes first.
fn weight(kind: MessageKind) -> u8 {
    match kind {
        MessageKind::Complaint
        | MessageKind::Identity
        | MessageKind::Capabilities
        | MessageKind::Doctor
        | MessageKind::Privacy => 0,
        MessageKind::Repeat | MessageKind::Shorten | MessageKind::Explain => 1,
        MessageKind::Statement => 2,
        MessageKind::Thanks | MessageKind::Goodbye => 3,
        _ => 4,
    }
}
