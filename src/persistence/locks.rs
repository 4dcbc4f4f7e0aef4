//! Advisory locks. Each belongs to one schema, because installations may share a database.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel_async::RunQueryDsl;

use super::connection::Connection;
use super::error::DbError;
use super::functions::{current_schema, hashtext};

/// The `void` that waiting for a lock returns.
#[derive(diesel::sql_types::SqlType)]
#[diesel(postgres_type(name = "void"))]
pub struct Void;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns a longer number for a text, the same in every session.
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
    /// Waits for a lock of the transaction.
    #[sql_name = "pg_advisory_xact_lock"]
    fn lock_by_number(key: Integer) -> Void;
    /// Waits for a lock of the transaction with a longer number.
    #[sql_name = "pg_advisory_xact_lock"]
    fn lock_by_long_number(key: BigInt) -> Void;
    /// Takes a lock for the session if it is free; returns whether it was.
    fn pg_try_advisory_lock(key: Integer) -> Bool;
}

/// Waits for the lock of this name, and holds it until the transaction ends.
pub(super) async fn lock(connection: &mut Connection, name: &str) -> Result<(), DbError> {
    let name = format!("chatbot.{name} ").into_sql::<Text>();
    diesel::select(lock_by_number(hashtext(name.concat(current_schema()))))
        .execute(connection)
        .await?;
    Ok(())
}

/// Waits for the lock of one of many things, by its path.
pub(super) async fn lock_one(connection: &mut Connection, path: &str) -> Result<(), DbError> {
    let path = format!("/{path}").into_sql::<Text>();
    let number = hashtextextended(current_schema().concat(path), 0);
    diesel::select(lock_by_long_number(number))
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the lock of this name until the connection closes; false if another session has it.
pub(super) async fn try_lock_session(
    connection: &mut Connection,
    name: &str,
) -> Result<bool, DbError> {
    let name = format!("chatbot.{name} ").into_sql::<Text>();
    let free = pg_try_advisory_lock(hashtext(name.concat(current_schema())));
    Ok(diesel::select(free).get_result(connection).await?)
}
