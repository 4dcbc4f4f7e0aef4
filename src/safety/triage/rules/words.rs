//! The words of all patterns, found in a message in spite of endings and typing errors.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::text::Token;

/// A word of a pattern in one language.
pub type WordId = usize;

/// Words with at most this many letters must be typed right: too many others are near.
const NEVER_MISSPELT: usize = 4;
/// Two errors are forgiven from this length on.
const TWO_ERRORS: usize = 9;
/// A misspelt beginning is forgiven from this length on.
const MISSPELT_STEM: usize = 6;
/// Longer beginnings are not looked up.
const LONGEST_STEM: usize = 14;
const ARABIC_PROCLITICS: [&str; 11] = [
    "وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ه",
];

type Misspelt = HashMap<u64, Vec<WordId>, BuildHasherDefault<Hashed>>;

#[derive(Clone, Debug)]
struct Word {
    language: usize,
    letters: String,
}

/// The index of the words of all patterns.
#[derive(Clone, Debug, Default)]
pub struct Words {
    all: Vec<Word>,
    whole: HashMap<String, Vec<WordId>>,
    stems: HashMap<String, Vec<WordId>>,
    /// Keyed by the word without one of its letters, see [`deletions`].
    misspelt: Misspelt,
    misspelt_stems: Misspelt,
    /// Right words of each language that look like a misspelt word of a pattern.
    right: HashMap<String, Vec<usize>>,
}

