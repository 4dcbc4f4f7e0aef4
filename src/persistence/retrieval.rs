//! The two retrieval legs in SQL, and the passages behind their hits.
//!
//! The statements themselves filter by collection; drafts are in none. Versions that are withdrawn,
//! expired, superseded, in quarantine or not yet in force are excluded when passages are loaded,
//! whatever an index still contains.

mod surroundings;

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Float, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::database::Database;
use super::error::DbError;
use super::index_changes::Position;
use super::indexing::{Generation, vector_text};
use super::statement::statement;
use crate::domain::document::Stated;
use crate::domain::evidence::{LegScores, Passage};
use crate::domain::ids::{DocumentId, VersionId};

pub use surroundings::{Surroundings, list_surroundings};

/// A chunk found by a leg, with that leg's score; higher is better.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Hit {
    #[diesel(sql_type = BigInt)]
    pub chunk_id: i64,
    #[diesel(sql_type = Float)]
    pub score: f32,
}

/// The ids of the collections that a query reaches, and the number of their chunks.
#[derive(Clone, Debug)]
pub struct ReachedCollections {
    pub ids: Vec<i32>,
    /// Counted up to the given limit.
    pub chunks: i64,
    /// Whether the chunks have embeddings of the generation; those of a new model are still being
    /// created.
    pub embedded: bool,
}

#[derive(QueryableByName)]
struct ReachedRow {
    #[diesel(sql_type = Array<Integer>)]
    ids: Vec<i32>,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
    #[diesel(sql_type = Bool)]
    embedded: bool,
}

/// Resolves names to ids; `None` means every collection. Counting stops at `count_limit`.
pub async fn reach_collections(
    database: &Database,
    generation: Generation,
    names: Option<&[String]>,
    count_limit: i64,
) -> Result<ReachedCollections, DbError> {
    let row: ReachedRow = statement(include_str!("retrieval/reach_collections.sql"))
        .bind::<Nullable<Array<Text>>, _>(names)
        .bind::<BigInt, _>(count_limit)
        .bind::<Integer, _>(generation.id)
        .get_result(&mut database.connection().await?)
        .await?;
    Ok(ReachedCollections {
        ids: row.ids,
        chunks: row.chunks,
        embedded: row.embedded,
    })
}

/// Returns the nearest chunks by cosine. `exact` scans the filtered set; otherwise HNSW scans
/// iteratively.
pub async fn search_dense(
    database: &Database,
    generation: Generation,
    vector: &[f32],
    collections: &[i32],
    exact: bool,
    limit: i64,
) -> Result<Vec<Hit>, DbError> {
    // The index covers the cast expression; without the cast it is not used.
    let distance = if exact {
        "embedding <=> $1::halfvec".to_owned()
    } else {
        format!(
            "embedding::halfvec({0}) <=> $1::halfvec({0})",
            generation.dimension
        )
    };
    let sql = include_str!("retrieval/search_dense.sql")
        .replace("{distance}", &distance)
        .replace("{generation}", &generation.id.to_string());
    Ok(statement(sql)
        .bind::<Text, _>(vector_text(vector))
        .bind::<Array<Integer>, _>(collections)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?)
}

/// The input of a search of the index in memory.
#[derive(Clone, Debug, QueryableByName)]
pub struct PreparedSearch {
    /// The ids of the reached collections.
    #[diesel(sql_type = Array<Integer>)]
    pub collections: Vec<i32>,
    /// The ids of the query's terms, and the idf of each.
    #[diesel(sql_type = Array<Integer>)]
    pub terms: Vec<i32>,
    #[diesel(sql_type = Array<Double>)]
    pub idfs: Vec<f64>,
    /// Whether chunks have changed since the position.
    #[diesel(sql_type = Bool)]
    pub behind: bool,
}

/// Resolves names of collections (`None` means every collection) and the words of the query, with its
/// terms in other languages than English, and compares the position of an index with the log of changes.
pub async fn prepare_search(
    database: &Database,
    (query, sought): (&str, &[String]),
    names: Option<&[String]>,
    position: &Position,
) -> Result<PreparedSearch, DbError> {
    Ok(statement(include_str!("retrieval/prepare.sql"))
        .bind::<Text, _>(query)
        .bind::<Nullable<Array<Text>>, _>(names)
        .bind::<BigInt, _>(position.horizon)
        .bind::<Array<BigInt>, _>(&position.beyond)
        .bind::<BigInt, _>(position.server)
        .bind::<Array<Text>, _>(sought)
        .get_result(&mut database.connection().await?)
        .await?)
}

/// The most postings that are read per query term and collection, highest impact first. A common
/// word would otherwise make the slowest query twenty times slower than the median, at the same
/// quality.
const POSTINGS_PER_TERM: i64 = 1_000;

/// Returns the best chunks by BM25: `sum(idf * impact)`, Robertson and Zaragoza 2009 with Lucene's
/// idf. The query comes with its terms in other languages than English.
pub async fn search_lexical(
    database: &Database,
    (query, sought): (&str, &[String]),
    collections: &[i32],
    limit: i64,
) -> Result<Vec<Hit>, DbError> {
    Ok(statement(include_str!("retrieval/search_lexical.sql"))
        .bind::<Text, _>(query)
        .bind::<Array<Integer>, _>(collections)
        .bind::<BigInt, _>(POSTINGS_PER_TERM)
        .bind::<BigInt, _>(limit)
        .bind::<Array<Text>, _>(sought)
        .load(&mut database.connection().await?)
        .await?)
}

#[derive(QueryableByName)]
struct PassageRow {
    #[diesel(sql_type = BigInt)]
    chunk_id: i64,
    #[diesel(sql_type = SqlUuid)]
    document_id: DocumentId,
    #[diesel(sql_type = SqlUuid)]
    version_id: VersionId,
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Text)]
    collection: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Nullable<Text>)]
    stated_version: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stated_date: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stated_review: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    page: Option<i32>,
    #[diesel(sql_type = Integer)]
    start_offset: i32,
    #[diesel(sql_type = Integer)]
    end_offset: i32,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    context: Option<Value>,
}

/// Returns the passages of these chunks that may answer now, in any order, with empty scores.
pub async fn load_passages(
    database: &Database,
    chunks: &[i64],
) -> Result<Vec<(i64, Passage)>, DbError> {
    let rows: Vec<PassageRow> = statement(PASSAGES.as_str())
        .bind::<Array<BigInt>, _>(chunks)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.chunk_id, row.into()))
        .collect())
}

static PASSAGES: LazyLock<String> =
    LazyLock::new(|| when_in_force(include_str!("retrieval/load_passages.sql")));

/// Completes the text of a statement: `{in_force}` stands for the condition that a version is in
/// force by the clock. The status of the version and its document is checked beside it.
pub(super) fn when_in_force(sql: &str) -> String {
    sql.replace(
        "{in_force}",
        include_str!("retrieval/in_force.sql").trim_end(),
    )
}

impl From<PassageRow> for Passage {
    fn from(row: PassageRow) -> Self {
        Self {
            document_id: row.document_id,
            version_id: row.version_id,
            external_id: row.external_id,
            collection: row.collection,
            title: row.title,
            version: row.version,
            stated: Stated {
                stated_version: row.stated_version,
                stated_date: row.stated_date,
                review_date: row.stated_review,
            },
            page: row.page,
            start: row.start_offset,
            end: row.end_offset,
            text: row.text,
            // Lines that cannot be parsed count as unknown.
            context: row
                .context
                .and_then(|lines| serde_json::from_value(lines).ok()),
            score: 0.0,
            scores: LegScores::default(),
        }
    }
}
