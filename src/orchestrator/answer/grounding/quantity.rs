//! Quantities: how much of what, and how often, in words or in figures.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

/// Units that must not be exchanged; plurals lose their `s` first.
const UNITS: [&str; 41] = [
    "mg", "mcg", "µg", "μg", "g", "kg", "ml", "l", "dl", "iu", "unit", "mmol", "cm", "mm", "m",
    "%", "percent", "°", "c", "f", "second", "minute", "min", "hour", "day", "week", "month",
    "year", "am", "pm", "time", "tablet", "pill", "dose", "drop", "puff", "capsule", "sachet",
    "spray", "spoonful", "teaspoon",
];

/// Units that other words may separate from their number: "two paracetamol tablets", "two 500 mg
/// tablets", "two of the tablets".
const FORMS: [&str; 10] = [
    "tablet", "pill", "dose", "drop", "puff", "capsule", "sachet", "spray", "spoonful", "teaspoon",
];

/// Adverbs of frequency, each with its period.
const RATES: [(&str, &str); 6] = [
    ("hour", "hourly"),
    ("day", "daily"),
    ("week", "weekly"),
    ("month", "monthly"),
    ("year", "yearly"),
    ("year", "annually"),
];

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

/// Words that make "a week" a duration instead of a rate.
const LASTING: [&str; 9] = [
    "for", "in", "within", "after", "before", "about", "than", "under", "over",
];

/// "One" counts nothing after and before these words: "no one", "one of the nurses". It does count
/// [`FORMS`]: "one of the tablets".
const BEFORE_PRONOUN: [&str; 9] = [
    "no", "any", "every", "each", "this", "that", "which", "another", "the",
];
const AFTER_PRONOUN: [&str; 10] = [
    "of", "another", "who", "that", "is", "can", "should", "must", "may", "has",
];

/// A word, and the text between it and the next one. Words with more than a space or a hyphen
/// between them have an empty piece in between, and are no neighbours.
pub(super) type Piece<'a> = (&'a str, &'a str);

pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    text.split_inclusive(|c: char| !c.is_alphanumeric())
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            piece.split_at(word.len())
        })
        .collect()
}

/// Returns lower-case text with its numbers in figures: "half a tablet twice daily" becomes "0.5
/// tablet 2 times a day".
pub(super) fn in_figures(text: &str) -> String {
    let text = [('½', " 0.5"), ('¼', " 0.25"), ('¾', " 0.75")]
        .into_iter()
        .fold(text.to_owned(), |text, (sign, figures)| {
            text.replace(sign, figures)
        });
    let pieces = pieces(&text);
    let mut written = String::new();
    let mut rest = pieces.as_slice();
    let mut before = "";
    while let [(word, _), behind @ ..] = rest {
        let (figures, more) =
            figures(before, word, behind).unwrap_or_else(|| ((*word).to_owned(), 0));
        written.push_str(&figures);
        written.push_str(rest.get(more).map_or("", |(_, gap)| gap));
        before = rest.get(more).map_or("", |(word, _)| word);
        rest = behind.get(more..).unwrap_or_default();
    }
    written
}

/// Returns the figures of a word, and how many of the following words they include.
fn figures(before: &str, word: &str, behind: &[Piece]) -> Option<(String, usize)> {
    let next = |n: usize| behind.get(n).map_or("", |(word, _)| word);
    let alone = |figures: &str| Some((figures.to_owned(), 0));
    match word {
        // "half a tablet" is not one tablet.
        "half" | "quarter" => {
            let filler = |(word, _): &&Piece| ["of", "a", "an"].contains(word);
            let fillers = behind.iter().take(2).take_while(filler).count();
            let share = if word == "half" { "0.5" } else { "0.25" };
            Some((share.to_owned(), fillers))
        }
        "twice" | "double" => alone("2 times"),
        "thrice" | "triple" => alone("3 times"),
        "once" if counts_once(before, next(0), next(1)) => alone("1 time"),
        "per" | "each" | "every" if is_period(next(0)) => alone("a"),
        "every" if ["other", "second"].contains(&next(0)) && is_period(next(1)) => {
            Some(("every 2".to_owned(), 1))
        }
        "one" if next(0) == "of" && (form(next(1)).or(form(next(2)))).is_some() => alone("1"),
        "one" if BEFORE_PRONOUN.contains(&before) || AFTER_PRONOUN.contains(&next(0)) => None,
        _ => {
            if let Some((period, _)) = RATES.iter().find(|(_, rate)| *rate == word) {
                return Some((format!("a {period}"), 0));
            }
            let value = number(word)?;
            match number(next(0)) {
                Some(ones @ 1..10) if value >= 20 => Some(((value + ones).to_string(), 1)),
                _ => alone(&value.to_string()),
            }
        }
    }
}

