//! What a citation must equal.

use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::readable;
use crate::domain::access::Principal;
use crate::domain::ids::VersionId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// A place in a document version's text: half-open character offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub version: VersionId,
    pub start: i32,
    pub end: i32,
}

#[derive(diesel::QueryableByName)]
struct QuoteRow {
    #[diesel(sql_type = Nullable<Text>)]
    quote: Option<String>,
}

/// The stored text at each span, in the order of the spans; `None` where there is none, or where the
/// document is withdrawn, deleted or past its time, or no longer one that the reader may read.
pub async fn list_quotes(
    database: &Database,
    reader: &Principal,
    spans: &[Span],
) -> Result<Vec<Option<String>>, DbError> {
    let versions: Vec<Uuid> = spans.iter().map(|span| span.version.0).collect();
    let starts: Vec<i32> = spans.iter().map(|span| span.start).collect();
    let lengths: Vec<i32> = spans
        .iter()
        .map(|span| span.end.saturating_sub(span.start).max(0))
        .collect();
    let rows: Vec<QuoteRow> = statement(format!(
        "WITH {} SELECT substr(v.text, s.start + 1, s.length) AS quote
         FROM unnest($1, $2, $3) WITH ORDINALITY AS s(version_id, start, length, position)
         LEFT JOIN (document_versions v JOIN documents d ON d.id = v.document_id
                 AND d.collection_id IN (SELECT id FROM readable)
                 AND d.status = 'active' AND (d.expires_at IS NULL OR d.expires_at > now()))
             ON v.id = s.version_id
         ORDER BY s.position",
        readable("$4", "$5")
    ))
    .bind::<Array<SqlUuid>, _>(versions)
    .bind::<Array<Integer>, _>(starts)
    .bind::<Array<Integer>, _>(lengths)
    .bind::<Nullable<Array<Text>>, _>(reader.collections.as_deref())
    .bind::<Nullable<SqlUuid>, _>(reader.key.map(|key| key.0))
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| row.quote).collect())
}
