//! Hybrid retrieval: a dense and a BM25 leg for each form of a question, fused (`fuse.rs`).
//!
//! The index in memory answers both legs if it is loaded, otherwise SQL does. Either way the statement
//! that loads the passages decides what may be shown.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::future::try_join_all;
use sha2::{Digest, Sha256};

use super::RetrievalConfig;
use super::follower::MemoryIndex;
use super::fuse::{Legs, Ranked, Surroundings, fuse, join};
use super::index::Index;
use super::spelling::{self, respell};
use super::title::{TitleFit, TitleTerm};
use crate::cache::Cache;
use crate::domain::evidence::{Correction, Passage, RetrieveResponse};
use crate::embedding::Embedder;
use crate::language::terms;
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

impl Retriever {
    /// Returns the best passages of the collections; `None` means every collection.
    pub async fn retrieve(
        &self,
        query: &str,
        collections: Option<&[String]>,
        limit: usize,
    ) -> Result<RetrieveResponse, DbError> {
        let forms = [query.to_owned()];
        self.retrieve_forms(&forms, collections, limit).await
    }

    /// Returns the best passages for a question in several forms, the person's own words first.
    pub async fn retrieve_forms(
        &self,
        forms: &[String],
        collections: Option<&[String]>,
        limit: usize,
    ) -> Result<RetrieveResponse, DbError> {
        let (found, corrections) = self.search_all(forms, collections).await?;
        let degraded = found.iter().any(|legs| legs.dense.is_none());
        let degraded = degraded.then(|| "dense_unavailable".to_owned());
        let ranked = join(found.iter().map(|legs| fuse(legs, &self.config)));
        let results = self.load(&ranked, limit).await?;
        Ok(RetrieveResponse {
            corrections: spelling::shown(corrections, &results),
            results,
            degraded,
        })
    }

    /// Searches each form, then those with misspelt words with these replaced; returns the hits of each
    /// and the replacements.
    pub async fn search_all(
        &self,
        forms: &[String],
        collections: Option<&[String]>,
    ) -> Result<(Vec<Legs>, Vec<Correction>), DbError> {
        let mut found = self.search_forms(forms, collections).await?;
        let (again, corrections) = self.respelt(forms, &found);
        found.extend(self.search_forms(&again, collections).await?);
        Ok((found, corrections))
    }

    async fn search_forms(
        &self,
        forms: &[String],
        collections: Option<&[String]>,
    ) -> Result<Vec<Legs>, DbError> {
        try_join_all(forms.iter().map(|form| self.search_legs(form, collections))).await
    }

    /// Returns the forms with their misspelt words replaced by those of the reached collections. Only
    /// the index in memory knows how words are written.
    fn respelt(&self, forms: &[String], found: &[Legs]) -> (Vec<String>, Vec<Correction>) {
        let reached = found.iter().find_map(|legs| legs.reached.as_deref());
        let (Some(index), Some(reached)) = (&self.index, reached) else {
            return (Vec::new(), Vec::new());
        };
        let respelt = |index: &Index| {
            let is_unknown = |word: &str| index.is_unknown(word, reached);
            respell(forms, is_unknown, |word| index.nearest(word, reached))
        };
        index.search(respelt).unwrap_or_default()
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
        let sought = terms::sought(query);
        let (prepared, vector) = futures::join!(
            retrieval::prepare_search(&self.database, (query, &sought), collections, &position),
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
        let sought = terms::sought(query);
        let (dense, lexical) = futures::join!(
            self.search_dense(query, &reached),
            retrieval::search_lexical(&self.database, (query, &sought), &reached.ids, candidates),
        );
        let (dense, lexical) = (dense?, lexical?);
        let (dense, vector) = dense.unzip();
        let surroundings = self
            .surroundings(query, (dense.as_deref(), &lexical), vector.as_deref())
            .await?;
        Ok(Legs {
            reached: None,
            dense,
            lexical,
            surroundings,
        })
    }

    /// Returns the nearest chunks and the query's vector; `None` if the leg cannot answer.
    async fn search_dense(
        &self,
        query: &str,
        reached: &ReachedCollections,
    ) -> Result<Option<(Vec<Hit>, Vec<f32>)>, DbError> {
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
        Ok(Some((hits, vector)))
    }

    /// Returns what ranking needs to know of the hits from the tables.
    async fn surroundings(
        &self,
        query: &str,
        (dense, lexical): (Option<&[Hit]>, &[Hit]),
        vector: Option<&[f32]>,
    ) -> Result<HashMap<i64, Surroundings>, DbError> {
        let ids: HashSet<i64> = ids(dense, lexical).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<i64> = ids.into_iter().collect();
        let (database, generation) = (&self.database, self.generation);
        let rows = retrieval::list_surroundings(database, generation, &ids, query, vector).await?;
        let around = |row: retrieval::Surroundings| {
            let terms = row.counts.iter().zip(&row.idfs).zip(&row.asked);
            let title = terms.map(|((count, idf), asked)| TitleTerm {
                count: f64::from(*count),
                idf: *idf,
                asked: *asked,
            });
            let around = Surroundings {
                cosine: row.cosine,
                near: row.near,
                title: TitleFit::of(title),
            };
            (row.chunk_id, around)
        };
        Ok(rows.into_iter().map(around).collect())
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
    let dense = vector.map(|vector| index.search_dense(vector, collections, limit));
    let lexical = index.search_lexical(&terms, collections, limit);
    let found = ids(dense.as_deref(), &lexical);
    Legs {
        surroundings: index.surroundings(found, vector, &terms),
        reached: Some(prepared.collections.clone()),
        dense,
        lexical,
    }
}

fn ids<'a>(dense: Option<&'a [Hit]>, lexical: &'a [Hit]) -> impl Iterator<Item = i64> + 'a {
    let hits = dense.into_iter().flatten().chain(lexical);
    hits.map(|hit| hit.chunk_id)
}
