//! PostgreSQL: the only module that knows diesel.
//!
//! Concrete functions over [`Database`], one file an aggregate. A function that writes holds its
//! whole transaction, so that callers cannot leave half of an effect behind. Every query on a
//! person's data takes that person's id.

pub mod api_keys;
pub mod attempts;
pub mod conversations;
pub mod dead_letters;
pub mod documents;
pub mod indexing;
pub mod leases;
pub mod migrations;
pub mod outbox;
pub mod retrieval;
mod statement;
pub mod turns;

use std::time::Duration;

use deadpool::managed::QueueMode;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::domain::messaging::StoreError;
use crate::pool;
use statement::statement;

/// Why the database did not do what was asked. Texts carry no parameter values.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection in time, or the server is gone: try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The server gave the statement up: locks or load. Not done; later it may succeed.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The rows changed under us, or a uniqueness rule was hit.
    #[error("conflict: {0}")]
    Conflict(String),
    /// This replica no longer owns what it writes.
    #[error("the lease was lost")]
    Fenced,
    /// The statement failed.
    #[error("database: {0}")]
    Query(String),
}

impl From<diesel::result::Error> for DbError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match error {
            Error::DatabaseError(Kind::UniqueViolation, info) => {
                Self::Conflict(info.constraint_name().unwrap_or("unique").to_owned())
            }
            Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => {
                Self::Unavailable("connection closed".into())
            }
            Error::DatabaseError(Kind::ReadOnlyTransaction, _) => {
                Self::Unavailable("the server is a standby".into())
            }
            Error::DatabaseError(_, info) if is_leaving(info.message()) => {
                Self::Unavailable("the server starts or stops".into())
            }
            Error::DatabaseError(Kind::Unknown, info) if is_out_of_resources(info.message()) => {
                Self::Unavailable("the server is out of resources".into())
            }
            Error::DatabaseError(Kind::SerializationFailure, _) => {
                Self::Busy("serialization failure".into())
            }
            Error::DatabaseError(Kind::Unknown, info) if is_given_up(info.message()) => {
                Self::Busy("statement cancelled or deadlocked".into())
            }
            // The server's message may quote values; only its kind leaves this module.
            Error::DatabaseError(kind, info) => Self::Query(format!(
                "{kind:?} in {}",
                info.table_name().unwrap_or("statement")
            )),
            other => Self::Query(other.to_string()),
        }
    }
}

/// What a server says that starts, stops or recovers (`SQLSTATE` class 57P, which diesel drops).
fn is_leaving(message: &str) -> bool {
    message.starts_with("terminating connection") || message.starts_with("the database system is")
}

/// What a server says that lacks disk, memory or connections (`SQLSTATE` class 53).
fn is_out_of_resources(message: &str) -> bool {
    [
        "could not extend file",
        "could not write",
        "out of memory",
        "out of shared memory",
        "sorry, too many clients already",
        "remaining connection slots",
    ]
    .iter()
    .any(|start| message.starts_with(start))
}

/// What a server says that ended one statement so that others go on (`SQLSTATE` 57014, 40P01).
fn is_given_up(message: &str) -> bool {
    message.starts_with("canceling statement due to") || message == "deadlock detected"
}

/// Calls again while the database is unavailable or busy, for as long as `patience` lasts. Only for calls
/// whose effect is the same when it happens twice: the answer to a commit may have been lost.
pub async fn patiently<T, F>(patience: Duration, mut call: impl FnMut() -> F) -> Result<T, DbError>
where
    F: Future<Output = Result<T, DbError>>,
{
    let end = Instant::now() + patience;
    loop {
        match bounded(call()).await {
            Err(DbError::Unavailable(_) | DbError::Busy(_)) if Instant::now() < end => {
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// One call with a deadline of ours.
pub async fn bounded<T>(call: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    timeout(LONGEST_CALL, call)
        .await
        .unwrap_or_else(|_| Err(DbError::Unavailable("no answer in time".into())))
}

/// A server that froze does not even enforce its own statement timeout.
const LONGEST_CALL: Duration = Duration::from_secs(15);
/// Between two calls while the database is unavailable.
const PAUSE: Duration = Duration::from_millis(250);

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

pub(crate) type Connection = Object<AsyncPgConnection>;

/// A bounded pool of connections with deadlines.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    acquire_timeout: Duration,
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    pub url: String,
    pub max_connections: usize,
    pub acquire_timeout: Duration,
    pub statement_timeout: Duration,
}

impl Database {
    /// Builds the pool; connections are made when first needed, and live on the runtime that calls
    /// this. Elsewhere they would end with the runtime of whichever thread needed one first: a web
    /// server's threads have their own, which end with the server.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, DbError> {
        let url = with_options(settings)?;
        let runtime = Handle::current();
        let mut config = ManagerConfig::default();
        config.custom_setup = Box::new(move |url| establish(&runtime, url.to_owned()).boxed());
        // Whether a connection was closed is known without asking; see `ask_if_idle` for the rest.
        config.recycling_method = RecyclingMethod::Fast;
        let manager =
            AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        let pool = Pool::builder(manager)
            .max_size(settings.max_connections)
            .queue_mode(QueueMode::Lifo)
            .pre_recycle(Hook::async_fn(|connection, metrics| {
                ask_if_idle(connection, metrics.last_used()).boxed()
            }))
            .build()
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self {
            pool,
            acquire_timeout: settings.acquire_timeout,
        })
    }

    /// A connection from the pool, within the acquire deadline.
    pub(crate) async fn connection(&self) -> Result<Connection, DbError> {
        pool::close_idle(&self.pool);
        timeout(self.acquire_timeout, self.pool.get())
            .await
            .map_err(|_| DbError::Unavailable("no connection in time".into()))?
            .map_err(|_| DbError::Unavailable("cannot connect".into()))
    }

    /// Whether the database answers; used by readiness.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut connection = self.connection().await?;
        statement("SELECT 1").execute(&mut connection).await?;
        Ok(())
    }
}

