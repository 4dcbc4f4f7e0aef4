//! `chatbot keys create|list|revoke`.

use anyhow::{Context, bail};
use clap::Subcommand;

use super::{output, wiring};
use crate::config::Config;
use crate::domain::access::Scope;
use crate::domain::ids::ApiKeyId;
use crate::domain::name;
use crate::domain::time::now;
use crate::http::credential::hash_secret;
use crate::persistence::Database;
use crate::persistence::api_keys::{self, NewApiKey};

/// Commands for API keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Create a key; its secret is shown once.
    Create {
        /// A name by which people recognise the key.
        #[arg(long)]
        name: String,
        /// The person or service that the key acts for.
        #[arg(long)]
        owner: String,
        /// A scope: chat, search, documents or approve; repeatable.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// Limit the key to this collection; repeatable. The default is all collections.
        #[arg(long = "collection")]
        collections: Vec<String>,
        #[arg(long)]
        expires_in_days: Option<u32>,
    },
    /// Show every key without its secret.
    List,
    /// Revoke a key at once.
    Revoke { id: ApiKeyId },
}

/// Runs the command.
pub async fn run(command: &KeysCommand, config: &Config) -> anyhow::Result<()> {
    let database = wiring::database(config)?;
    match command {
        KeysCommand::Create {
            name,
            owner,
            scopes,
            collections,
            expires_in_days,
        } => {
            let scopes: Vec<Scope> = scopes
                .iter()
                .map(|name| {
                    Scope::parse(name).with_context(|| {
                        format!(
                            "`{name}` is not a scope: expected chat, search, documents or approve"
                        )
                    })
                })
                .collect::<Result<_, _>>()?;
            let secret = new_secret()?;
            api_keys::insert(
                &database,
                &NewApiKey {
                    id: ApiKeyId::new(),
                    name: &name::plain(name),
                    owner_id: checked_owner(owner)?,
                    prefix: secret.get(..11).unwrap_or_default(),
                    hash: &hash_secret(&secret),
                    scopes: &scopes,
                    collections: (!collections.is_empty()).then(|| collections.clone()),
                    expires_at: expires_in_days
                        .map(|days| now() + chrono::Duration::days(days.into())),
                },
            )
            .await?;
            output::line(&secret)?;
        }
        KeysCommand::List => list(&database).await?,
        KeysCommand::Revoke { id } => {
            if !api_keys::revoke(&database, *id).await? {
                bail!("there is no such key, or it is already revoked");
            }
            output::line("revoked")?;
        }
    }
    Ok(())
}

/// Owners are compared as a whole, so an owner with invisible characters is refused, not changed.
fn checked_owner(owner: &str) -> anyhow::Result<&str> {
    if owner.is_empty() || name::plain(owner) != owner {
        bail!("`--owner` must be a name without control characters or blanks around it.");
    }
    Ok(owner)
}

async fn list(database: &Database) -> anyhow::Result<()> {
    for key in api_keys::list(database).await? {
        let state = if key.revoked_at.is_some() {
            "revoked"
        } else {
            "active"
        };
        let collections = key
            .collections
            .map_or("all".into(), |names| names.join(","));
        output::line(&format!(
            "{}  {}…  {state}  owner={} scopes={} collections={collections}  {}",
            key.id,
            key.prefix,
            key.owner_id,
            key.scopes.join(","),
            key.name
        ))?;
    }
    Ok(())
}

/// `cb_` and 256 random bits.
pub(super) fn new_secret() -> anyhow::Result<String> {
    Ok(format!("cb_{}", random_hex::<32>()?))
}

/// Returns this many random bytes as hexadecimal digits.
pub(super) fn random_hex<const BYTES: usize>() -> anyhow::Result<String> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).context("the system provides no random bytes")?;
    Ok(hex::encode(bytes))
}
