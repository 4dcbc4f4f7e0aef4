//! The resources that the roles and the stores have used up to a moment.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use url::Url;

use crate::processes::{cpu_of_tree, listener, sleeps};
use crate::side::Running;
use crate::support::service;

/// Time for the work that follows an answer: the outbox, the cache.
const REST: Duration = Duration::from_millis(300);

/// The processes of the stores.
pub struct Stores {
    postgresql: u32,
    redis: u32,
    kafka: u32,
}

impl Stores {
    /// They run on this machine, as those of `scripts/services` do.
    pub fn find() -> Self {
        let of = |url: &str| listener(Url::parse(url).unwrap().port().unwrap());
        Self {
            postgresql: of(&service("CHATBOT_TEST_DATABASE_URL")),
            redis: of(&service("CHATBOT_TEST_REDIS_URL")),
            kafka: of(&format!(
                "kafka://{}",
                service("CHATBOT_TEST_KAFKA_BROKERS")
            )),
        }
    }
}

pub struct Usage {
    at: Instant,
    /// CPU seconds.
    orchestrator: f64,
    rag: f64,
    postgresql: f64,
    redis: f64,
    kafka: f64,
    /// Of the orchestrator's threads.
    sleeps: BTreeMap<u32, u64>,
    /// The bytes of PostgreSQL's write-ahead log.
    log: i64,
}

/// The resources used between two moments.
pub struct Spent {
    pub elapsed: Duration,
    pub orchestrator: f64,
    pub rag: f64,
    pub postgresql: f64,
    pub redis: f64,
    pub kafka: f64,
    pub wake_ups: u64,
    pub log: i64,
}

impl Usage {
    pub async fn now(running: &Running<'_>, stores: &Stores) -> Self {
        let database = &running.side.setup.database;
        let position = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS n";
        Self {
            log: database.number(position).await,
            at: Instant::now(),
            orchestrator: cpu_of_tree(running.orchestrator.child.id()),
            rag: cpu_of_tree(running.rag.child.id()),
            postgresql: cpu_of_tree(stores.postgresql),
            redis: cpu_of_tree(stores.redis),
            kafka: cpu_of_tree(stores.kafka),
            sleeps: sleeps(running.orchestrator.child.id()),
        }
    }

    pub async fn spent(self, running: &Running<'_>, stores: &Stores) -> Spent {
        let elapsed = self.at.elapsed();
        tokio::time::sleep(REST).await;
        let now = Self::now(running, stores).await;
        let slept = |(thread, count): (&u32, &u64)| {
            count - self.sleeps.get(thread).copied().unwrap_or_default()
        };
        Spent {
            elapsed,
            orchestrator: now.orchestrator - self.orchestrator,
            rag: now.rag - self.rag,
            postgresql: now.postgresql - self.postgresql,
            redis: now.redis - self.redis,
            kafka: now.kafka - self.kafka,
            wake_ups: now.sleeps.iter().map(slept).sum(),
            log: now.log - self.log,
        }
    }
}
