//! How the pool makes a connection, and when it does not hand one out again.

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

/// A connection that was idle for longer than this is asked whether it still works: the other side
/// may have vanished without a word. One that has just been used is not, which would double the
/// round trips.
const IDLE: Duration = Duration::from_secs(1);

/// Makes connections on the runtime it was given. Elsewhere they would end with the runtime of
/// whichever thread needed one first: a web server's threads have their own, which end with the
/// server.
pub(super) struct Manager {
    pub runtime: Handle,
    pub target: Target,
}

/// A connection that knows whether it waits for the end of a statement.
pub(super) struct Pooled {
    connection: AsyncPgConnection,
    asking: Arc<AtomicBool>,
}

impl Pooled {
    fn new(mut connection: AsyncPgConnection) -> Self {
        let asking = Arc::<AtomicBool>::default();
        let told = Arc::clone(&asking);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { .. } => told.store(true, Ordering::Relaxed),
            InstrumentationEvent::FinishQuery { .. } => told.store(false, Ordering::Relaxed),
            _ => {}
        });
        Self { connection, asking }
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
        // Whoever gives up waiting ends the attempt: a server that froze would collect them.
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
        // Whoever had it may have given up in the middle of a statement: the next one would wait
        // for its end.
        let asking = AtomicBool::load(&pooled.asking, Ordering::Relaxed);
        if asking || pooled.connection.is_broken() {
            return Err(RecycleError::message("closed, or still at work"));
        }
        if metrics.last_used() > IDLE {
            let answer = statement("SELECT 1").execute(&mut pooled.connection).await;
            answer.map_err(|_| RecycleError::message("no answer"))?;
        }
        Ok(())
    }
}
