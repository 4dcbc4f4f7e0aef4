//! Quantities: how much of what, and how often, in words or in figures.

#[cfg(test)]
mod tests;

use crate::language::lists::Set;
use crate::language::spoken;

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
/// tablet 2 times a day". The words "a", "every" and "time" are part of this notation.
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
    let amounts = &spoken().amounts;
    let next = |n: usize| behind.get(n).map_or("", |(word, _)| word);
    let alone = |figures: &str| Some((figures.to_owned(), 0));
    // "Half a tablet" is not one tablet.
    if let Some((_, share)) = amounts.shares.iter().find(|(name, _)| *name == word) {
        let filler = |(word, _): &&Piece| amounts.fillers.contains(word);
        let fillers = behind.iter().take(2).take_while(filler).count();
        return Some(((*share).to_owned(), fillers));
    }
    if let Some((_, times)) = amounts.times.iter().find(|(name, _)| *name == word) {
        return alone(times);
    }
    if word == amounts.once && counts_once(before, next(0), next(1)) {
        return alone("1 time");
    }
    if amounts.each.contains(word) && is_period(next(0)) {
        return alone("a");
    }
    if word == amounts.every && amounts.other.contains(next(0)) && is_period(next(1)) {
        return Some(("every 2".to_owned(), 1));
    }
    if word == amounts.one {
        if next(0) == amounts.of && (form(next(1)).or(form(next(2)))).is_some() {
            return alone("1");
        }
        if amounts.before_pronoun.contains(before) || amounts.after_pronoun.contains(next(0)) {
            return None;
        }
    }
    if let Some((period, _)) = amounts.rates.iter().find(|(_, rate)| *rate == word) {
        return Some((format!("a {period}"), 0));
    }
    let value = number(word)?;
    match number(next(0)) {
        Some(ones @ 1..10) if value >= 20 => Some(((value + ones).to_string(), 1)),
        _ => alone(&value.to_string()),
    }
}

/// Accepts "once a day", "only once" and "take it once.", but not "once you have eaten" or "at
/// once".
fn counts_once(before: &str, next: &str, after_next: &str) -> bool {
    let amounts = &spoken().amounts;
    amounts.before_once.contains(before)
        || (next.is_empty() && before != amounts.at)
        || amounts.rates.iter().any(|(_, rate)| *rate == next)
        || ((next == "a" || amounts.each.contains(next)) && is_period(after_next))
}

fn is_period(word: &str) -> bool {
    let mut rates = spoken().amounts.rates.iter();
    rates.any(|(period, _)| *period == word)
}

fn number(word: &str) -> Option<u32> {
    spoken().amounts.numbers.get(word).copied()
}

/// The quantities of a text.
#[derive(Clone, Debug)]
pub(super) struct Quantities {
    /// The numbers with their units: "2.5 mg", "1,000", "8 pm".
    numbers: Set<(String, Option<String>)>,
    /// Units counted by "a": "a tablet" is one.
    single: Set<String>,
    /// The periods: 1 day for "a day", 8 hours for "every 8 hours".
    rates: Set<(String, String)>,
    /// How many times; once if only a rate is given, because "daily" is not "twice a day".
    times: Set<String>,
}

impl Quantities {
    /// Reads a text in figures.
    pub fn of(text: &str) -> Self {
        let numbers = numbers(text);
        let mut single = Set::default();
        let mut rates = Set::default();
        let mut before = "";
        let pieces = pieces(text);
        for (at, (word, _)) in pieces.iter().enumerate() {
            let next = |n: usize| pieces.get(at + n).and_then(|(word, _)| unit(word));
            match (*word, next(1), next(2)) {
                ("a" | "an", Some(unit), _) => {
                    if is_period(&unit) && !spoken().amounts.lasting.contains(before) {
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
        let mut times: Set<String> = numbers
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

    /// Leaves out a "one" that counts nothing: "from one person to another".
    pub fn without_one(&self) -> Self {
        let mut others = self.clone();
        others.numbers.remove(&("1".to_owned(), None));
        others
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
        let amounts = &spoken().amounts;
        let mut found = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (low, after) = split_number(rest.get(at..).unwrap_or_default());
            rest = after;
            let (word, behind) = first_word(after);
            // "500 mg to 1 g": the first end may have its own unit.
            let behind = if unit(word).is_some() { behind } else { after };
            let joined = [amounts.to, amounts.and, "-", "–", "—"]
                .into_iter()
                .find_map(|joint| {
                    let next = behind.trim_start().strip_prefix(joint)?.trim_start();
                    next.starts_with(|c: char| c.is_ascii_digit())
                        .then_some((joint, next))
                });
            if let Some((joint, next)) = joined
                && (joint != amounts.and || text.contains(amounts.between))
            {
                let (high, _) = split_number(next);
                found.push(Self { low, high });
            }
        }
        found
    }

    /// Whether the claim states one end as if it were all. "Up to" and "from" mark an end as such.
    pub fn is_halved_by(&self, claim: &str, stated: &Quantities) -> bool {
        let open = &spoken().amounts.open;
        let words: Vec<&str> = claim.split_whitespace().collect();
        let is_end = |word: &str| {
            let (number, _) = split_number(word);
            number == self.low || number == self.high
        };
        let is_open = words.iter().enumerate().any(|(at, word)| {
            let before = words.get(at.saturating_sub(2)..at).unwrap_or_default();
            is_end(word) && before.iter().any(|word| open.contains(word))
        });
        stated.mention(&self.low) != stated.mention(&self.high) && !is_open
    }
}

fn numbers(text: &str) -> Set<(String, Option<String>)> {
    let mut found = Set::default();
    let mut rest = text;
    let mut in_word = false;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() && !in_word {
            let (number, after) = split_number(rest);
            found.insert((number, unit_of(after).or_else(|| unit_behind_range(after))));
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
        .or_else(|| form(third()).filter(|_| word == spoken().amounts.of))
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

/// Returns the unit of the low end of a range: "10 to 14 days" begins at 10 days.
fn unit_behind_range(after: &str) -> Option<String> {
    let amounts = &spoken().amounts;
    let joints = [amounts.to, "-", "–", "—"];
    let high = joints
        .into_iter()
        .find_map(|joint| after.trim_start().strip_prefix(joint))?;
    let high = high.trim_start();
    high.starts_with(|c: char| c.is_ascii_digit())
        .then(|| split_number(high))
        .and_then(|(_, after)| unit_of(after))
}

fn form(word: &str) -> Option<String> {
    unit(word).filter(|form| spoken().amounts.forms.contains(form))
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
    let unit = if word == spoken().amounts.percent {
        "%"
    } else {
        word
    };
    spoken()
        .amounts
        .units
        .contains(unit)
        .then(|| unit.to_owned())
}
