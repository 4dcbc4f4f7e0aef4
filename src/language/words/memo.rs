//! The reduced forms of the words of recent texts.
//!
//! The words of passages repeat, and the stemmer takes ten times as long as a look into a table. The
//! memory is bounded: a shard that is full starts again. It holds single words without their texts.

use std::hash::BuildHasher;
use std::sync::{PoisonError, RwLock};

use crate::language::lists::Table;

/// Threads rarely meet in one of so many.
const SHARDS: usize = 16;
/// The most words of a shard; all shards together take about 5 MB.
const MOST: usize = 2_048;
/// Longer words are rare, and not kept.
const LONGEST: usize = 32;

/// The reduced forms of one word.
#[derive(Clone)]
pub(super) struct Reduced {
    pub stem: Box<str>,
    /// None if the word says nothing about the topic, or only asks.
    pub topic: Option<Box<str>>,
    pub is_stop_word: bool,
}

#[derive(Default)]
pub(super) struct Memo {
    shards: [RwLock<Table<Box<str>, Reduced>>; SHARDS],
    hasher: foldhash::fast::RandomState,
}

impl Memo {
    /// Reads the forms of a word, and reduces it if they are not known.
    pub fn look_up<R>(
        &self,
        word: &str,
        reduce: impl FnOnce() -> Reduced,
        read: impl FnOnce(&Reduced) -> R,
    ) -> R {
        let hash = self.hasher.hash_one(word);
        let number = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(number).filter(|_| word.len() <= LONGEST) else {
            return read(&reduce());
        };
        let known = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(forms) = known.get(word) {
            return read(forms);
        }
        drop(known);
        let forms = reduce();
        let mut words = shard.write().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= MOST {
            words.clear();
        }
        words.insert(word.into(), forms.clone());
        drop(words);
        read(&forms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(stem: &str) -> Reduced {
        Reduced {
            stem: stem.into(),
            topic: None,
            is_stop_word: false,
        }
    }

    #[test]
    fn a_word_is_reduced_once_and_the_memory_is_bounded() {
        let memo = Memo::default();
        let stem = |memo: &Memo, word: &str, made: &str| {
            memo.look_up(word, || forms(made), |forms| forms.stem.to_string())
        };
        assert_eq!(stem(&memo, "visiting", "visit"), "visit");
        assert_eq!(stem(&memo, "visiting", "another"), "visit");
        for number in 0..SHARDS * MOST * 2 {
            stem(&memo, &number.to_string(), "number");
        }
        let held = |shard: &RwLock<Table<Box<str>, Reduced>>| shard.read().unwrap().len();
        assert!(memo.shards.iter().map(held).all(|words| words <= MOST));
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(stem(&memo, &long, "one"), "one");
        assert_eq!(stem(&memo, &long, "other"), "other");
    }
}
