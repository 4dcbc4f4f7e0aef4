//! The stored text that a citation must equal.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::reading::{for_readers, statement_for};
use crate::domain::access::Principal;
use crate::domain::ids::VersionId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::retrieval::when_in_force;

/// A place in a document version's text, in half-open character offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub version: VersionId,
    pub start: i32,
    pub end: i32,
}

#[derive(QueryableByName)]
struct QuoteRow {
    #[diesel(sql_type = Nullable<Text>)]
    quote: Option<String>,
}

/// Returns the stored text at each span, in the order of the spans. `None` if there is none, if the
/// document is withdrawn, deleted or expired, if the version is in quarantine or lost its approval, or
/// if the reader may not read it any more. A version that was replaced meanwhile still counts.
pub async fn list_quotes(
    database: &Database,
    reader: &Principal,
    spans: &[Span],
) -> Result<Vec<Option<String>>, DbError> {
    let versions: Vec<VersionId> = spans.iter().map(|span| span.version).collect();
    let starts: Vec<i32> = spans.iter().map(|span| span.start).collect();
    let lengths: Vec<i32> = spans
        .iter()
        .map(|span| span.end.saturating_sub(span.start).max(0))
        .collect();
    let rows: Vec<QuoteRow> = statement_for(reader, &QUOTES)
        .bind::<Array<SqlUuid>, _>(versions)
        .bind::<Array<Integer>, _>(starts)
        .bind::<Array<Integer>, _>(lengths)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| row.quote).collect())
}

static QUOTES: LazyLock<String> = LazyLock::new(|| for_quoting(include_str!("quotes.sql")));

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = SqlUuid)]
    id: VersionId,
}

/// Returns the versions among these that may be quoted to the reader now, in any order; the rules are
/// those of [`list_quotes`].
pub async fn list_standing(
    database: &Database,
    reader: &Principal,
    versions: &[VersionId],
) -> Result<Vec<VersionId>, DbError> {
    let rows: Vec<StandingRow> = statement_for(reader, &STANDING)
        .bind::<Array<SqlUuid>, _>(versions)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

static STANDING: LazyLock<String> =
    LazyLock::new(|| for_quoting("WITH {readable}, {standing} SELECT id FROM standing"));

/// Completes the text of a statement that quotes: `{standing}` stands for the versions among its third
/// value that may be quoted to the reader.
pub(super) fn for_quoting(sql: &str) -> String {
    let sql = sql.replace("{standing}", include_str!("standing.sql").trim_end());
    for_readers(&when_in_force(&sql))
}
