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

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::persistence::index_changes::{ListedChunk, LoadedChunk};
use crate::persistence::retrieval::Hit;
use best::Best;
use part::Part;
use vectors::Query;

/// The chunks that are compared exactly, beyond half as many again as are wanted.
const SPARE: usize = 20;

/// The chunks of all collections.
pub struct Index {
    dimension: usize,
    /// By collection.
    parts: HashMap<i32, Part>,
    /// The collection of each chunk.
    homes: HashMap<i64, i32>,
    /// The chunks of each version.
    versions: HashMap<Uuid, Vec<i64>>,
}

impl Index {
    /// Creates an empty index for vectors of this many numbers.
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension,
            parts: HashMap::new(),
            homes: HashMap::new(),
            versions: HashMap::new(),
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
        const CHUNK: usize = 40;
        self.parts.values().map(Part::bytes).sum::<usize>() + self.homes.len() * CHUNK
    }

    /// Whether the index has this chunk as it is listed. Its text never changes.
    pub fn holds(&self, chunk: &ListedChunk) -> bool {
        self.homes.get(&chunk.id) == Some(&chunk.collection_id)
            && self
                .parts
                .get(&chunk.collection_id)
                .is_some_and(|part| part.is_embedded(chunk.id) || !chunk.embedded)
    }

    /// Adds a chunk, or replaces it.
    pub fn insert(&mut self, chunk: &LoadedChunk) {
        match self.homes.insert(chunk.id, chunk.collection_id) {
            Some(before) => {
                if let Some(part) = self.parts.get_mut(&before) {
                    part.remove(chunk.id);
                }
            }
            None => self
                .versions
                .entry(chunk.version_id)
                .or_default()
                .push(chunk.id),
        }
        self.parts
            .entry(chunk.collection_id)
            .or_insert_with(|| Part::new(self.dimension))
            .insert(chunk);
    }

    /// Removes the chunks of a version, except some.
    pub fn retain(&mut self, version: Uuid, kept: &HashSet<i64>) {
        let Some(ids) = self.versions.get_mut(&version) else {
            return;
        };
        let (homes, parts) = (&mut self.homes, &mut self.parts);
        ids.retain(|id| {
            if kept.contains(id) {
                return true;
            }
            let part = homes.remove(id).and_then(|home| parts.get_mut(&home));
            if let Some(part) = part {
                part.remove(*id);
            }
            false
        });
        if ids.is_empty() {
            self.versions.remove(&version);
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
        self.parts.get(self.homes.get(&id)?)?.cosine(id, query)
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

/// Compact copies of some parts.
pub struct Compacted(Vec<(i32, Part)>);

impl Compacted {
    /// Whether there is nothing to replace.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