/// A connection that was idle for longer than this is asked whether it still works.
const IDLE: Duration = Duration::from_secs(1);

/// The other side of an idle connection may have vanished without a word. One that has just been
/// used is not asked: that would double the round trips.
async fn ask_if_idle(connection: &mut AsyncPgConnection, idle: Duration) -> Result<(), HookError> {
    if idle > IDLE {
        statement("SELECT 1")
            .execute(connection)
            .await
            .map_err(|_| HookError::message("no answer"))?;
    }
    Ok(())
}

fn establish(
    runtime: &Handle,
    url: String,
) -> impl Future<Output = ConnectionResult<AsyncPgConnection>> + use<> {
    let connecting = runtime.spawn(async move { AsyncPgConnection::establish(&url).await });
    // Whoever gives up waiting ends the attempt: a server that froze would collect them.
    let connecting = AbortOnDropHandle::new(connecting);
    async move {
        let ended = |error: JoinError| ConnectionError::BadConnection(error.to_string());
        connecting.await.map_err(ended)?
    }
}

/// Candidates that HNSW keeps while it searches. It also caps the rows one scan returns, so it
/// must not be below the candidates that retrieval asks for.
const HNSW_EF_SEARCH: u32 = 100;

/// A client that froze in the middle of a transaction keeps what it locked for no longer than this;
/// longer than a relay takes to publish a batch.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(30);
/// A peer whose machine vanished says nothing: either side notices after this.
const SILENCE: &[(&str, &str)] = &[
    ("tcp_user_timeout", "15"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_retries", "3"),
];
const SILENCE_OF_CLIENTS: &str = "-c tcp_user_timeout=15000 -c tcp_keepalives_idle=10 \
    -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/// Adds the session settings and deadlines of connections to the URL.
fn with_options(settings: &DatabaseSettings) -> Result<String, DbError> {
    let mut url = url::Url::parse(&settings.url).map_err(|_| {
        DbError::Unavailable(
            "database.url is not a URL: expected postgresql://user:password@host/name".into(),
        )
    })?;
    let mut options = format!(
        "-c statement_timeout={} -c idle_in_transaction_session_timeout={} {SILENCE_OF_CLIENTS} \
         -c hnsw.ef_search={HNSW_EF_SEARCH} -c hnsw.iterative_scan=relaxed_order",
        settings.statement_timeout.as_millis(),
        IDLE_IN_TRANSACTION.as_millis()
    );
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    {
        let mut query = url.query_pairs_mut();
        // Before those of the URL, which count if they differ.
        query.extend_pairs(SILENCE);
        for (key, value) in &pairs {
            if key == "options" {
                options = format!("{value} {options}");
            } else {
                query.append_pair(key, value);
            }
        }
        query.append_pair(
            "connect_timeout",
            &settings.acquire_timeout.as_secs().max(1).to_string(),
        );
    }
    // `+` would reach the server as a plus sign: the value needs %20.
    let encoded: String = url::form_urlencoded::byte_serialize(options.as_bytes()).collect();
    let query = format!(
        "{}&options={}",
        url.query().unwrap_or_default(),
        encoded.replace('+', "%20")
    );
    url.set_query(Some(query.trim_start_matches('&')));
    Ok(url.into())
}

impl From<ConnectionError> for DbError {
    fn from(_: ConnectionError) -> Self {
        Self::Unavailable("cannot connect".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_url_says_counts_before_the_defaults() {
        let settings = DatabaseSettings {
            url: "postgres://u:p@h/d?tcp_user_timeout=60&options=-c%20search_path%3Dx".into(),
            max_connections: 1,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
        };
        let url = url::Url::parse(&with_options(&settings).unwrap()).unwrap();
        let values = |name: &str| {
            let pairs = url.query_pairs().filter(|(key, _)| key == name);
            pairs
                .map(|(_, value)| value.into_owned())
                .collect::<Vec<_>>()
        };
        // The driver takes the last one.
        assert_eq!(values("tcp_user_timeout"), ["15", "60"]);
        let options = values("options").join("|");
        assert!(options.starts_with("-c search_path=x -c statement_timeout=10000 "));
        assert!(options.contains("-c idle_in_transaction_session_timeout=30000 "));
    }
}
