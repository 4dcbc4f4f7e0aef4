//! API keys: stored hashed, scoped, revocable.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::DbError;
use super::schema::api_keys;
use crate::domain::access::{Principal, Scope};
use crate::domain::ids::ApiKeyId;

/// The stored values of a new key.
#[derive(Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub struct NewApiKey<'a> {
    pub id: ApiKeyId,
    pub name: &'a str,
    pub owner_id: &'a str,
    /// The first characters, by which people recognise the key.
    pub prefix: &'a str,
    /// The SHA-256 of the secret.
    pub hash: &'a [u8],
    pub scopes: &'a [Scope],
    pub collections: Option<Vec<String>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key in the form that `keys list` shows.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = api_keys, check_for_backend(Pg))]
pub struct ApiKeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub owner_id: String,
    pub prefix: String,
    /// The names of the scopes, because an older release may not know them all.
    pub scopes: Vec<String>,
    pub collections: Option<Vec<String>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Stores a key.
pub async fn insert(database: &Database, key: &NewApiKey<'_>) -> Result<(), DbError> {
    diesel::insert_into(api_keys::table)
        .values(key)
        .execute(&mut database.connection().await?)
        .await?;
    Ok(())
}

/// Lists every key, newest first.
pub async fn list(database: &Database) -> Result<Vec<ApiKeyRow>, DbError> {
    Ok(api_keys::table
        .select(ApiKeyRow::as_select())
        .order(api_keys::id.desc())
        .load(&mut database.connection().await?)
        .await?)
}

/// Returns the owner of a secret's hash, if the key is valid now.
pub async fn find_principal(
    database: &Database,
    hash: &[u8],
) -> Result<Option<Principal>, DbError> {
    let row = api_keys::table
        .select(ApiKeyRow::as_select())
        .filter(api_keys::hash.eq(hash))
        .filter(api_keys::revoked_at.is_null())
        .filter(
            api_keys::expires_at
                .is_null()
                .or(api_keys::expires_at.gt(now)),
        )
        .get_result(&mut database.connection().await?)
        .await
        .optional()?;
    Ok(row.map(|row| Principal {
        owner_id: row.owner_id,
        key: Some(row.id),
        scopes: row.scopes.iter().filter_map(|s| Scope::parse(s)).collect(),
        collections: row.collections,
    }))
}

/// Revokes a key; false if it does not exist or is already revoked.
pub async fn revoke(database: &Database, id: ApiKeyId) -> Result<bool, DbError> {
    let valid = api_keys::table
        .find(id)
        .filter(api_keys::revoked_at.is_null());
    let changed = diesel::update(valid)
        .set(api_keys::revoked_at.eq(now))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(changed == 1)
}
