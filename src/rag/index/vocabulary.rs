//! The words of a collection as its documents write them, to recognise misspelt words of a question.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::language::lists::{Set, Table, lower_words};
use crate::language::spoken;

/// Shorter words are like too many others.
const SHORTEST: usize = 4;
/// Words of this length may differ in two letters, shorter ones in one.
const LONG: usize = 7;
/// Longer words are none.
const LONGEST: usize = 40;
/// A collection with more different words than this is left as it is typed.
const MOST: usize = 200_000;
/// The winner among equally near words occurs this many times as often as the next one.
const CLEAR: u32 = 2;

/// The words of a collection. Words of chunks that were removed stay until the index is loaded again,
/// so a word is shown only if a passage that may be shown contains it.
#[derive(Clone, Default)]
pub struct Vocabulary {
    /// Each word with the number of its chunks.
    words: Table<Box<str>, u32>,
    /// The hashes of the words' stems.
    stems: Set<u64>,
    letters: usize,
}

impl Vocabulary {
    /// Adds the words of a chunk.
    pub fn add(&mut self, text: &str) {
        let words: Set<String> = lower_words(text).filter(|word| is_word(word)).collect();
        for word in words {
            if let Some(count) = self.words.get_mut(word.as_str()) {
                *count = count.saturating_add(1);
            } else if self.words.len() < MOST {
                self.letters += word.len();
                self.stems.insert(stem_of(&word));
                self.words.insert(word.into(), 1);
            }
        }
    }

    /// The approximate size.
    pub fn bytes(&self) -> usize {
        /// A word with its stem, without its letters.
        const WORD: usize = 56;
        self.words.len() * WORD + self.letters
    }

    /// Gives back the room that growing has left over.
    pub fn shrink(&mut self) {
        self.words.shrink_to_fit();
        self.stems.shrink_to_fit();
    }

    fn is_whole(&self) -> bool {
        self.words.len() < MOST
    }

    fn knows(&self, word: &str, stem: u64) -> bool {
        self.words.contains_key(word) || self.stems.contains(&stem)
    }
}

/// Whether a lower-case word may be misspelt: it is neither ordinary nor in one of the vocabularies
/// in any form.
pub fn is_unknown(typed: &str, vocabularies: &[&Vocabulary]) -> bool {
    if !is_word(typed) || is_ordinary(typed) {
        return false;
    }
    let stem = stem_of(typed);
    let lacks = |vocabulary: &&Vocabulary| vocabulary.is_whole() && !vocabulary.knows(typed, stem);
    vocabularies.iter().all(lacks)
}

/// Returns the word of the vocabularies that is clearly the nearest to an unknown one.
pub fn nearest(typed: &str, vocabularies: &[&Vocabulary]) -> Option<String> {
    let letters: Vec<char> = typed.chars().collect();
    let most = if letters.len() < LONG { 1 } else { 2 };
    let mut near: Table<&str, (usize, u32)> = Table::default();
    for (word, count) in vocabularies.iter().flat_map(|other| &other.words) {
        if word.len().abs_diff(typed.len()) <= most * 4
            && let Some(distance) = distance(&letters, word, most)
        {
            near.entry(word).or_insert((distance, 0)).1 += count;
        }
    }
    let mut near: Vec<(&str, usize, u32)> = near
        .into_iter()
        .map(|(word, (distance, count))| (word, distance, count))
        .collect();
    near.sort_by(|a, b| a.1.cmp(&b.1).then(b.2.cmp(&a.2)).then(a.0.cmp(b.0)));
    let (word, least, count) = *near.first()?;
    // Forms of one word do not compete with each other.
    let stem = stem_of(word);
    let rival = near.iter().find(|near| stem_of(near.0) != stem);
    let is_clear = rival.is_none_or(|(_, distance, rival)| {
        *distance > least || rival.saturating_mul(CLEAR) <= count
    });
    is_clear.then(|| word.to_owned())
}

fn is_word(word: &str) -> bool {
    let letters = word.chars().count();
    (SHORTEST..=LONGEST).contains(&letters) && word.chars().all(char::is_alphabetic)
}

/// Whether a word is an ordinary one of the language, which nobody meant to be another.
fn is_ordinary(word: &str) -> bool {
    let language = spoken();
    let names = &language.names;
    // A name that is like another word is no mistake: scabies are no scabs.
    language.words.knows(word)
        || language.words.distinct(word).is_some()
        || names.exact.contains(word)
        || names.everyday.contains(word)
        || names.everyday_stems.contains(&language.words.stem(word))
}

