//! The settings of the pool of connections.

use std::time::Duration;

/// The settings of the connection to the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    pub url: String,
    pub max_connections: usize,
    pub acquire_timeout: Duration,
    pub statement_timeout: Duration,
    /// Whether a statement is planned once per connection instead of by its values. That is right for
    /// statements that find their rows by key, whatever the key; a search depends on its values.
    pub generic_plans: bool,
}
