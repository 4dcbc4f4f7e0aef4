//! English words that deny, forbid, make exceptions and set conditions. Each word is in one list;
//! the interface gets combinations of these lists.

use super::super::interface::{Conditions, Denial};
use super::super::lists::{Phrases, Replacements, Words};

/// Words before the word that they deny.
const NOT: &str = "not";
const NEVER: &str = "never";
const NO: &str = "no";
const WITHOUT: &str = "without";
const NOBODY: &str = "nor neither none nobody nothing";
/// "Don't" and similar forms, as people type them.
const DO_NOT: &str = "dont doesnt";
const MUST_NOT: &str = "shouldnt mustnt cant cannot";

const AVOID: &str = "avoid";
const AVOIDING: &str = "avoids avoided avoiding";
const STOP: &str = "stop";
const STOPPING: &str = "stops stopped stopping refrain skip skips skipped skipping";
const UNFIT: &str = "unsafe unsuitable";
const DANGER: &str = "dangerous harmful";
const FORBIDDEN: &str = "forbidden";
const IMPOSSIBLE: &str = "prohibited unable";
const UNLESS: &str = "unless";
const EXCEPT: &str = "except";
const EXCLUDING: &str = "excluding";
const CAUTION: &str = "caution cautious careful warning warnings warn risk risks harm";

const IF: &str = "if";
const WHEN: &str = "when";
const WHILE: &str = "while";
const DURING: &str = "during";
const BECAUSE: &str = "because";
const BEFORE: &str = "before";

pub(super) fn denial() -> Denial {
    Denial {
        negations: Words::of(&[NOT, NEVER, NO, WITHOUT, NOBODY]),
        not: NOT,
        no_answer: NO,
        before_a_word: Words::of(&[NOT, NEVER]),
        refusals: Words::of(&[
            AVOID, AVOIDING, STOP, STOPPING, UNFIT, FORBIDDEN, IMPOSSIBLE,
        ]),
        exceptions: Words::of(&[UNLESS, EXCEPT, EXCLUDING]),
        restrictions: Words::of(&[
            NOT, NEVER, WITHOUT, DO_NOT, MUST_NOT, AVOID, AVOIDING, STOP, UNFIT, DANGER, FORBIDDEN,
            UNLESS, EXCEPT, CAUTION,
        ]),
        contraindication: "contraindicat",
        exclusions: Words::of(&[NOT, NEVER, AVOID, UNFIT, DANGER, FORBIDDEN]),
        warnings: Phrases::of(&[
            "do not",
            NEVER,
            AVOID,
            "emergency",
            "at once",
            "straight away",
            "the same day",
            UNLESS,
            "stop and",
        ]),
        contractions: Replacements::of(&[
            ("can't", "can not"),
            ("cannot", "can not"),
            ("won't", "will not"),
            ("n't", " not"),
        ]),
    }
}

pub(super) fn conditions() -> Conditions {
    Conditions {
        openers: Words::of(&[IF, WHEN, WHILE, "whenever provided once"]),
        marks: Words::of(&[IF, WHEN, WHILE, DURING]),
        in_questions: Words::of(&[IF, WHILE, DURING, BECAUSE, "with since"]),
        clause_ends: Words::of(&[IF, BECAUSE, BEFORE, "after so but"]),
        first: "first",
        after_first: Words::of(&[IF, WHEN, BEFORE, UNLESS]),
        limits: Words::of(&["under over above below"]),
        or: " or ",
        without: " without ",
    }
}
