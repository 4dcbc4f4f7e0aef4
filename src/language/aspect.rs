//! The aspects that a question asks for and a heading promises: the dose, the side effects, the
//! opening hours.

use super::interface::Aspect;
use super::lists::spaced;
use super::spoken;

/// A set of aspects, one bit each in the order of the language's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aspects(u64);

impl Aspects {
    /// Returns the aspects that a question asks for.
    pub fn asked(text: &str) -> Self {
        Self::of(text, |aspect| &aspect.asked)
    }

    /// Returns the aspects that a heading or a title promises.
    pub fn headed(text: &str) -> Self {
        Self::of(text, |aspect| &aspect.headed)
    }

    /// Returns the aspects of which a line has the words.
    pub fn said(text: &str) -> Self {
        Self::of(text, |aspect| &aspect.said)
    }

    fn of(text: &str, cues: impl Fn(&Aspect) -> &Vec<&'static str>) -> Self {
        let plain = spaced(text);
        let tells = |aspect: &Aspect| cues(aspect).iter().any(|cue| is_in(&plain, cue));
        let aspects = spoken().aspects.iter().enumerate();
        let found = aspects.filter(|(_, aspect)| tells(aspect));
        Self(found.fold(0, |bits, (nth, _)| bits | 1 << nth))
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

/// Whether words of the text begin with the cue.
fn is_in(spaced: &str, cue: &str) -> bool {
    let mut found = spaced.match_indices(cue);
    found.any(|(at, _)| at > 0 && spaced.as_bytes().get(at - 1) == Some(&b' '))
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
