//! What the pools of connections have in common.

use std::time::Duration;

use deadpool::managed::{Manager, Object, Pool};

/// A connection that nobody needed for so long is closed.
const IDLE: Duration = Duration::from_mins(1);

/// Closes connections that are idle for long. A burst, or an outage that everybody waited for, opens
/// all that the pool may have, and each is a process of PostgreSQL. Cheap enough for every call.
///
/// The pool must hand out first what came back last ([`deadpool::managed::QueueMode::Lifo`]);
/// otherwise no connection is ever idle for long.
pub(crate) fn close_idle<M: Manager, W: From<Object<M>>>(pool: &Pool<M, W>) {
    close_idle_for(IDLE, pool);
}

fn close_idle_for<M: Manager, W: From<Object<M>>>(idle: Duration, pool: &Pool<M, W>) {
    pool.retain(|_, metrics| metrics.last_used() < idle);
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
    async fn only_what_is_needed_stays_open() {
        let pool: Pool<Units> = Pool::builder(Units)
            .queue_mode(QueueMode::Lifo)
            .max_size(4)
            .build()
            .unwrap();
        let held = pool.get().await.unwrap();
        let burst = [pool.get().await, pool.get().await, pool.get().await];
        drop(burst);
        assert_eq!(pool.status().size, 4);
        // One in use all the time, one again and again.
        while pool.status().size > 2 {
            drop(pool.get().await.unwrap());
            close_idle_for(Duration::from_millis(20), &pool);
        }
        drop(held);
        assert_eq!(pool.status().size, 2);
        while pool.status().size > 0 {
            close_idle_for(Duration::from_millis(20), &pool);
        }
    }
}
