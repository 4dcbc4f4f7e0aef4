//! Hybrid retrieval: a dense and a BM25 leg, fused by weighted reciprocal rank.
//!
//! The index in memory answers both legs if it is loaded, otherwise SQL does. Either way the statement
//! that loads the passages decides what may be shown.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::RetrievalConfig;
use super::follower::MemoryIndex;
use super::index::Index;
use crate::cache::Cache;
use crate::domain::evidence::{LegScores, Passage, RetrieveResponse};
use crate::embedding::Embedder;
use crate::persistence::indexing::Generation;
use crate::persistence::retrieval::{self, Hit, PreparedSearch, ReachedCollections};
use crate::persistence::{Database, DbError};

/// Answers queries from the index.
pub struct Retriever {
    pub database: Database,
    pub embedder: Arc<dyn Embedder>,
    pub generation: Generation,
    pub cache: Arc<dyn Cache>,
    pub config: RetrievalConfig,
    /// `None` if PostgreSQL answers every search.
    pub index: Option<Arc<MemoryIndex>>,
}

/// The passages that are loaded beyond those that are wanted, in case some may not be shown.
const SURPLUS: usize = 3;
/// A search of more chunks than this would hold up the other requests of its thread.
const MOST_AT_ONCE: usize = 20_000;

/// The hits of each leg; `None` for a leg that could not answer.
pub struct Legs {
    pub dense: Option<Vec<Hit>>,
    pub lexical: Vec<Hit>,
}

impl Retriever {
    /// Returns the best passages of the collections; `None` means every collection.
    pub async fn retrieve(
        &self,
        query: &str,
        collections: Option<&[String]>,
        limit: usize,
    ) -> Result<RetrieveResponse, DbError> {
        let legs = self.search_legs(query, collections).await?;
        let degraded = legs.dense.is_none().then(|| "dense_unavailable".to_owned());
        let ranked = fuse(&legs, &self.config);
        let results = self.load(&ranked, limit).await?;
        Ok(RetrieveResponse { results, degraded })
    }

    /// Runs both legs, each with the configured number of candidates.
    pub async fn search_legs(
        &self,
        query: &str,
        collections: Option<&[String]>,
    ) -> Result<Legs, DbError> {
        let Some(index) = &self.index else {
            return self.search_tables(query, collections).await;
        };
        if let Some(legs) = self.search_memory(index, query, collections).await? {
            index.metrics.searched("memory");
            return Ok(legs);
        }
        index.metrics.searched("postgresql");
        self.search_tables(query, collections).await
    }

    /// Searches the index in memory; `None` if it is not loaded, or cannot catch up in time.
    async fn search_memory(
        &self,
        index: &Arc<MemoryIndex>,
        query: &str,
        collections: Option<&[String]>,
    ) -> Result<Option<Legs>, DbError> {
        let Some(position) = index.position() else {
            return Ok(None);
        };
        let (prepared, vector) = futures::join!(
            retrieval::prepare_search(&self.database, query, collections, &position),
            self.embed(query),
        );
        let prepared = prepared?;
        if prepared.behind && !index.catch_up().await {
            return Ok(None);
        }
        let limit = usize::try_from(self.config.candidates).unwrap_or_default();
        let reached = index.search(|index| index.count(&prepared.collections));
        let search = move |index: &Index| search_index(index, &prepared, vector.as_deref(), limit);
        if reached.is_none_or(|chunks| chunks <= MOST_AT_ONCE) {
            return Ok(index.search(search));
        }
        let index = Arc::clone(index);
        let searching = tokio::task::spawn_blocking(move || index.search(search));
        Ok(searching.await.ok().flatten())
    }

    /// Runs both legs at once in PostgreSQL.
    async fn search_tables(
        &self,
        query: &str,
        collections: Option<&[String]>,
    ) -> Result<Legs, DbError> {
        let reached = retrieval::reach_collections(
            &self.database,
            self.generation,
            collections,
            self.config.exact_scan_max_chunks + 1,
        )
        .await?;
        let candidates = self.config.candidates;
        let (dense, lexical) = futures::join!(
            self.search_dense(query, &reached),
            retrieval::search_lexical(&self.database, query, &reached.ids, candidates),
        );
        Ok(Legs {
            dense: dense?,
            lexical: lexical?,
        })
    }

    async fn search_dense(
        &self,
        query: &str,
        reached: &ReachedCollections,
    ) -> Result<Option<Vec<Hit>>, DbError> {
        if !reached.embedded {
            return Ok(None);
        }
        let Some(vector) = self.embed(query).await else {
            return Ok(None);
        };
        let exact = reached.chunks <= self.config.exact_scan_max_chunks;
        let hits = retrieval::search_dense(
            &self.database,
            self.generation,
            &vector,
            &reached.ids,
            exact,
            self.config.candidates,
        )
        .await?;
        Ok(Some(hits))
    }

