//! English quantities: how much of what, and how often.

use super::super::interface::Amounts;
use super::super::lists::Words;

const NUMBERS: [(&str, u32); 27] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

/// A unit that other words may separate from its number is a unit as well.
const FORMS: &str = "tablet pill dose drop puff capsule sachet spray spoonful teaspoon";
const UNITS: &str = "mg mcg µg μg g kg ml l dl iu unit mmol cm mm m % percent ° c f second minute min hour day week month year am pm time";

pub(super) fn amounts() -> Amounts {
    Amounts {
        numbers: NUMBERS.into_iter().collect(),
        units: Words::of(&[UNITS, FORMS]),
        forms: Words::of(&[FORMS]),
        percent: "percent",
        rates: &[
            ("hour", "hourly"),
            ("day", "daily"),
            ("week", "weekly"),
            ("month", "monthly"),
            ("year", "yearly"),
            ("year", "annually"),
        ],
        shares: &[("half", "0.5"), ("quarter", "0.25")],
        fillers: Words::of(&["of a an"]),
        times: &[
            ("twice", "2 times"),
            ("double", "2 times"),
            ("thrice", "3 times"),
            ("triple", "3 times"),
        ],
        once: "once",
        before_once: Words::of(&["only least just minimum"]),
        at: "at",
        each: Words::of(&["per each every"]),
        every: "every",
        other: Words::of(&["other second"]),
        lasting: Words::of(&["for in within after before about than under over"]),
        one: "one",
        of: "of",
        before_pronoun: Words::of(&["no any every each this that which another the"]),
        after_pronoun: Words::of(&["of another who that is can should must may has"]),
        to: "to ",
        and: "and ",
        between: "between ",
        open: Words::of(&[
            "up from until minimum maximum most least over under above below more less than",
        ]),
        measures: Words::of(&[
            "capsule capsules drop drops g gram grams hour hours iu mcg mg microgram micrograms",
            "milligram milligrams millilitre millilitres ml patch patches percent pill pills puff",
            "puffs sachet sachets spoon spoonful spoonfuls spoons spray sprays tablet tablets",
            "teaspoon teaspoons time times unit units",
        ]),
        few: Words::of(&["one two three four five six eight ten half"]),
        often: Words::of(&["daily hourly nightly once twice weekly"]),
    }
}
