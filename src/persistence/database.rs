//! The pool of connections, which hands out each one with a deadline.

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{Pool, PoolError, QueueMode};
use diesel_async::RunQueryDsl;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::connect::Target;
use super::connection::{Connection, LONGEST_CALL};
use super::error::DbError;
use super::pooled::Manager;
use super::settings::DatabaseSettings;
use super::statement::statement;
use crate::pool;

/// A bounded pool of connections with deadlines.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Manager>,
    acquire_timeout: Duration,
    /// Host and port, for messages.
    place: Arc<str>,
    outbox: Arc<Notify>,
}

impl Database {
    /// Builds the pool. Connections are created when needed, and live on the runtime that calls
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
            outbox: Arc::default(),
        })
    }

    /// Returns a connection for one call.
    pub(super) async fn connection(&self) -> Result<Connection, DbError> {
        self.connection_for(LONGEST_CALL).await
    }

    /// Returns a connection for work with a deadline of its own, which includes the wait for the
    /// connection.
    pub(super) async fn connection_for(&self, longest: Duration) -> Result<Connection, DbError> {
        let until = Instant::now() + longest;
        // A call that gave up returned a busy connection with its locks, not necessarily at the
        // top.
        pool::close_idle(&self.pool, |pooled| !pooled.is_at_work());
        timeout(self.acquire_timeout, self.pool.get())
            .await
            .map_err(|_| DbError::Unavailable(format!("no connection to {} in time", self.place)))?
            .map(|pooled| Connection::of_pool(pooled, until, Arc::clone(&self.outbox)))
            .map_err(|error| match error {
                PoolError::Backend(error) => error.into(),
                error => DbError::Unavailable(format!("no connection to {}: {error}", self.place)),
            })
    }

    /// Resolves once this process has added events to the outbox since the last time.
    pub(super) async fn outbox_grows(&self) {
        self.outbox.notified().await;
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut connection = self.connection().await?;
        statement("SELECT 1").execute(&mut connection).await?;
        Ok(())
    }
}
