//! The reasons why a text of a model is not shown.

use crate::language::interface::Facet;

/// The reason why a text of a model is not shown, and the label of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The text is a thought.
    Reasoning,
    /// The sentence claims nothing.
    Empty,
    /// No passage is about this.
    Unrelated,
    /// The sentence names something that the nearest passage does not name.
    Name,
    /// A number, unit, rate or range differs.
    Number,
    /// The sentence permits what is forbidden, or denies what the passage says.
    Opposite,
    /// The sentence is more or less certain, or obliges where the passage permits.
    Modality,
    /// The sentence is about more, fewer or other cases, or about another frequency.
    Quantifier,
    /// The words are related otherwise: another order, preposition, cause or subject.
    Relation,
    /// The passage only reports or doubts it.
    Framing,
    /// The language has no rules, and the sentence is not quoted word for word.
    Language,
    /// The sentence omits the condition, or whom it concerns.
    Condition,
    /// The list item was cut off from the lines on which it depends.
    Context,
    /// A heading or lead-in without anything below it.
    Frame,
    /// A link, telephone number or address that no cited passage contains.
    Contact,
    /// A sentence without an end.
    Overlong,
    /// The sentence follows the model's statement that the passages do not answer.
    Declined,
    /// The text contains a random word of the prompt.
    Secret,
    /// The text repeats the rules of the prompt.
    Echo,
    /// A line of a passage that a client would show as a link, an image or HTML.
    Markup,
}

impl Reason {
    /// Returns the reason for a difference in this facet.
    pub(super) fn of(facet: Facet) -> Self {
        match facet {
            Facet::Polarity => Self::Opposite,
            Facet::Modality => Self::Modality,
            Facet::Quantifier => Self::Quantifier,
            Facet::Condition => Self::Condition,
            Facet::Relation => Self::Relation,
            Facet::Framing => Self::Framing,
        }
    }

    /// Returns the stable word for the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning",
            Self::Empty => "empty",
            Self::Unrelated => "unrelated",
            Self::Name => "name",
            Self::Number => "number",
            Self::Opposite => "opposite",
            Self::Modality => "modality",
            Self::Quantifier => "quantifier",
            Self::Relation => "relation",
            Self::Framing => "framing",
            Self::Language => "language",
            Self::Condition => "condition",
            Self::Context => "context",
            Self::Frame => "frame",
            Self::Contact => "contact",
            Self::Overlong => "overlong",
            Self::Declined => "declined",
            Self::Secret => "secret",
            Self::Echo => "echo",
            Self::Markup => "markup",
        }
    }
}
