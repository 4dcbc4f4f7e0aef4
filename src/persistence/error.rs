//! Why a call to the database fails, read from what the driver and the server say.

use diesel::ConnectionError;

use crate::domain::messaging::StoreError;

/// The message of the error that [`no_answer`] makes.
const NO_ANSWER: &str = "no answer in time";

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
            Error::DatabaseError(Kind::ClosedConnection, info) if info.message() == NO_ANSWER => {
                Self::Unavailable(NO_ANSWER.into())
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

impl From<ConnectionError> for DbError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(match error {
            // Says where and why, in words of `connect`.
            ConnectionError::BadConnection(said) => said,
            _ => "cannot connect: the session cannot be set up".into(),
        })
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

/// The error of a statement that met the deadline of its connection, in a form that diesel carries.
pub(super) fn no_answer() -> diesel::result::Error {
    let kind = diesel::result::DatabaseErrorKind::ClosedConnection;
    diesel::result::Error::DatabaseError(kind, Box::new(NO_ANSWER.to_owned()))
}

/// What a server says that starts, stops or recovers (`SQLSTATE` class 57P, which diesel drops).
fn is_leaving(message: &str) -> bool {
    message.starts_with("terminating connection") || message.starts_with("the database system is")
}

/// What a server says that lacks disk, memory or connections (`SQLSTATE` class 53).
pub(super) fn is_out_of_resources(message: &str) -> bool {
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
pub(super) fn is_given_up(message: &str) -> bool {
    message.starts_with("canceling statement due to") || message == "deadlock detected"
}
