//! The postings of BM25 and their statistics.

use diesel::sql_types::{Array, BigInt, Double, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::chunks::{IndexedVersion, SLICE, ordinal};
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::locks;
use crate::persistence::statement::statement;

/// BM25 saturation; 0.9 and 0.4 are Anserini's defaults for passages.
pub const BM25_K1: f64 = 0.9;
/// BM25 length normalisation.
pub const BM25_B: f64 = 0.4;

/// Admits one writer of postings and document frequencies at a time, because their rows are hot,
/// and locking them in any order would deadlock.
pub(in crate::persistence) async fn lock_lexical(
    connection: &mut Connection,
) -> Result<(), DbError> {
    match locks::lock(connection, "lexical").await {
        Ok(()) => Ok(()),
        // A process that holds the lock this long stores a long document or is frozen, which says
        // nothing about the one that waits.
        Err(DbError::Busy(cause)) => Err(DbError::Unavailable(cause)),
        Err(error) => Err(error),
    }
}

/// Inserts the postings of some chunks; `before` is the number of the version's earlier chunks.
pub(super) async fn insert_postings(
    connection: &mut Connection,
    new: &IndexedVersion<'_>,
    before: usize,
) -> Result<(), DbError> {
    let counts = match new.language.terms {
        Some(_) => include_str!("given_terms.sql"),
        None => include_str!("english_terms.sql"),
    };
    let insert = statement(include_str!("insert_postings.sql").replace("{counts}", counts))
        .bind::<SqlUuid, _>(new.version_id)
        .bind::<Text, _>(new.title)
        .bind::<Integer, _>(new.placed_in())
        .bind::<Double, _>(BM25_K1)
        .bind::<Double, _>(BM25_B)
        .bind::<BigInt, _>(ordinal(before))
        .bind::<BigInt, _>(ordinal(before + SLICE));
    match new.language.terms {
        Some(terms) => {
            let slice = terms.iter().enumerate().skip(before).take(SLICE);
            let (places, terms): (Vec<i64>, Vec<&str>) = slice
                .flat_map(|(at, terms)| {
                    let place = ordinal(at + 1);
                    terms.iter().map(move |term| (place, term.as_str()))
                })
                .unzip();
            insert
                .bind::<Array<BigInt>, _>(places)
                .bind::<Array<Text>, _>(terms)
                .execute(connection)
                .await?;
        }
        None => {
            insert.execute(connection).await?;
        }
    }
    Ok(())
}
