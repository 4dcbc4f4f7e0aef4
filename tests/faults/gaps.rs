//! How long leases that were given back have no new owner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use diesel_async::RunQueryDsl;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::rig::Rig;

/// Partitions without an owner, and turns that were handed over and wait.
const FREE: &str = "SELECT topic || partition AS t FROM partition_leases WHERE owner IS NULL
    UNION ALL SELECT id::text FROM turns
        WHERE finished_at IS NULL AND lease_expires_at = '-infinity'";
/// Between two looks: how exact the figures are.
const LOOK: Duration = Duration::from_millis(50);

/// Looks until it is finished.
pub struct Gaps {
    stop: oneshot::Sender<()>,
    tasks: JoinSet<Vec<Duration>>,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    t: String,
}

impl Gaps {
    pub async fn watch(rig: &Rig) -> Self {
        let mut connection = rig.setup.database.connection().await;
        let (stop, mut stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open: BTreeMap<String, Instant> = BTreeMap::new();
            let mut closed = Vec::new();
            while stopped.try_recv().is_err() {
                let rows: Vec<Row> = diesel::sql_query(FREE).load(&mut connection).await.unwrap();
                let free: BTreeSet<String> = rows.into_iter().map(|row| row.t).collect();
                open.retain(|lease, since| {
                    let still = free.contains(lease);
                    if !still {
                        closed.push(since.elapsed());
                    }
                    still
                });
                for lease in free {
                    open.entry(lease).or_insert_with(Instant::now);
                }
                tokio::time::sleep(LOOK).await;
            }
            closed.extend(open.into_values().map(|since| since.elapsed()));
            closed.sort();
            closed
        });
        Self { stop, tasks }
    }

    /// Every gap, the shortest first.
    pub async fn finish(mut self) -> Vec<Duration> {
        self.stop.send(()).expect("it looks");
        let gaps = self.tasks.join_next().await.expect("one task");
        gaps.expect("it does not fail")
    }
}
