//! The errors of calls to the database, read from the messages of driver and server.

use diesel::ConnectionError;

use crate::domain::messaging::StoreError;

/// The message of the error from [`no_answer`].
const NO_ANSWER: &str = "no answer in time";

/// The reason why a call to the database failed. Its texts carry no parameter values.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// There was no connection in time, or the server is gone; a later call may succeed.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The server gave up the statement because of locks or load. It had no effect; a later call
    /// may succeed.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The rows changed meanwhile, or a uniqueness rule was violated.
    #[error("conflict: {0}")]
    Conflict(String),
    /// This replica no longer owns the data that it writes.
    #[error("the lease was lost")]
    Fenced,
    /// `database.url` is unusable; a retry cannot help.
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
                Self::Unavailable("the server is starting or stopping".into())
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
            // Only the kind of the error leaves this module, because the server's message may quote
            // values.
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
            // The message of `connect` already says where and why.
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

/// Returns the error of a statement that met the deadline of its connection, in a form that diesel
/// can carry.
pub(super) fn no_answer() -> diesel::result::Error {
    let kind = diesel::result::DatabaseErrorKind::ClosedConnection;
    diesel::result::Error::DatabaseError(kind, Box::new(NO_ANSWER.to_owned()))
}

/// Whether a message comes from a server that starts, stops or recovers (`SQLSTATE` class 57P,
/// which diesel drops).
fn is_leaving(message: &str) -> bool {
    message.starts_with("terminating connection") || message.starts_with("the database system is")
}

/// Whether a message comes from a server without enough disk, memory or connections (`SQLSTATE`
/// class 53).
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

/// Whether a message says that the server ended one statement for the sake of others (`SQLSTATE`
/// 57014, 40P01).
pub(super) fn is_given_up(message: &str) -> bool {
    message.starts_with("canceling statement due to") || message == "deadlock detected"
}
