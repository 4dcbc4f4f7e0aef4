//! The concepts of the detector: words of many languages that mean the same.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::fold::fold;

/// The reviewable list: concept, language and words.
const LIST: &str = include_str!("concepts.tsv");
/// The most words of an entry.
pub(super) const MAX_WORDS: usize = 4;
/// The most characters of an entry in a script without spaces.
pub(super) const MAX_HAN: usize = 7;

/// The name of the line that lists the concepts of which every leaflet is full.
const COMMON: &str = "common";

/// The list, ready to be searched.
pub(super) struct Concepts {
    pub names: Vec<&'static str>,
    /// In order of the words.
    entries: Vec<Entry>,
    /// Concepts of which every leaflet is full, as bits.
    pub common: u64,
    /// The first words of entries with several words.
    first: HashSet<String>,
    /// The entries that begin with these two Latin letters; most words begin in another way.
    starts: Vec<Range<usize>>,
}

/// Returns the number of the first two letters of a word; `None` if they are not Latin.
fn start_of(word: &str) -> Option<usize> {
    let letter = |byte: u8| byte.is_ascii_lowercase().then(|| usize::from(byte - b'a'));
    let [one, two] = word.as_bytes().first_chunk()?;
    Some(letter(*one)? * 26 + letter(*two)?)
}

struct Entry {
    text: String,
    is_stem: bool,
    bits: u64,
}

static CONCEPTS: LazyLock<Concepts> = LazyLock::new(|| Concepts::read(LIST));

/// Returns the list of the product.
pub(super) fn concepts() -> &'static Concepts {
    &CONCEPTS
}

impl Concepts {
    fn read(list: &'static str) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut common: Vec<&str> = Vec::new();
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (Some(name), Some(_), Some(words)) = (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            if name == COMMON {
                common.extend(words.split(' '));
                continue;
            }
            let known = names.iter().position(|known| *known == name);
            let number = known.unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            entries.extend(words.split(' ').map(|word| Entry::read(word, number)));
        }
        entries.sort_by(|a, b| a.text.cmp(&b.text).then(a.is_stem.cmp(&b.is_stem)));
        entries.dedup_by(|later, earlier| {
            let same = later.text == earlier.text && later.is_stem == earlier.is_stem;
            if same {
                earlier.bits |= later.bits;
            }
            same
        });
        let several = entries
            .iter()
            .filter_map(|entry| entry.text.split_once(' '));
        let first = several.map(|(first, _)| first.to_owned()).collect();
        let is_common = |(_, name): &(usize, &&str)| common.contains(name);
        let common = names.iter().enumerate().filter(is_common);
        let mut starts = vec![0..0; 26 * 26];
        for (at, entry) in entries.iter().enumerate() {
            let start = start_of(&entry.text).and_then(|start| starts.get_mut(start));
            if let Some(range) = start {
                let first = if range.end == 0 { at } else { range.start };
                *range = first..at + 1;
            }
        }
        Self {
            starts,
            common: common.fold(0, |bits, (number, _)| bits | 1 << number),
            names,
            entries,
            first,
        }
    }

    /// Returns the concepts of a word, or of several with a space between them, as bits.
    pub fn of(&self, word: &str) -> u64 {
        let bucket = self.bucket(word);
        let after = bucket.partition_point(|entry| entry.text.as_str() <= word);
        let mut head = word.chars();
        head.nth(1);
        let begins = word.get(..word.len() - head.as_str().len());
        let begins = begins.unwrap_or_default();
        let before = bucket.get(..after).unwrap_or_default().iter().rev();
        before
            .take_while(|entry| entry.text.starts_with(begins))
            .filter(|entry| entry.text == word || (entry.is_stem && word.starts_with(&entry.text)))
            .fold(0, |bits, entry| bits | entry.bits)
    }

    /// Returns the entries among which a word may be.
    fn bucket(&self, word: &str) -> &[Entry] {
        let bucket = start_of(word).and_then(|start| self.starts.get(start));
        let range = bucket.cloned().unwrap_or(0..self.entries.len());
        self.entries.get(range).unwrap_or_default()
    }

    /// Whether the list has this very word.
    pub fn is_entry(&self, word: &str) -> bool {
        let found = self
            .entries
            .binary_search_by(|entry| entry.text.as_str().cmp(word));
        found.is_ok()
    }

    /// Whether an entry with several words begins with this word.
    pub fn begins(&self, word: &str) -> bool {
        !self.bucket(word).is_empty() && self.first.contains(word)
    }
}

impl Entry {
    fn read(word: &str, number: usize) -> Self {
        let folded = fold(word.trim_end_matches('*'), 0).into_iter();
        Self {
            text: folded
                .map(|(c, _)| if c == '_' { ' ' } else { c })
                .collect(),
            is_stem: word.ends_with('*'),
            bits: 1_u64
                .checked_shl(u32::try_from(number).unwrap_or(u32::MAX))
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            assert_eq!(line.split('\t').count(), 3, "{line}");
            assert!(!line.contains("  "), "{line}");
        }
        assert!(concepts().names.len() <= 64, "one bit a concept");
    }

    #[test]
    fn words_and_stems_are_found() {
        let list = concepts();
        for (word, concept) in [
            ("ignoring", "override"),
            ("ignoriere", "override"),
            ("prompt", "prompt"),
            ("system prompt", "prompt"),
            ("word for word", "verbatim"),
            ("指令", "rule"),
        ] {
            let number = list.names.iter().position(|name| *name == concept);
            assert_ne!(list.of(word) & (1 << number.unwrap()), 0, "{word}");
        }
        assert_eq!(list.of("asthma"), 0);
    }
}
