//! PostgreSQL: the only module that knows diesel.
//!
//! Concrete functions over [`Database`], one file an aggregate. A function that writes holds its
//! whole transaction, so that callers cannot leave half of an effect behind. Every query on a
//! person's data takes that person's id.

pub mod api_keys;
pub mod attempts;
pub mod catalogue;
mod connect;
pub mod conversations;
pub mod dead_letters;
pub mod documents;
pub mod indexing;
pub mod leases;
pub mod migrations;
pub mod outbox;
mod pooled;
pub mod retrieval;
pub mod schema;
mod statement;
pub mod turns;
mod types;

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{Object, Pool, PoolError, QueueMode};
use diesel::ConnectionError;
use diesel_async::RunQueryDsl;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use crate::domain::messaging::StoreError;
use crate::pool;
use connect::Target;
use pooled::Manager;
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
    /// `database.url` cannot be used, however often it is tried.
    #[error("{0}")]
    Misconfigured(String),
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

type Connection = Object<Manager>;

/// A bounded pool of connections with deadlines.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Manager>,
    acquire_timeout: Duration,
    /// Host and port, for messages.
    place: Arc<str>,
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    pub url: String,
    pub max_connections: usize,
    pub acquire_timeout: Duration,
    pub statement_timeout: Duration,
}

/// Whether a URL can be used, without connecting.
pub fn check_url(url: &str) -> Result<(), DbError> {
    Target::of(url)?.check()
}

impl Database {
    /// Builds the pool; connections are made when first needed, and live on the runtime that calls
    /// this.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, DbError> {
        let target = Target::with_options(settings)?;
        target.check()?;
        let place = target.place().into();
        let manager = Manager {
            runtime: Handle::current(),
            target,
        };
        let pool = Pool::builder(manager)
            .max_size(settings.max_connections)
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self {
            pool,
            acquire_timeout: settings.acquire_timeout,
            place,
        })
    }

    /// A connection from the pool, within the acquire deadline.
    async fn connection(&self) -> Result<Connection, DbError> {
        // Whoever gave up gave back a connection at work, with its locks. It need not be on top.
        pool::close_idle(&self.pool, |pooled| !pooled.is_at_work());
        timeout(self.acquire_timeout, self.pool.get())
            .await
            .map_err(|_| DbError::Unavailable(format!("no connection to {} in time", self.place)))?
            .map_err(|error| match error {
                PoolError::Backend(error) => error.into(),
                error => DbError::Unavailable(format!("no connection to {}: {error}", self.place)),
            })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut connection = self.connection().await?;
        statement("SELECT 1").execute(&mut connection).await?;
        Ok(())
    }
}

impl From<ConnectionError> for DbError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(match error {
            // Says where and why, in words of `connect`.
            ConnectionError::BadConnection(said) => said,
            _ => "cannot connect: the session cannot be set up".into(),
        })
    }
}
