//! How the pool creates a connection, and when it drops one instead of reusing it.

#![expect(
    clippy::disallowed_types,
    reason = "the only places of the connection without a deadline"
)]

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use diesel::connection::InstrumentationEvent;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::connect::Target;
use super::statement::statement;

/// A connection that was idle for longer than this is tested, because the other side may have
/// vanished without notice. A recently used one is not, which would double the round trips.
const IDLE: Duration = Duration::from_secs(1);

/// Creates connections on the given runtime. Otherwise they would live on the runtime of the thread
/// that first needed one: a web server's threads have runtimes of their own, which end with the
/// server.
pub(super) struct Manager {
    pub runtime: Handle,
    pub target: Target,
}

/// A connection that knows what it is in the middle of.
pub(super) struct Pooled {
    connection: AsyncPgConnection,
    work: Arc<Work>,
}

/// The statements and transactions that have begun and not ended.
#[derive(Default)]
pub(super) struct Work {
    statement: AtomicBool,
    transaction: AtomicBool,
}

impl Work {
    /// Records that a statement will not end, because nobody waits for its rows any more.
    pub fn abandon(&self) {
        self.statement.store(true, Ordering::Relaxed);
    }

    fn note(&self, event: &InstrumentationEvent<'_>) {
        use InstrumentationEvent as Event;
        match event {
            Event::StartQuery { .. } => self.statement.store(true, Ordering::Relaxed),
            Event::FinishQuery { .. } => self.statement.store(false, Ordering::Relaxed),
            Event::BeginTransaction { .. } => self.transaction.store(true, Ordering::Relaxed),
            // This event precedes its own statement, which is then the busy one.
            Event::CommitTransaction { depth, .. } | Event::RollbackTransaction { depth, .. }
                if depth.get() == 1 =>
            {
                self.transaction.store(false, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

impl Pooled {
    pub fn new(mut connection: AsyncPgConnection) -> Self {
        let work = Arc::<Work>::default();
        let told = Arc::clone(&work);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| told.note(&event));
        Self { connection, work }
    }

    /// Returns the current work of the connection.
    pub fn work(&self) -> Arc<Work> {
        Arc::clone(&self.work)
    }

    /// Whether its last user gave up in the middle of a statement or a transaction.
    pub fn is_at_work(&self) -> bool {
        let Work {
            statement,
            transaction,
        } = &*self.work;
        statement.load(Ordering::Relaxed) || transaction.load(Ordering::Relaxed)
    }
}

impl Deref for Pooled {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = ConnectionError;

    async fn create(&self) -> ConnectionResult<Pooled> {
        let target = self.target.clone();
        let connecting = self.runtime.spawn(async move { target.connect().await });
        // A caller that gives up waiting also ends the attempt, or a frozen server would collect
        // them.
        let connecting = AbortOnDropHandle::new(connecting).await;
        connecting
            .map_err(|error| ConnectionError::BadConnection(error.to_string()))?
            .map(Pooled::new)
    }

    async fn recycle(
        &self,
        pooled: &mut Pooled,
        metrics: &Metrics,
    ) -> RecycleResult<ConnectionError> {
        if pooled.is_at_work() || pooled.connection.is_broken() {
            return Err(RecycleError::message("closed, or still at work"));
        }
        if metrics.last_used() > IDLE {
            let answer = statement("SELECT 1").execute(&mut pooled.connection).await;
            answer.map_err(|_| RecycleError::message("no answer"))?;
        }
        Ok(())
    }
}
