//! The two retrieval legs in SQL, and the passages behind their hits.
//!
//! Filters on collections are part of the statements. Withdrawn, expired and superseded versions
//! are excluded again when passages are loaded, whatever an index still holds.

use diesel::sql_types::{
    Array, BigInt, Bool, Float, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::database::Database;
use super::error::DbError;
use super::indexing::{Generation, vector_text};
use super::statement::statement;
use crate::domain::evidence::{LegScores, Passage};

/// A chunk that a leg found, with the leg's own score; higher is better.
#[derive(Clone, Copy, Debug, diesel::QueryableByName)]
pub struct Hit {
    #[diesel(sql_type = BigInt)]
    pub chunk_id: i64,
    #[diesel(sql_type = Float)]
    pub score: f32,
}

/// The collections that a query reaches, as ids, and how many chunks they hold.
#[derive(Clone, Debug)]
pub struct ReachedCollections {
    pub ids: Vec<i32>,
    /// Counted up to the limit that was given.
    pub chunks: i64,
    /// Whether the chunks have embeddings of the generation; those of a new model are still made.
    pub embedded: bool,
}

#[derive(diesel::QueryableByName)]
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
    let row: ReachedRow = statement(
        "WITH reached AS (
             SELECT coalesce(array_agg(id), '{}') AS ids FROM collections
             WHERE $1 IS NULL OR name = ANY($1)
         )
         SELECT ids, CASE WHEN $1 IS NULL THEN (SELECT chunks FROM lexical_stats)
             ELSE (SELECT count(*) FROM (SELECT FROM chunks
                 WHERE collection_id = ANY((SELECT ids FROM reached)::int[]) LIMIT $2) c)
             END AS chunks,
             EXISTS (SELECT FROM embedding_generations WHERE id = $3 AND status <> 'building')
                 AS embedded
         FROM reached",
    )
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

/// Nearest chunks by cosine. `exact` scans the filtered set; otherwise HNSW with iterative scan.
pub async fn search_dense(
    database: &Database,
    generation: Generation,
    vector: &[f32],
    collections: &[i32],
    exact: bool,
    limit: i64,
) -> Result<Vec<Hit>, DbError> {
    // The index covers the cast expression and one generation; without the cast it cannot be used.
    let expression = if exact {
        "embedding <=> $1::halfvec".to_owned()
    } else {
        format!(
            "embedding::halfvec({0}) <=> $1::halfvec({0})",
            generation.dimension
        )
    };
    Ok(diesel::sql_query(format!(
        "SELECT chunk_id, (1 - ({expression}))::real AS score FROM chunk_embeddings
         WHERE generation_id = {} AND collection_id = ANY($2)
         ORDER BY {expression} LIMIT $3",
        generation.id
    ))
    .bind::<Text, _>(vector_text(vector))
    .bind::<Array<Integer>, _>(collections)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?)
}

/// Postings read per query term and collection, best impact first. A common word would
/// otherwise make the slowest query twenty times the median; quality is the same.
const POSTINGS_PER_TERM: i64 = 1_000;

/// Best chunks by BM25: `sum(idf * impact)`, Robertson and Zaragoza 2009 with Lucene's idf.
pub async fn search_lexical(
    database: &Database,
    query: &str,
    collections: &[i32],
    limit: i64,
) -> Result<Vec<Hit>, DbError> {
    Ok(diesel::sql_query(
        "WITH query AS MATERIALIZED (
             SELECT t.id, ln(1 + (s.chunks - t.df + 0.5) / (t.df + 0.5)) AS idf
             FROM lexical_stats s, lexical_terms t
             WHERE t.lexeme = ANY(tsvector_to_array(to_tsvector('english', $1))) AND t.df > 0
         )
         SELECT p.chunk_id, sum(p.impact * query.idf)::real AS score
         FROM query CROSS JOIN unnest($2::int[]) AS c (id)
         CROSS JOIN LATERAL (
             SELECT chunk_id, impact FROM lexical_postings
             WHERE term_id = query.id AND collection_id = c.id
             ORDER BY impact DESC LIMIT $3
         ) p
         GROUP BY p.chunk_id ORDER BY score DESC, p.chunk_id LIMIT $4",
    )
    .bind::<Text, _>(query)
    .bind::<Array<Integer>, _>(collections)
    .bind::<BigInt, _>(POSTINGS_PER_TERM)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?)
}

#[derive(diesel::QueryableByName)]
struct PassageRow {
    #[diesel(sql_type = BigInt)]
    chunk_id: i64,
    #[diesel(sql_type = SqlUuid)]
    document_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    version_id: Uuid,
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Text)]
    collection: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Integer)]
    version: i32,
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

/// The passages of these chunks that may answer now, in no order, with empty scores.
pub async fn load_passages(
    database: &Database,
    chunks: &[i64],
) -> Result<Vec<(i64, Passage)>, DbError> {
    let rows: Vec<PassageRow> = statement(
        "SELECT k.id AS chunk_id, k.document_id, k.version_id, d.external_id,
                c.name AS collection, v.title, v.version, k.page, k.start_offset, k.end_offset,
                k.text, k.context
         FROM chunks k
         JOIN documents d ON d.id = k.document_id AND d.current_version_id = k.version_id
         JOIN document_versions v ON v.id = k.version_id
         JOIN collections c ON c.id = d.collection_id
         WHERE k.id = ANY($1) AND d.status = 'active'
           AND (d.expires_at IS NULL OR d.expires_at > now())",
    )
    .bind::<Array<BigInt>, _>(chunks)
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.chunk_id, row.into()))
        .collect())
}

impl From<PassageRow> for Passage {
    fn from(row: PassageRow) -> Self {
        Self {
            document_id: row.document_id.into(),
            version_id: row.version_id.into(),
            external_id: row.external_id,
            collection: row.collection,
            title: row.title,
            version: row.version,
            page: row.page,
            start: row.start_offset,
            end: row.end_offset,
            text: row.text,
            // Lines that cannot be read are lines that are not known.
            context: row
                .context
                .and_then(|lines| serde_json::from_value(lines).ok()),
            score: 0.0,
            scores: LegScores::default(),
        }
    }
}
