//! The tokenizer of a `SentencePiece` unigram model: the most probable pieces of a text.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use minilm::Vocabulary;

/// The sign for a space, which also stands at the beginning of a text.
const SPACE: char = '\u{2581}';
/// How much less probable an unknown letter is than the rarest piece, in logarithms.
const UNKNOWN: f64 = 10.0;

/// The tokenizer, shared by all threads.
pub(super) struct Unigram {
    pieces: HashMap<Box<str>, (u32, f64), RandomState>,
    replaced: HashMap<char, String, RandomState>,
    unknown: (u32, f64),
    /// The bytes of the longest piece.
    longest: usize,
    pub begin: u32,
    pub end: u32,
}

/// The best way to a place in the text.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    /// The place before the last piece, and the piece.
    from: usize,
    piece: u32,
}

impl Unigram {
    pub fn new(vocabulary: Vocabulary) -> Self {
        let least = vocabulary.pieces.iter().map(|(_, score)| *score);
        let least = least.fold(f64::MAX, f64::min);
        let longest = vocabulary.pieces.iter().map(|(piece, _)| piece.len());
        Self {
            unknown: (vocabulary.unknown, least - UNKNOWN),
            longest: longest.max().unwrap_or_default(),
            begin: vocabulary.begin,
            end: vocabulary.end,
            replaced: vocabulary.replaced.into_iter().collect(),
            pieces: (0..)
                .zip(vocabulary.pieces)
                .filter(|(id, (piece, _))| *id != vocabulary.unknown && !piece.is_empty())
                .map(|(id, (piece, score))| (piece.into_boxed_str(), (id, score)))
                .collect(),
        }
    }

    /// Returns the ids of the pieces, without those of the beginning and the end. The time is linear in
    /// the length of the text.
    pub fn ids(&self, text: &str) -> Vec<u32> {
        let text = self.prepared(text);
        let places: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let mut steps: Vec<Option<Step>> = vec![None; places.len()];
        for (at, start) in places.iter().enumerate() {
            let score = match at {
                0 => 0.0,
                _ => steps
                    .get(at)
                    .copied()
                    .flatten()
                    .map_or(f64::MIN, |step| step.score),
            };
            let mut offer = |to: usize, piece: u32, gain: f64| {
                if let Some(known) = steps.get_mut(to)
                    && known.is_none_or(|known| score + gain > known.score)
                {
                    let (score, from) = (score + gain, at);
                    *known = Some(Step { score, from, piece });
                }
            };
            for (to, end) in places.iter().enumerate().skip(at + 1) {
                if end - start > self.longest {
                    break;
                }
                let piece = text.get(*start..*end).unwrap_or_default();
                if let Some((id, gain)) = self.pieces.get(piece) {
                    offer(to, *id, *gain);
                }
            }
            let (id, gain) = self.unknown;
            offer(at + 1, id, gain);
        }
        back(&steps)
    }

    /// Replaces characters, joins spaces and marks them.
    fn prepared(&self, text: &str) -> String {
        let mut prepared = String::with_capacity(text.len() + SPACE.len_utf8());
        prepared.push(SPACE);
        let mut take = |letter: char| {
            let letter = if letter == ' ' { SPACE } else { letter };
            if letter != SPACE || !prepared.ends_with(SPACE) {
                prepared.push(letter);
            }
        };
        for letter in text.chars() {
            match self.replaced.get(&letter) {
                Some(by) => by.chars().for_each(&mut take),
                None => take(letter),
            }
        }
        prepared
    }
}

fn back(steps: &[Option<Step>]) -> Vec<u32> {
    let mut ids = Vec::new();
    let mut at = steps.len().saturating_sub(1);
    while let Some(step) = steps.get(at).copied().flatten() {
        ids.push(step.piece);
        if step.from >= at {
            break;
        }
        at = step.from;
    }
    ids.reverse();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_pieces_are_chosen() {
        let pieces = [
            ("<s>", 0.0),
            ("</s>", 0.0),
            ("<unk>", 0.0),
            ("▁ab", -3.0),
            ("▁a", -1.0),
            ("b", -1.5),
            ("▁", -4.0),
        ];
        let tokenizer = Unigram::new(Vocabulary {
            pieces: pieces
                .iter()
                .map(|(piece, score)| ((*piece).to_owned(), *score))
                .collect(),
            replaced: vec![('Ａ', "a".into())],
            begin: 0,
            end: 1,
            unknown: 2,
        });
        assert_eq!(tokenizer.ids("ab"), [4, 5]);
        assert_eq!(tokenizer.ids("Ａ  ab"), [4, 4, 5]);
        assert_eq!(tokenizer.ids("a?"), [4, 2]);
    }
}
