//! Documents that go through the transactions of the product, with an embedder that needs no model.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatbot::cache::{CacheLimits, InProcessCache};
use chatbot::domain::document::SelfDescription;
use chatbot::domain::evidence::Passage;
use chatbot::domain::governance::Responsibility;
use chatbot::domain::ids::{DocumentId, EventId, VersionId};
use chatbot::domain::messaging::{Fence, LeaseStore, topics::DOCUMENT_COMMANDS};
use chatbot::embedding::{EmbedError, Embedder};
use chatbot::persistence::Database;
use chatbot::persistence::documents::{self, Decided, Decision, NewVersion, Put};
use chatbot::persistence::indexing::{
    self, Generation, IndexedVersion, Language, NewChunk, Receipt,
};
use chatbot::rag::RetrievalConfig;
use chatbot::rag::follower::{Follower, MemoryIndex};
use chatbot::rag::fuse::Legs;
use chatbot::rag::retrieve::Retriever;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::{TestDatabase, until};

pub const DIMENSION: usize = 24;
const GROUP: &str = "group";
const OWNER: &str = "owner";

/// Adds up a direction for each word.
pub struct Words;

impl Words {
    pub fn vector(text: &str) -> Vec<f32> {
        let mut sum = [0.0; DIMENSION];
        for word in text.split_whitespace() {
            let mut hasher = DefaultHasher::new();
            word.to_lowercase().hash(&mut hasher);
            let seed = f32::from(u16::try_from(hasher.finish() % 60_000).unwrap());
            for (at, sum) in sum.iter_mut().enumerate() {
                *sum += (seed * 0.61 + f32::from(u8::try_from(at).unwrap()) * seed * 0.13).sin();
            }
        }
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
        sum.iter().map(|x| x / length).collect()
    }
}

#[async_trait]
impl Embedder for Words {
    fn model(&self) -> &'static str {
        "words"
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn max_tokens(&self) -> usize {
        256
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }

    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError> {
        Ok(Self::vector(&text))
    }

    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|text| Self::vector(text)).collect())
    }
}

/// Writes documents like a worker.
pub struct Corpus<'a> {
    pub database: &'a Database,
    pub generation: Generation,
    fence: Fence,
    offset: AtomicI64,
}

impl<'a> Corpus<'a> {
    pub async fn of(test: &'a TestDatabase) -> Self {
        let database = &test.database;
        let generation = indexing::ensure_generation(database, "words", DIMENSION)
            .await
            .unwrap();
        let minute = Duration::from_mins(10);
        database.heartbeat(GROUP, OWNER, minute).await.unwrap();
        let shared = database.rebalance(GROUP, OWNER, DOCUMENT_COMMANDS, 1, minute);
        Self {
            database,
            generation,
            fence: shared.await.unwrap().remove(0).fence,
            offset: AtomicI64::new(1),
        }
    }

    /// Stores a version with these chunks, which answers or waits for approval.
    pub async fn put(
        &self,
        collection: &str,
        name: &str,
        texts: &[&str],
        draft: bool,
    ) -> VersionId {
        let text = texts.join("\n");
        let new = NewVersion {
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            collection,
            external_id: name,
            title: name,
            media_type: "text/plain",
            bytes: text.as_bytes(),
            sha256: text.as_bytes(),
            responsibility: &Responsibility::default(),
            supersedes: None,
            origin: None,
            actor: "author",
        };
        let put = documents::put(self.database, &new).await.unwrap();
        assert_eq!(put, Put::Received);
        let pending = indexing::find_version(self.database, new.version_id);
        let pending = pending.await.unwrap().unwrap();
        let version = IndexedVersion {
            about: &SelfDescription::default(),
            version_id: new.version_id,
            document_id: pending.document_id.into(),
            collection_id: pending.collection_id,
            generation: self.generation,
            title: name,
            text: &text,
            warnings: &[],
            chunks: &texts.iter().map(|text| chunk(text)).collect::<Vec<_>>(),
            draft,
            later: false,
            conflicts: &[],
            language: Language::default(),
        };
        let receipt = Receipt {
            fence: &self.fence,
            offset: self.offset.fetch_add(1, Ordering::Relaxed),
            event_id: EventId::new(),
        };
        let committed = indexing::commit_indexed(self.database, &receipt, &version);
        committed.await.unwrap();
        new.version_id
    }

    pub async fn approve(&self, collection: &str, name: &str, version: i32) {
        let decision = decision(collection, name, version);
        let decided = documents::approve(self.database, &decision);
        assert!(matches!(decided.await.unwrap(), Some(Decided::Done(_))));
    }

