//! The connection for every statement. It works until its deadline, and no longer.
//!
//! Each statement, and each step of a transaction, ends with an error once the deadline has passed.
//! So every call to the database has a deadline, whoever writes it. A connection that met its
//! deadline is busy, and the pool closes it instead of reusing it.

#![expect(
    clippy::disallowed_types,
    reason = "the only places of the connection without a deadline"
)]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use deadpool::managed::Object;
use diesel::connection::{CacheSize, Instrumentation};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection,
    SimpleAsyncConnection,
};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::connect::Target;
use super::error::no_answer;
use super::pooled::{Manager, Pooled, Work};
use super::prepared::Prepared;

/// How long one call may take, from the wait for a connection to the last response. A frozen server
/// does not even enforce its own statement timeout.
pub(super) const LONGEST_CALL: Duration = Duration::from_secs(15);

/// A connection with a deadline.
pub(super) struct Connection {
    held: Held,
    until: Instant,
    outbox: Arc<Notify>,
}

/// The end of a connection that is dropped.
enum Held {
    /// It returns to its pool.
    Pooled(Object<Manager>),
    /// It closes.
    Alone(Pooled),
}

impl Connection {
    /// Takes a connection from its pool. `outbox` is told of events that it adds to the outbox.
    pub(super) fn of_pool(pooled: Object<Manager>, until: Instant, outbox: Arc<Notify>) -> Self {
        let held = Held::Pooled(pooled);
        Self {
            held,
            until,
            outbox,
        }
    }

    /// Connects without a pool.
    pub(super) async fn alone(target: &Target) -> ConnectionResult<Self> {
        let until = Instant::now() + LONGEST_CALL;
        let connection = timeout_at(until, target.connect()).await;
        let connection = connection.unwrap_or_else(|_| {
            let late = format!("no connection to {} in time", target.place());
            Err(ConnectionError::BadConnection(late))
        })?;
        Ok(Self {
            held: Held::Alone(Pooled::new(connection)),
            until,
            outbox: Arc::default(),
        })
    }

    /// Sets the deadline to this long from now.
    pub(super) fn with_deadline(self, longest: Duration) -> Self {
        let until = Instant::now() + longest;
        Self { until, ..self }
    }

    /// Takes the connection out of its pool: when it is dropped it closes, which frees the locks
    /// and drops the settings of its session.
    pub(super) fn leave_pool(self) -> Self {
        let held = match self.held {
            Held::Pooled(pooled) => Held::Alone(Object::take(pooled)),
            alone @ Held::Alone(_) => alone,
        };
        Self { held, ..self }
    }

    /// Tells this process' relay that the outbox has grown. Before a commit this is early: the relay
    /// lets some time pass before it looks, and looks again later.
    pub(super) fn outbox_written(&self) {
        self.outbox.notify_one();
    }

    fn pooled(&mut self) -> &mut Pooled {
        match &mut self.held {
            Held::Pooled(pooled) => pooled,
            Held::Alone(pooled) => pooled,
        }
    }

    fn inner(&mut self) -> &mut AsyncPgConnection {
        self.pooled()
    }
}

/// The rows of a statement, until the deadline.
pub(super) struct Rows<S> {
    inner: S,
    until: Instant,
    /// Set once the rows have to be waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    work: Arc<Work>,
}

impl<S, Row> Stream for Rows<S>
where
    S: Stream<Item = QueryResult<Row>> + Unpin,
{
    type Item = QueryResult<Row>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(row) = this.inner.poll_next_unpin(context) {
            return Poll::Ready(row);
        }
        let until = this.until;
        let alarm = this
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if alarm.poll_unpin(context).is_pending() {
            return Poll::Pending;
        }
        this.work.abandon();
        Poll::Ready(Some(Err(no_answer())))
    }
}

impl SimpleAsyncConnection for Connection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let step = timeout_at(self.until, self.inner().batch_execute(query));
        step.await.unwrap_or_else(|_| Err(no_answer()))
    }
}

impl AsyncConnectionCore for Connection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> =
        Rows<<AsyncPgConnection as AsyncConnectionCore>::Stream<'conn, 'query>>;
    type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let until = self.until;
        let work = self.pooled().work();
        let step = timeout_at(until, self.inner().load(Prepared(source.as_query())));
        async move {
            let inner = step.await.unwrap_or_else(|_| Err(no_answer()))?;
            Ok(Rows {
                inner,
                until,
                alarm: None,
                work,
            })
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let until = self.until;
        let count = self.inner().execute_returning_count(Prepared(source));
        let step = timeout_at(until, count);
        step.map(|done| done.unwrap_or_else(|_| Err(no_answer())))
            .boxed()
    }
}

impl AsyncConnection for Connection {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(_url: &str) -> ConnectionResult<Self> {
        let reason = "a connection comes from the pool, with its deadline";
        Err(ConnectionError::BadConnection(reason.into()))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.inner().transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner().instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.inner().set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.inner().set_prepared_statement_cache_size(size);
    }
}
