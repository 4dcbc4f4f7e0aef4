//! The aspects that a question asks for and a heading promises: the dose, the side effects, the
//! opening hours.

use std::sync::LazyLock;

use super::interface::Aspect;
use super::lists::{Table, spaced};
use super::spoken;

/// A set of aspects, one bit each in the order of the language's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aspects(u64);

impl Aspects {
    /// Returns the aspects that a question asks for.
    pub fn asked(text: &str) -> Self {
        Self::of(text, &CUES.asked)
    }

    /// Returns the aspects that a heading or a title promises.
    pub fn headed(text: &str) -> Self {
        Self::of(text, &CUES.headed)
    }

    /// Returns the aspects of which a line has the words.
    pub fn said(text: &str) -> Self {
        Self::of(text, &CUES.said)
    }

    fn of(text: &str, cues: &Cues) -> Self {
        Self(cues.find(&spaced(text)))
    }

    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is an aspect of which the answer stands under a heading of its own.
    pub fn is_bound(self) -> bool {
        self.0 & !Self::anywhere() != 0
    }

    /// Whether both have an aspect in common.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether both have aspects and none in common. A question for an aspect of which the answer may
    /// stand under any heading differs from none.
    pub fn differs(self, headed: Self) -> bool {
        self.is_bound() && headed.0 != 0 && !self.meets(headed)
    }

    /// Returns the bits of the aspects that may stand under any heading.
    fn anywhere() -> u64 {
        let aspects = spoken().aspects.iter().enumerate();
        let anywhere = aspects.filter(|(_, aspect)| aspect.anywhere);
        anywhere.fold(0, |bits, (nth, _)| bits | 1 << nth)
    }
}

/// The cues of all aspects.
struct AllCues {
    asked: Cues,
    headed: Cues,
    said: Cues,
}

static CUES: LazyLock<AllCues> = LazyLock::new(|| AllCues {
    asked: Cues::of(|aspect| &aspect.asked),
    headed: Cues::of(|aspect| &aspect.headed),
    said: Cues::of(|aspect| &aspect.said),
});

/// The cues of one place and the bits of their aspects, by their first byte: a cue begins where a word
/// begins, so each word is compared with a few.
struct Cues(Table<u8, Vec<(&'static str, u64)>>);

impl Cues {
    fn of(cues: impl Fn(&Aspect) -> &Vec<&'static str>) -> Self {
        let mut found: Table<u8, Vec<(&'static str, u64)>> = Table::default();
        for (nth, aspect) in spoken().aspects.iter().enumerate() {
            for cue in cues(aspect) {
                let first = cue.bytes().next().unwrap_or_default();
                found.entry(first).or_default().push((cue, 1 << nth));
            }
        }
        Self(found)
    }

    /// Returns the bits of the aspects of which a cue begins a word of the text.
    fn find(&self, spaced: &str) -> u64 {
        let starts = spaced.match_indices(' ').map(|(at, _)| at + 1);
        let words = starts.filter_map(|start| spaced.get(start..));
        let cues = words.flat_map(|rest| {
            let first = rest.bytes().next().unwrap_or_default();
            let cues = self.0.get(&first).into_iter().flatten();
            cues.filter(move |(cue, _)| rest.starts_with(cue))
        });
        cues.fold(0, |bits, (_, bit)| bits | bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_meets_the_heading_of_its_aspect_and_differs_from_the_others() {
        for (question, same, other) in [
            ("Does it make you sick?", "Side effects", "Storage"),
            ("How long does the liquid keep?", "Storage", "Side effects"),
            (
                "Why do people fall?",
                "What causes falls?",
                "How to prevent falls",
            ),
            ("What does a visit cost?", "Fees", "Opening hours"),
        ] {
            let asked = Aspects::asked(question);
            assert!(asked.meets(Aspects::headed(same)), "{question} {same}");
            assert!(asked.differs(Aspects::headed(other)), "{question} {other}");
        }
        // A time, or what is allowed, is said under any heading.
        for question in ["How long does the glue last?", "May I take photos?"] {
            let asked = Aspects::asked(question);
            assert!(asked.0 != 0 && !asked.differs(Aspects::headed("Side effects")));
        }
    }
}