    pub async fn revoke(&self, collection: &str, name: &str, version: i32) {
        let decision = decision(collection, name, version);
        let decided = documents::revoke(self.database, &decision);
        assert!(matches!(decided.await.unwrap(), Some(Decided::Done(_))));
    }

    pub async fn quarantine(&self, collection: &str, name: &str, version: i32) {
        let decision = decision(collection, name, version);
        let decided = documents::quarantine(self.database, &decision, "wrong");
        assert!(matches!(decided.await.unwrap(), Some(Decided::Done(_))));
    }

    /// A retriever of a replica; without an index it asks the tables.
    pub fn retriever(&self, index: Option<Arc<MemoryIndex>>) -> Retriever {
        self.retriever_on(self.database.clone(), index)
    }

    /// The same with another pool.
    pub fn retriever_on(&self, database: Database, index: Option<Arc<MemoryIndex>>) -> Retriever {
        Retriever {
            database,
            embedder: Arc::new(Words),
            generation: self.generation,
            cache: Arc::new(InProcessCache::new(CacheLimits::default())),
            config: RetrievalConfig::default(),
            index,
        }
    }

    /// An index, and a follower that the test moves by hand.
    pub fn follower(&self) -> (Follower, Arc<MemoryIndex>) {
        Follower::new(self.database.clone(), self.generation, 1 << 24)
    }

    /// A replica whose follower runs until the token is cancelled.
    pub fn replica(&self, token: &CancellationToken) -> (Retriever, JoinSet<()>) {
        let (follower, index) = Follower::new(self.database.clone(), self.generation, 1 << 24);
        let mut running = JoinSet::new();
        running.spawn(follower.run(token.clone()));
        (self.retriever(Some(index)), running)
    }
}

fn chunk(text: &str) -> NewChunk {
    NewChunk {
        page: None,
        start: 0,
        end: 1,
        text: text.to_owned(),
        context: Vec::new(),
        embedding: Words::vector(text),
    }
}

fn decision<'a>(collection: &'a str, external_id: &'a str, version: i32) -> Decision<'a> {
    Decision {
        collection,
        external_id,
        version,
        actor: "approver",
        own_uploads: false,
    }
}

const WORDS: [&str; 24] = [
    "fever", "cough", "tablet", "dose", "night", "child", "water", "swelling", "doctor", "nurse",
    "visit", "ward", "pain", "headache", "rash", "skin", "daily", "twice", "morning", "kidney",
    "liver", "pregnant", "allergy", "surgery",
];

/// A text of pseudo-random words.
pub fn text(seed: usize, length: usize) -> String {
    let mut state = seed.wrapping_mul(2_654_435_761) + 12_345;
    let mut words = Vec::new();
    for _ in 0..length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963);
        // Low numbers are more frequent, as in language.
        let draw = (state >> 33) % (WORDS.len() * WORDS.len());
        words.push(WORDS[WORDS.len() - 1 - draw.isqrt()]);
    }
    words.join(" ")
}

/// The legs of a search.
pub async fn legs(retriever: &Retriever, query: &str, scope: Option<&[String]>) -> Legs {
    retriever.search_legs(query, scope).await.unwrap()
}

/// Waits until the index of a running replica is loaded.
pub async fn until_loaded(retriever: &Retriever) {
    until("the index is loaded", async || {
        retriever.index.as_ref().unwrap().position().is_some()
    })
    .await;
}

/// Embeds some chunks after this one for another model; returns the last one.
pub async fn embed_some(corpus: &Corpus<'_>, after: i64, limit: i64) -> Option<i64> {
    let (database, generation) = (corpus.database, corpus.generation);
    let chunks = indexing::list_unembedded(database, generation, after, limit);
    let chunks = chunks.await.unwrap();
    let vectors = chunks
        .iter()
        .map(|chunk| (chunk.id, Words::vector(&chunk.text)));
    let vectors: Vec<_> = vectors.collect();
    indexing::insert_embeddings(database, generation, &vectors)
        .await
        .unwrap();
    Some(chunks.last()?.id)
}

/// The names and versions of the passages that a search shows.
pub async fn shown(retriever: &Retriever, query: &str) -> Vec<(String, i32)> {
    let found = retriever.retrieve(query, None, 100).await.unwrap();
    let name = |passage: Passage| (passage.external_id, passage.version);
    found.results.into_iter().map(name).collect()
}
