//! The chunks of one collection.

use std::collections::HashMap;

use super::best::Best;
use super::vectors::{Query, Vectors};
use super::vocabulary::Vocabulary;
use crate::persistence::index_changes::LoadedChunk;

/// The id in a slot whose chunk was removed.
const GONE: i64 = i64::MIN;
/// Fewer removed chunks than this are no reason to compact.
const FEW: usize = 1_000;

/// A chunk that contains a term.
#[derive(Clone, Copy)]
struct Posting {
    slot: u32,
    impact: f32,
}

/// Slots are used once: a removed chunk leaves its slot and its postings behind until the part is
/// compacted.
pub(super) struct Part {
    /// By slot.
    ids: Vec<i64>,
    vectors: Vectors,
    slots: HashMap<i64, u32>,
    /// By term, in the order of slots.
    postings: HashMap<i32, Vec<Posting>>,
    posting_count: usize,
    vocabulary: Vocabulary,
}

impl Part {
    pub fn new(dimension: usize) -> Self {
        Self {
            ids: Vec::new(),
            vectors: Vectors::new(dimension),
            slots: HashMap::new(),
            postings: HashMap::new(),
            posting_count: 0,
            vocabulary: Vocabulary::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn bytes(&self) -> usize {
        /// A chunk in `ids` and `slots`, and a term with its empty list.
        const CHUNK: usize = 24;
        const TERM: usize = 64;
        self.vectors.bytes()
            + self.ids.len() * CHUNK
            + self.postings.len() * TERM
            + self.posting_count * size_of::<Posting>()
            + self.vocabulary.bytes()
    }

    /// The number of chunks with a term, including some that are gone.
    pub fn frequency(&self, term: i32) -> usize {
        self.postings.get(&term).map_or(0, Vec::len)
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub fn is_embedded(&self, id: i64) -> bool {
        let slot = self.slots.get(&id);
        slot.is_some_and(|slot| self.vectors.has(*slot as usize))
    }

    /// Adds a chunk that the part does not have.
    pub fn insert(&mut self, chunk: &LoadedChunk) {
        let Ok(slot) = u32::try_from(self.ids.len()) else {
            return;
        };
        self.ids.push(chunk.id);
        self.slots.insert(chunk.id, slot);
        self.vectors.push(chunk.embedding.as_deref());
        self.vocabulary.add(&chunk.text);
        for (term, impact) in chunk.terms.iter().zip(&chunk.impacts) {
            let impact = *impact;
            let postings = self.postings.entry(*term).or_default();
            postings.push(Posting { slot, impact });
            self.posting_count += 1;
        }
    }

    pub fn remove(&mut self, id: i64) {
        let Some(slot) = self.slots.remove(&id) else {
            return;
        };
        let slot = slot as usize;
        self.vectors.clear(slot);
        if let Some(id) = self.ids.get_mut(slot) {
            *id = GONE;
        }
    }

    /// Returns the exact cosine of a chunk.
    pub fn cosine(&self, id: i64, query: &Query) -> Option<f32> {
        let slot = self.slots.get(&id)?;
        self.vectors.cosine(*slot as usize, query)
    }

    pub fn search_dense(&self, query: &Query, best: &mut Best) {
        for (id, cosine) in self.ids.iter().zip(self.vectors.cosines(query)) {
            best.offer(*id, cosine);
        }
    }

    /// Scores term by term. The sums are those of the SQL leg: in double precision, and rounded once.
    #[expect(clippy::cast_possible_truncation, reason = "as in the SQL leg")]
    pub fn search_lexical(&self, terms: &[(i32, f64)], best: &mut Best) {
        let found = terms.iter().filter_map(|(term, idf)| {
            let postings = self.postings.get(term)?;
            Some((postings, *idf))
        });
        let mut found = found.peekable();
        if found.peek().is_none() {
            return;
        }
        let mut scores = vec![0.0_f64; self.ids.len()];
        for (postings, idf) in found {
            for Posting { slot, impact } in postings {
                if let Some(score) = scores.get_mut(*slot as usize) {
                    *score += f64::from(*impact) * idf;
                }
            }
        }
        for (id, score) in self.ids.iter().zip(scores) {
            if score > 0.0 && *id != GONE {
                best.offer(*id, score as f32);
            }
        }
    }

    pub fn is_wasteful(&self) -> bool {
        let gone = self.ids.len() - self.slots.len();
        gone > FEW.max(self.slots.len() / 4)
    }

    /// Returns a copy without the slots of removed chunks.
    pub fn compacted(&self) -> Self {
        let mut compact = Self {
            vectors: self.vectors.empty(),
            vocabulary: self.vocabulary.clone(),
            ..Self::new(1)
        };
        let mut moved: Vec<Option<u32>> = Vec::with_capacity(self.ids.len());
        for (slot, id) in self.ids.iter().enumerate() {
            let to = u32::try_from(compact.ids.len()).ok();
            let to = to.filter(|_| *id != GONE);
            if let Some(to) = to {
                compact.ids.push(*id);
                compact.slots.insert(*id, to);
                compact.vectors.push_from(&self.vectors, slot);
            }
            moved.push(to);
        }
        for (term, postings) in &self.postings {
            let kept = postings.iter().filter_map(|posting| {
                let slot = (*moved.get(posting.slot as usize)?)?;
                Some(Posting { slot, ..*posting })
            });
            let kept: Vec<Posting> = kept.collect();
            if !kept.is_empty() {
                compact.posting_count += kept.len();
                compact.postings.insert(*term, kept);
            }
        }
        compact
    }

    pub fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.vectors.shrink();
        self.slots.shrink_to_fit();
        self.vocabulary.shrink();
        self.postings.values_mut().for_each(Vec::shrink_to_fit);
    }
}
