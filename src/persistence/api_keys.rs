//! API keys: stored hashed, scoped, revocable.

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{Array, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Database;
use super::error::DbError;
use super::statement::statement;
use crate::domain::access::{Principal, Scope};
use crate::domain::ids::ApiKeyId;

/// What is stored of a new key.
pub struct NewApiKey<'a> {
    pub id: ApiKeyId,
    pub name: &'a str,
    pub owner_id: &'a str,
    /// The first characters, for people to recognise it.
    pub prefix: &'a str,
    /// SHA-256 of the secret.
    pub hash: &'a [u8],
    pub scopes: &'a [Scope],
    pub collections: Option<&'a [String]>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as `keys list` shows it.
#[derive(Debug, diesel::QueryableByName)]
pub struct ApiKeyRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub owner_id: String,
    #[diesel(sql_type = Text)]
    pub prefix: String,
    #[diesel(sql_type = Array<Text>)]
    pub scopes: Vec<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub collections: Option<Vec<String>>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Stores a key.
pub async fn insert(database: &Database, key: &NewApiKey<'_>) -> Result<(), DbError> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    statement(
        "INSERT INTO api_keys (id, name, owner_id, prefix, hash, scopes, collections, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind::<SqlUuid, _>(key.id.0)
    .bind::<Text, _>(key.name)
    .bind::<Text, _>(key.owner_id)
    .bind::<Text, _>(key.prefix)
    .bind::<Binary, _>(key.hash)
    .bind::<Array<Text>, _>(scopes)
    .bind::<Nullable<Array<Text>>, _>(key.collections)
    .bind::<Nullable<Timestamptz>, _>(key.expires_at)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(())
}

const COLUMNS: &str =
    "id, name, owner_id, prefix, scopes, collections, created_at, expires_at, revoked_at";

/// Every key, newest first.
pub async fn list(database: &Database) -> Result<Vec<ApiKeyRow>, DbError> {
    Ok(
        statement(format!("SELECT {COLUMNS} FROM api_keys ORDER BY id DESC"))
            .load(&mut database.connection().await?)
            .await?,
    )
}

/// The caller that a secret's hash belongs to, if the key is valid now.
pub async fn find_principal(
    database: &Database,
    hash: &[u8],
) -> Result<Option<Principal>, DbError> {
    let row: Option<ApiKeyRow> = statement(format!(
        "SELECT {COLUMNS} FROM api_keys WHERE hash = $1 AND revoked_at IS NULL
         AND (expires_at IS NULL OR expires_at > now())"
    ))
    .bind::<Binary, _>(hash)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    Ok(row.map(|row| Principal {
        owner_id: row.owner_id,
        key: Some(row.id.into()),
        scopes: row.scopes.iter().filter_map(|s| Scope::parse(s)).collect(),
        collections: row.collections,
    }))
}

/// Revokes a key; false if there is none or it was revoked before.
pub async fn revoke(database: &Database, id: ApiKeyId) -> Result<bool, DbError> {
    let changed =
        statement("UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL")
            .bind::<SqlUuid, _>(id.0)
            .execute(&mut database.connection().await?)
            .await?;
    Ok(changed == 1)
}
