//! An index in memory over the chunks that a search may find: rounded vectors for the dense leg, and
//! postings for BM25.
//!
//! Pure data: [`super::follower`] fills it from PostgreSQL. Each collection has a part of its own, so a
//! filter costs what its own chunks cost, and is exact.

mod best;
mod part;
#[cfg(test)]
mod tests;
mod vectors;
mod versions;
mod vocabulary;

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::persistence::index_changes::{ListedChunk, LoadedChunk};
use crate::persistence::retrieval::Hit;
use crate::rag::fuse::Surroundings;
use crate::rag::title::{TitleFit, TitleTerm};
use best::Best;
use part::Part;
use vectors::Query;
use versions::{Home, Versions};
use vocabulary::{Vocabulary, is_unknown, nearest};

/// The chunks that are compared exactly, beyond half as many again as are wanted.
const SPARE: usize = 20;

/// The chunks of all collections.
pub struct Index {
    dimension: usize,
    /// By collection.
    parts: HashMap<i32, Part>,
    /// The place of each chunk.
    homes: HashMap<i64, Home>,
    versions: Versions,
}

impl Index {
    /// Creates an empty index for vectors of this many numbers.
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension,
            parts: HashMap::new(),
            homes: HashMap::new(),
            versions: Versions::default(),
        }
    }

    /// The number of chunks.
    pub fn len(&self) -> usize {
        self.homes.len()
    }

    /// Whether it has no chunk.
    pub fn is_empty(&self) -> bool {
        self.homes.is_empty()
    }

    /// The approximate size.
    pub fn bytes(&self) -> usize {
        /// A chunk in `homes` and in `versions`.
        const CHUNK: usize = 64;
        let parts: usize = self.parts.values().map(Part::bytes).sum();
        parts + self.versions.bytes() + self.homes.len() * CHUNK
    }

    /// Whether the index has this chunk as it is listed. Its text never changes.
    pub fn holds(&self, chunk: &ListedChunk) -> bool {
        let home = self.homes.get(&chunk.id);
        home.is_some_and(|home| home.collection == chunk.collection_id)
            && self
                .parts
                .get(&chunk.collection_id)
                .is_some_and(|part| part.is_embedded(chunk.id) || !chunk.embedded)
    }

    /// Adds a chunk, or replaces it.
    pub fn insert(&mut self, chunk: &LoadedChunk) {
        match self.homes.insert(chunk.id, Home::of(chunk)) {
            Some(before) => {
                if let Some(part) = self.parts.get_mut(&before.collection) {
                    part.remove(chunk.id);
                }
            }
            None => self.versions.add(chunk),
        }
        self.parts
            .entry(chunk.collection_id)
            .or_insert_with(|| Part::new(self.dimension))
            .insert(chunk);
    }

    /// Removes the chunks of a version, except some.
    pub fn retain(&mut self, version: Uuid, kept: &HashSet<i64>) {
        for id in self.versions.retain(version, kept) {
            let home = self.homes.remove(&id);
            let part = home.and_then(|home| self.parts.get_mut(&home.collection));
            if let Some(part) = part {
                part.remove(id);
            }
        }
    }

    /// Returns the nearest chunks of the collections by cosine.
    pub fn search_dense(&self, vector: &[f32], collections: &[i32], limit: usize) -> Vec<Hit> {
        let Some(query) = Query::new(vector) else {
            return Vec::new();
        };
        let mut near = Best::new(limit + limit / 2 + SPARE);
        for part in self.reached(collections) {
            part.search_dense(&query, &mut near);
        }
        let mut best = Best::new(limit);
        for hit in near.into_hits() {
            if let Some(cosine) = self.cosine(hit.chunk_id, &query) {
                best.offer(hit.chunk_id, cosine);
            }
        }
        best.into_hits()
    }

    fn cosine(&self, id: i64, query: &Query) -> Option<f32> {
        let home = self.homes.get(&id)?;
        self.parts.get(&home.collection)?.cosine(id, query)
    }

    /// Returns what ranking needs to know of these chunks besides the scores of the legs: for the vector
    /// of a query, and for its terms with the idf of each.
    pub fn surroundings(
        &self,
        ids: impl IntoIterator<Item = i64>,
        vector: Option<&[f32]>,
        terms: &[(i32, f64)],
    ) -> HashMap<i64, Surroundings> {
        let query = vector.and_then(Query::new);
        let around = |id: i64| {
            let home = self.homes.get(&id)?;
            let cosine = |id: i64| self.cosine(id, query.as_ref()?);
            let near: Vec<f32> = self.versions.around(home).filter_map(cosine).collect();
            let around = Surroundings {
                cosine: cosine(id),
                near: mean(&near),
                title: self.title_fit(home.version, terms),
            };
            Some((id, around))
        };
        ids.into_iter().filter_map(around).collect()
    }

    fn title_fit(&self, version: Uuid, terms: &[(i32, f64)]) -> TitleFit {
        let title = self.versions.title(version).iter();
        TitleFit::of(title.map(|(term, count)| {
            let asked = terms.iter().find(|(asked, _)| asked == term);
            TitleTerm {
                count: f64::from(*count),
                idf: asked.map_or_else(|| self.idf(*term), |(_, idf)| *idf),
                asked: asked.is_some(),
            }
        }))
    }

    /// The idf as the SQL legs know it; chunks that were just removed still count.
    #[expect(clippy::cast_precision_loss, reason = "an idf needs no more")]
    fn idf(&self, term: i32) -> f64 {
        let frequencies = self.parts.values().map(|part| part.frequency(term));
        let frequency = frequencies.sum::<usize>() as f64;
        let others = (self.len() as f64 - frequency).max(0.0);
        (1.0 + (others + 0.5) / (frequency + 0.5)).ln()
    }

    /// Returns the best chunks of the collections by BM25, for terms and the idf of each.
    pub fn search_lexical(
        &self,
        terms: &[(i32, f64)],
        collections: &[i32],
        limit: usize,
    ) -> Vec<Hit> {
        let mut best = Best::new(limit);
        for part in self.reached(collections) {
            part.search_lexical(terms, &mut best);
        }
        best.into_hits()
    }

    /// Whether a lower-case word of a question may be misspelt, because no chunk of the collections
    /// contains it.
    pub fn is_unknown(&self, typed: &str, collections: &[i32]) -> bool {
        is_unknown(typed, &self.vocabularies(collections))
    }

    /// Returns the word of the collections that is clearly the nearest to an unknown one. The passage
    /// that contains it may have been withdrawn since.
    pub fn nearest(&self, typed: &str, collections: &[i32]) -> Option<String> {
        nearest(typed, &self.vocabularies(collections))
    }

    fn vocabularies(&self, collections: &[i32]) -> Vec<&Vocabulary> {
        self.reached(collections).map(Part::vocabulary).collect()
    }

    /// The number of chunks in the collections.
    pub fn count(&self, collections: &[i32]) -> usize {
        self.reached(collections).map(Part::len).sum()
    }

    fn reached(&self, collections: &[i32]) -> impl Iterator<Item = &Part> {
        collections.iter().filter_map(|id| self.parts.get(id))
    }

    /// Returns compact copies of the parts that removed chunks make large and slow. They replace the
    /// parts if nothing changes in between.
    pub fn compact_copies(&self) -> Compacted {
        let wasteful = self.parts.iter().filter(|(_, part)| part.is_wasteful());
        Compacted(wasteful.map(|(id, part)| (*id, part.compacted())).collect())
    }

    /// Replaces parts by their compact copies.
    pub fn replace(&mut self, Compacted(parts): Compacted) {
        for (id, part) in parts {
            if part.len() == 0 {
                self.parts.remove(&id);
            } else {
                self.parts.insert(id, part);
            }
        }
    }

    /// Gives back the room that growing has left over.
    pub fn shrink(&mut self) {
        self.parts.values_mut().for_each(Part::shrink);
        self.homes.shrink_to_fit();
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few chunks")]
fn mean(numbers: &[f32]) -> Option<f32> {
    let sum: f32 = numbers.iter().sum();
    (!numbers.is_empty()).then(|| sum / numbers.len() as f32)
}

/// Compact copies of some parts.
pub struct Compacted(Vec<(i32, Part)>);

impl Compacted {
    /// Whether there is nothing to replace.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