impl Words {
    /// Adds a folded word; one that ends in `*` is a stem.
    pub fn add(&mut self, language: usize, word: &str) -> WordId {
        let (letters, is_stem) = match word.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (word, false),
        };
        let known = if is_stem { &self.stems } else { &self.whole };
        let mut known = known.get(letters).into_iter().flatten();
        let same = |id: &&WordId| {
            self.all
                .get(**id)
                .is_some_and(|word| word.language == language)
        };
        if let Some(id) = known.find(same) {
            return *id;
        }
        let id = self.all.len();
        self.all.push(Word {
            language,
            letters: letters.to_owned(),
        });
        let exact = if is_stem {
            &mut self.stems
        } else {
            &mut self.whole
        };
        exact.entry(letters.to_owned()).or_default().push(id);
        self.add_misspelt(id, letters, is_stem);
        id
    }

    fn add_misspelt(&mut self, id: WordId, letters: &str, is_stem: bool) {
        let letters: Vec<char> = letters.chars().collect();
        let (index, least) = if is_stem {
            (&mut self.misspelt_stems, MISSPELT_STEM)
        } else {
            (&mut self.misspelt, NEVER_MISSPELT + 1)
        };
        if letters.len() >= least && may_be_misspelt(&letters) {
            for key in deletions(&letters) {
                index.entry(key).or_default().push(id);
            }
        }
    }

    /// Lets a short form of the language stand for a word: "u" for "you".
    pub fn abbreviate(&mut self, language: usize, short: &str, word: &str) {
        let of = |id: &WordId| {
            self.all
                .get(*id)
                .is_some_and(|word| word.language == language)
        };
        let meant: Vec<WordId> = self
            .whole
            .get(word)
            .into_iter()
            .flatten()
            .copied()
            .filter(of)
            .collect();
        self.whole
            .entry(short.to_owned())
            .or_default()
            .extend(meant);
    }

    /// Declares a word of the language that is never a misspelt other one.
    pub fn add_right(&mut self, language: usize, word: &str) {
        self.right
            .entry(word.to_owned())
            .or_default()
            .push(language);
    }

    /// Returns the pattern words that a token may stand for in the languages that read it.
    pub fn of(&self, token: &Token, reads: &[bool]) -> Vec<WordId> {
        let mut found = Vec::new();
        self.collect(&token.text, reads, &mut found);
        if token.text.starts_with(is_arabic) {
            for proclitic in ARABIC_PROCLITICS {
                if let Some(rest) = token.text.strip_prefix(proclitic)
                    && rest.chars().nth(1).is_some()
                {
                    self.collect(rest, reads, &mut found);
                }
            }
        }
        found.retain(|id| {
            let word = self.all.get(*id);
            word.is_some_and(|word| reads.get(word.language) == Some(&true))
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect(&self, word: &str, reads: &[bool], found: &mut Vec<WordId>) {
        found.extend(self.whole.get(word).into_iter().flatten());
        for (end, letter) in word.char_indices().take(LONGEST_STEM) {
            let stem = word.get(..end + letter.len_utf8()).unwrap_or(word);
            found.extend(self.stems.get(stem).into_iter().flatten());
        }
        let letters: Vec<char> = word.chars().collect();
        if letters.len() > NEVER_MISSPELT && may_be_misspelt(&letters) {
            self.collect_misspelt(word, &letters, reads, found);
        }
    }

    fn collect_misspelt(
        &self,
        text: &str,
        letters: &[char],
        reads: &[bool],
        found: &mut Vec<WordId>,
    ) {
        let spoken: Vec<usize> = found
            .iter()
            .filter_map(|id| Some(self.all.get(*id)?.language))
            .collect();
        let right = self.right.get(text);
        // A right word of a language is no misspelt other word of it.
        let is_other = |word: &Word| {
            reads.get(word.language) != Some(&true)
                || spoken.contains(&word.language)
                || right.is_some_and(|languages| languages.contains(&word.language))
        };
        for key in deletions(letters) {
            for id in self.misspelt.get(&key).into_iter().flatten() {
                let word = self.all.get(*id).filter(|word| !is_other(word));
                if word.is_some_and(|word| is_near(&word.letters, text)) {
                    found.push(*id);
                }
            }
        }
        for length in MISSPELT_STEM - 1..=letters.len().min(LONGEST_STEM) {
            let Some(start) = letters.get(..length) else {
                break;
            };
            let start_text: String = start.iter().collect();
            for key in deletions(start) {
                for id in self.misspelt_stems.get(&key).into_iter().flatten() {
                    let word = self.all.get(*id).filter(|word| !is_other(word));
                    if word.is_some_and(|word| is_near(&word.letters, &start_text)) {
                        found.push(*id);
                    }
                }
            }
        }
    }
}

/// The number of typing errors that are forgiven in a word of that many letters.
fn errors(letters: usize) -> usize {
    match letters {
        0..=NEVER_MISSPELT => 0,
        _ if letters < TWO_ERRORS => 1,
        _ => 2,
    }
}

/// Vowel signs are letters of their own in Devanagari, so one sign more makes another word.
fn may_be_misspelt(letters: &[char]) -> bool {
    let short = letters.len() < MISSPELT_STEM;
    !(short
        && letters
            .iter()
            .any(|letter| matches!(letter, '\u{900}'..='\u{97F}') || is_arabic(*letter)))
        && letters
            .iter()
            .all(|letter| letter.is_alphabetic() || *letter == '\u{94D}')
}

fn is_arabic(letter: char) -> bool {
    matches!(letter, '\u{600}'..='\u{6FF}')
}

/// Whether two words differ by no more errors than are forgiven. The first letter is seldom wrong,
/// and words that differ there are usually others: "chest", "guest".
fn is_near(meant: &str, typed: &str) -> bool {
    let length = meant.chars().count();
    meant.chars().next() == typed.chars().next()
        && strsim::osa_distance(meant, typed) <= errors(length)
}

/// The keys of a word and of all words that come of leaving out one letter. Two words within one
/// error share a key, and so do most within two.
fn deletions(letters: &[char]) -> impl Iterator<Item = u64> {
    (0..=letters.len()).map(|left_out| {
        let kept = letters
            .iter()
            .enumerate()
            .filter(move |(at, _)| *at != left_out);
        kept.fold(0xcbf2_9ce4_8422_2325_u64, |hash, (_, letter)| {
            (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3)
        })
    })
}

/// The keys of [`deletions`] are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes
            .iter()
            .fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