    /// Returns the query's embedding, from the cache if possible; `None` if the embedder cannot
    /// answer.
    async fn embed(&self, query: &str) -> Option<Vec<f32>> {
        let key = hex::encode(Sha256::digest(
            [self.embedder.model().as_bytes(), b"\0", query.as_bytes()].concat(),
        ));
        // Treats a cache that fails like a cache that misses.
        if let Ok(Some(vector)) = self.cache.get_embedding(&key).await {
            return Some(vector);
        }
        match self.embedder.embed_query(query.to_owned()).await {
            Ok(vector) => {
                let _ = self.cache.put_embedding(&key, &vector).await;
                Some(vector)
            }
            Err(error) => {
                tracing::warn!(error = %error, "query embedding failed; lexical leg answers alone");
                None
            }
        }
    }

    /// Loads the best passages that may be shown, in order. Hits that may not be shown are rare.
    async fn load(&self, ranked: &[Ranked], limit: usize) -> Result<Vec<Passage>, DbError> {
        let mut results = Vec::with_capacity(limit);
        let mut rest = ranked;
        let mut size = limit + SURPLUS;
        while results.len() < limit && !rest.is_empty() {
            let (now, later) = rest.split_at(size.min(rest.len()));
            let ids: Vec<i64> = now.iter().map(|hit| hit.chunk_id).collect();
            let mut passages: HashMap<i64, Passage> =
                retrieval::load_passages(&self.database, &ids)
                    .await?
                    .into_iter()
                    .collect();
            results.extend(now.iter().filter_map(|hit| {
                let mut passage = passages.remove(&hit.chunk_id)?;
                passage.score = hit.score;
                passage.scores = hit.legs;
                Some(passage)
            }));
            rest = later;
            size *= 2;
        }
        results.truncate(limit);
        Ok(results)
    }
}

fn search_index(
    index: &Index,
    prepared: &PreparedSearch,
    vector: Option<&[f32]>,
    limit: usize,
) -> Legs {
    let terms = prepared.terms.iter().zip(&prepared.idfs);
    let terms: Vec<(i32, f64)> = terms.map(|(term, idf)| (*term, *idf)).collect();
    let collections = &prepared.collections;
    Legs {
        dense: vector.map(|vector| index.search_dense(vector, collections, limit)),
        lexical: index.search_lexical(&terms, collections, limit),
    }
}

/// A fused hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    pub chunk_id: i64,
    pub score: f32,
    pub legs: LegScores,
}

/// Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): a chunk scores the sum of
/// `weight / (k + rank)` over the legs that found it. The dense leg weighs more, because unweighted
/// fusion is worse than the dense leg on long, chatty questions.
pub fn fuse(legs: &Legs, config: &RetrievalConfig) -> Vec<Ranked> {
    let mut fused: HashMap<i64, Ranked> = HashMap::new();
    let mut add = |hits: &[Hit], weight: f32, set: fn(&mut LegScores, f32)| {
        for (rank, hit) in (1_u16..).zip(hits) {
            let entry = fused.entry(hit.chunk_id).or_insert(Ranked {
                chunk_id: hit.chunk_id,
                score: 0.0,
                legs: LegScores::default(),
            });
            entry.score += weight / (config.fusion_k + f32::from(rank));
            set(&mut entry.legs, hit.score);
        }
    };
    add(
        legs.dense.as_deref().unwrap_or_default(),
        config.dense_weight,
        |scores, score| scores.dense = Some(score),
    );
    add(&legs.lexical, config.lexical_weight, |scores, score| {
        scores.lexical = Some(score);
    });
    let mut ranked: Vec<Ranked> = fused.into_values().collect();
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.chunk_id.cmp(&b.chunk_id))
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(chunk_id: i64, score: f32) -> Hit {
        Hit { chunk_id, score }
    }

    #[test]
    fn a_chunk_found_by_both_legs_wins() {
        let legs = Legs {
            dense: Some(vec![hit(1, 0.9), hit(2, 0.8)]),
            lexical: vec![hit(2, 7.0), hit(3, 6.0)],
        };
        let order: Vec<i64> = fuse(&legs, &RetrievalConfig::default())
            .iter()
            .map(|hit| hit.chunk_id)
            .collect();
        assert_eq!(order, [2, 1, 3]);
    }

    #[test]
    fn the_lexical_leg_answers_alone() {
        let legs = Legs {
            dense: None,
            lexical: vec![hit(3, 6.0), hit(4, 5.0)],
        };
        let ranked = fuse(&legs, &RetrievalConfig::default());
        assert_eq!(ranked.len(), 2);
        assert_eq!(ranked[0].legs.dense, None);
        assert_eq!(ranked[0].legs.lexical, Some(6.0));
    }
}