fn stem_of(word: &str) -> u64 {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    hasher.hash_one(spoken().words.stem(word))
}

/// Returns the number of letters that were left out, added, exchanged or transposed, if it is at most
/// `most` and the first letter is right or transposed (Damerau 1964; each place is edited once).
fn distance(typed: &[char], word: &str, most: usize) -> Option<usize> {
    let mut letters = word.chars();
    let (first, second) = (letters.next()?, letters.next()?);
    let begins = typed.first() == Some(&first)
        || (typed.first() == Some(&second) && typed.get(1) == Some(&first));
    // Most words end here, before anything is allocated.
    if !begins {
        return None;
    }
    let word: Vec<char> = word.chars().collect();
    if word.len().abs_diff(typed.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=word.len()).collect();
    for (row, letter) in typed.iter().enumerate() {
        let mut current = vec![row + 1];
        for (at, other) in word.iter().enumerate() {
            let number = |numbers: &[usize], at: usize| numbers.get(at).copied().unwrap_or(most);
            let exchanged = number(&above, at) + usize::from(letter != other);
            let mut least = exchanged
                .min(number(&above, at + 1) + 1)
                .min(number(&current, at) + 1);
            let is_transposed = at > 0
                && row > 0
                && word.get(at - 1) == Some(letter)
                && typed.get(row - 1) == Some(other);
            if is_transposed {
                least = least.min(number(&before, at - 1) + 1);
            }
            current.push(least);
        }
        if current.iter().all(|edits| *edits > most) {
            return None;
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().filter(|edits| *edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(texts: &[&str]) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for text in texts {
            vocabulary.add(text);
        }
        vocabulary
    }

    fn meant(typed: &str, vocabularies: &[&Vocabulary]) -> Option<String> {
        let is_unknown = is_unknown(typed, vocabularies);
        is_unknown.then(|| nearest(typed, vocabularies)).flatten()
    }

    fn of(typed: &str, texts: &[&str]) -> Option<String> {
        meant(typed, &[&vocabulary(texts)])
    }

    #[test]
    fn a_misspelt_word_is_the_nearest_one_of_the_collection() {
        let texts = [
            "Ibuprofen: side effects. Paracetamol in pregnancy.",
            "The blood test clinic North House.",
        ];
        for (typed, word) in [
            ("ibuprofin", "ibuprofen"),
            ("iburpofin", "ibuprofen"),
            ("parcetamol", "paracetamol"),
            ("pregnacy", "pregnancy"),
            ("efects", "effects"),
            ("blod", "blood"),
            ("clinc", "clinic"),
            ("hause", "house"),
            ("bilrdo", ""),
            ("lbood", "blood"),
        ] {
            let expected = (!word.is_empty()).then(|| word.to_owned());
            assert_eq!(of(typed, &texts), expected, "{typed}");
        }
    }

    #[test]
    fn words_that_are_known_short_or_no_words_are_left_alone() {
        let texts = ["Tablets of amoxicillin, a trial for waxing, 1000mg"];
        for typed in [
            "tablet",
            "tablets",
            "amoxicillins",
            "trail",
            "waking",
            "wax",
            "1001mg",
            "zyx",
        ] {
            assert_eq!(of(typed, &texts), None, "{typed}");
        }
        assert_eq!(of("amoxicilin", &texts).as_deref(), Some("amoxicillin"));
        assert_eq!(of("moxicillin", &texts), None, "the first letter is right");
    }

    #[test]
    fn the_more_frequent_word_wins_only_if_it_is_clear() {
        let (one, other) = ("zoloft", "zolofe");
        assert_eq!(of("zolofa", &[one, other]), None);
        let often = of("zolofa", &[one, one, other]);
        assert_eq!(often.as_deref(), Some(one));
        let forms = of("inhalar", &["inhaler inhaled", "inhalers inhaler"]);
        assert_eq!(forms.as_deref(), Some("inhaler"));
    }

    #[test]
    fn only_the_words_of_the_given_collections_count() {
        let (mine, other) = (vocabulary(&["paracetamol"]), vocabulary(&["ibuprofen"]));
        assert_eq!(meant("ibuprofin", &[&mine]), None);
        assert!(meant("ibuprofin", &[&mine, &other]).is_some());
    }
}