/// Accepts "once a day", "only once" and "take it once.", but not "once you have eaten" or "at
/// once".
fn counts_once(before: &str, next: &str, after_next: &str) -> bool {
    ["only", "least", "just", "minimum"].contains(&before)
        || (next.is_empty() && before != "at")
        || RATES.iter().any(|(_, rate)| *rate == next)
        || (["a", "per", "each", "every"].contains(&next) && is_period(after_next))
}

fn is_period(word: &str) -> bool {
    RATES.iter().any(|(period, _)| *period == word)
}

fn number(word: &str) -> Option<u32> {
    NUMBERS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, number)| *number)
}

/// The quantities of a text.
#[derive(Clone, Debug)]
pub(super) struct Quantities {
    /// The numbers with their units: "2.5 mg", "1,000", "8 pm".
    numbers: HashSet<(String, Option<String>)>,
    /// Units counted by "a": "a tablet" is one.
    single: HashSet<String>,
    /// The periods: 1 day for "a day", 8 hours for "every 8 hours".
    rates: HashSet<(String, String)>,
    /// How many times; once if only a rate is given, because "daily" is not "twice a day".
    times: HashSet<String>,
}

impl Quantities {
    /// Reads a text in figures.
    pub fn of(text: &str) -> Self {
        let numbers = numbers(text);
        let mut single = HashSet::new();
        let mut rates = HashSet::new();
        let mut before = "";
        let pieces = pieces(text);
        for (at, (word, _)) in pieces.iter().enumerate() {
            let next = |n: usize| pieces.get(at + n).and_then(|(word, _)| unit(word));
            match (*word, next(1), next(2)) {
                ("a" | "an", Some(unit), _) => {
                    if is_period(&unit) && !LASTING.contains(&before) {
                        rates.insert(("1".to_owned(), unit.clone()));
                    }
                    single.insert(unit);
                }
                ("every", None, Some(unit)) => {
                    let number = pieces.get(at + 1).map_or("", |(number, _)| number);
                    rates.insert((number.to_owned(), unit));
                }
                _ => {}
            }
            before = word;
        }
        let mut times: HashSet<String> = numbers
            .iter()
            .filter(|(_, unit)| unit.as_deref() == Some("time"))
            .map(|(number, _)| number.clone())
            .collect();
        if times.is_empty() && !rates.is_empty() {
            times.insert("1".to_owned());
        }
        Self {
            numbers,
            single,
            rates,
            times,
        }
    }

    /// Whether the other text, or the lines above it, contain all of these, and the other text does
    /// nothing more or less often.
    pub fn are_in(&self, other: &Self, above: &Self) -> bool {
        self.numbers
            .iter()
            .all(|number| other.state(number) || above.state(number))
            && (other.rates.is_empty() || self.rates.is_subset(&other.rates))
            && (other.times.is_empty() || self.times.is_subset(&other.times))
    }

    /// Whether a number is stated, whatever it counts.
    pub fn mention(&self, number: &str) -> bool {
        self.numbers.iter().any(|(stated, _)| stated == number)
    }

    fn state(&self, (number, unit): &(String, Option<String>)) -> bool {
        let written = self
            .numbers
            .iter()
            .any(|(stated, with)| stated == number && (unit.is_none() || with == unit));
        written
            || match unit.as_deref() {
                Some("time") => self.times.contains(number),
                Some(unit) => number == "1" && self.single.contains(unit),
                None => false,
            }
    }
}

/// A range such as "15 to 20 grams"; one end of it alone is another statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    low: String,
    high: String,
}

