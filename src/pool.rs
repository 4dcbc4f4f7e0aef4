//! The common behaviour of the connection pools.

use std::time::Duration;

use deadpool::managed::{Manager, Object, Pool};

/// How long a connection may be idle before it is closed.
const IDLE: Duration = Duration::from_mins(1);

/// Closes connections that are idle for long, or broken. A burst, or the end of an outage, opens as
/// many connections as the pool allows, and each is a process of PostgreSQL. The function is cheap
/// enough for every call.
///
/// The pool must hand out the most recently returned connection first
/// ([`deadpool::managed::QueueMode::Lifo`]); otherwise no connection is ever idle for long.
pub(crate) fn close_idle<M: Manager, W: From<Object<M>>>(
    pool: &Pool<M, W>,
    useful: impl Fn(&M::Type) -> bool,
) {
    close_idle_for(IDLE, pool, useful);
}

fn close_idle_for<M: Manager, W: From<Object<M>>>(
    idle: Duration,
    pool: &Pool<M, W>,
    useful: impl Fn(&M::Type) -> bool,
) {
    pool.retain(|connection, metrics| metrics.last_used() < idle && useful(connection));
}

#[cfg(test)]
mod tests {
    use deadpool::managed::{Metrics, QueueMode, RecycleResult};

    use super::*;

    struct Units;

    impl Manager for Units {
        type Type = ();
        type Error = ();

        async fn create(&self) -> Result<(), ()> {
            Ok(())
        }

        async fn recycle(&self, (): &mut (), _: &Metrics) -> RecycleResult<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn only_needed_connections_stay_open() {
        let pool: Pool<Units> = Pool::builder(Units)
            .queue_mode(QueueMode::Lifo)
            .max_size(4)
            .build()
            .unwrap();
        let held = pool.get().await.unwrap();
        let burst = [pool.get().await, pool.get().await, pool.get().await];
        drop(burst);
        assert_eq!(pool.status().size, 4);
        // Keeps one connection in use, and uses another one again and again.
        while pool.status().size > 2 {
            drop(pool.get().await.unwrap());
            close_idle_for(Duration::from_millis(20), &pool, |()| true);
        }
        drop(held);
        assert_eq!(pool.status().size, 2);
        while pool.status().size > 0 {
            close_idle_for(Duration::from_millis(20), &pool, |()| true);
        }
    }

    #[tokio::test]
    async fn a_broken_connection_is_closed_however_new_it_is() {
        let pool: Pool<Units> = Pool::builder(Units).max_size(2).build().unwrap();
        drop([pool.get().await, pool.get().await]);
        close_idle(&pool, |()| true);
        assert_eq!(pool.status().size, 2);
        close_idle(&pool, |()| false);
        assert_eq!(pool.status().size, 0);
    }
}
