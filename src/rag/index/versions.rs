//! The chunks of each version in the order of the document, and the terms of its title.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::persistence::index_changes::LoadedChunk;

/// The chunks on either side that count as the surroundings of a chunk, as in
/// `persistence/retrieval/surroundings.sql`.
const AROUND: i32 = 2;

/// The place of a chunk.
#[derive(Clone, Copy)]
pub(super) struct Home {
    pub collection: i32,
    pub version: Uuid,
    ordinal: i32,
}

impl Home {
    pub fn of(chunk: &LoadedChunk) -> Self {
        Self {
            collection: chunk.collection_id,
            version: chunk.version_id,
            ordinal: chunk.ordinal,
        }
    }
}

#[derive(Default)]
struct Version {
    /// Ordinal and id, in the order of ordinals.
    chunks: Vec<(i32, i64)>,
    /// Each term of the title, and how often it stands there.
    title: Box<[(i32, i32)]>,
}

#[derive(Default)]
pub(super) struct Versions {
    all: HashMap<Uuid, Version>,
    title_terms: usize,
}

impl Versions {
    /// Adds a chunk that the index does not have.
    pub fn add(&mut self, chunk: &LoadedChunk) {
        let version = self.all.entry(chunk.version_id).or_default();
        let at = version
            .chunks
            .partition_point(|(ordinal, _)| *ordinal < chunk.ordinal);
        version.chunks.insert(at, (chunk.ordinal, chunk.id));
        if version.title.is_empty() {
            let terms = chunk.title_terms.iter().copied();
            version.title = terms.zip(chunk.title_counts.iter().copied()).collect();
            self.title_terms += version.title.len();
        }
    }

    /// Removes the chunks of a version, except some, and returns them.
    pub fn retain(&mut self, version: Uuid, kept: &HashSet<i64>) -> Vec<i64> {
        let Some(known) = self.all.get_mut(&version) else {
            return Vec::new();
        };
        let gone = known.chunks.extract_if(.., |(_, id)| !kept.contains(id));
        let gone = gone.map(|(_, id)| id).collect();
        if known.chunks.is_empty() {
            self.title_terms -= known.title.len();
            self.all.remove(&version);
        }
        gone
    }

    /// Returns the chunk itself and those around it.
    pub fn around(&self, home: &Home) -> impl Iterator<Item = i64> {
        let chunks = self
            .all
            .get(&home.version)
            .map(|version| version.chunks.as_slice());
        let chunks = chunks.unwrap_or_default();
        let from = chunks.partition_point(|(ordinal, _)| *ordinal < home.ordinal - AROUND);
        let near = chunks.iter().skip(from);
        near.take_while(|(ordinal, _)| *ordinal <= home.ordinal + AROUND)
            .map(|(_, id)| *id)
    }

    /// Returns the terms of the title of a version, with their counts.
    pub fn title(&self, version: Uuid) -> &[(i32, i32)] {
        self.all.get(&version).map_or(&[], |version| &version.title)
    }

    /// The approximate size without the chunks.
    pub fn bytes(&self) -> usize {
        const VERSION: usize = 64;
        self.all.len() * VERSION + self.title_terms * size_of::<(i32, i32)>()
    }
}