impl Range {
    /// Returns the ranges of a text in figures.
    pub fn all(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (low, after) = split_number(rest.get(at..).unwrap_or_default());
            rest = after;
            let (word, behind) = first_word(after);
            // "500 mg to 1 g": the first end may have its own unit.
            let behind = if unit(word).is_some() { behind } else { after };
            let joined = ["to ", "and ", "-", "–", "—"]
                .into_iter()
                .find_map(|joint| {
                    let next = behind.trim_start().strip_prefix(joint)?.trim_start();
                    next.starts_with(|c: char| c.is_ascii_digit())
                        .then_some((joint, next))
                });
            if let Some((joint, next)) = joined
                && (joint != "and " || text.contains("between "))
            {
                let (high, _) = split_number(next);
                found.push(Self { low, high });
            }
        }
        found
    }

    /// Whether the claim states one end as if it were all. "Up to" and "from" mark an end as such.
    pub fn is_halved_by(&self, claim: &str, stated: &Quantities) -> bool {
        const OPEN: [&str; 14] = [
            "up", "from", "until", "minimum", "maximum", "most", "least", "over", "under", "above",
            "below", "more", "less", "than",
        ];
        let words: Vec<&str> = claim.split_whitespace().collect();
        let is_end = |word: &str| {
            let (number, _) = split_number(word);
            number == self.low || number == self.high
        };
        let is_open = words.iter().enumerate().any(|(at, word)| {
            let before = words.get(at.saturating_sub(2)..at).unwrap_or_default();
            is_end(word) && before.iter().any(|word| OPEN.contains(word))
        });
        stated.mention(&self.low) != stated.mention(&self.high) && !is_open
    }
}

fn numbers(text: &str) -> HashSet<(String, Option<String>)> {
    let mut found = HashSet::new();
    let mut rest = text;
    let mut in_word = false;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() && !in_word {
            let (number, after) = split_number(rest);
            found.insert((number, unit_of(after)));
            rest = after;
        } else {
            in_word = c.is_alphanumeric();
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    found
}

/// Returns the number at the beginning, without thousands separators, and the rest.
fn split_number(text: &str) -> (String, &str) {
    let mut number = String::new();
    let mut rest = text;
    loop {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        number.push_str(rest.strip_suffix(after).unwrap_or(rest));
        let mut next = after.chars();
        let (Some(mark @ ('.' | ',' | ':' | '/')), Some('0'..='9')) = (next.next(), next.next())
        else {
            return (number, after);
        };
        rest = after.get(1..).unwrap_or_default();
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        match mark {
            ',' if digits == 3 => {}
            ',' => number.push('.'),
            mark => number.push(mark),
        }
    }
}

fn unit_of(after: &str) -> Option<String> {
    let (word, rest) = first_word(after);
    if word.is_empty() {
        let sign = after.get(..after.chars().next()?.len_utf8())?;
        return unit(sign).or_else(|| form_of_strength(after));
    }
    let (second, rest_of_it) = first_word(rest);
    let third = || first_word(rest_of_it).0;
    unit(word)
        .or_else(|| form(second))
        .or_else(|| form(third()).filter(|_| word == "of"))
        .or_else(|| form_of_strength(rest).filter(|_| word == "x"))
}

/// Returns what the number before this counts: "500 mg tablets" after "two".
fn form_of_strength(text: &str) -> Option<String> {
    let text = text.trim_start_matches([' ', '-', '\u{a0}', '×']);
    let strength = text.starts_with(|c: char| c.is_ascii_digit());
    let (_, after) = strength.then(|| split_number(text))?;
    let (word, rest) = first_word(after);
    unit(word)?;
    let (first, rest) = first_word(rest);
    form(first).or_else(|| form(first_word(rest).0))
}

fn form(word: &str) -> Option<String> {
    unit(word).filter(|form| FORMS.contains(&form.as_str()))
}

/// Returns the word after a space or hyphen, and the rest.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.strip_prefix([' ', '-', '\u{a0}']).unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or_default()
}

fn unit(word: &str) -> Option<String> {
    let word = if word.len() > 2 {
        word.trim_end_matches('s')
    } else {
        word
    };
    let unit = if word == "percent" { "%" } else { word };
    UNITS.contains(&unit).then(|| unit.to_owned())
}
