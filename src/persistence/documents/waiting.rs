//! The number of decisions that wait for people.

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Documents that wait for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, diesel::QueryableByName)]
pub struct Waiting {
    /// The newest version waits for approval.
    #[diesel(sql_type = BigInt)]
    pub drafts: i64,
    /// The newest version is in quarantine.
    #[diesel(sql_type = BigInt)]
    pub quarantined: i64,
    /// The version that answers is overdue for review.
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
    /// The version that answered has expired.
    #[diesel(sql_type = BigInt)]
    pub expired: i64,
}

/// Counts them.
pub async fn count_waiting(database: &Database) -> Result<Waiting, DbError> {
    Ok(statement(include_str!("waiting.sql"))
        .get_result(&mut database.connection().await?)
        .await?)
}
