//! The settings of the pool of connections.

use std::time::Duration;

/// The settings of the connection to the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    pub url: String,
    pub max_connections: usize,
    pub acquire_timeout: Duration,
    pub statement_timeout: Duration,
}
