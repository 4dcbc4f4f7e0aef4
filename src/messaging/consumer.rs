//! A consumer that owns partitions by leases. This file manages membership; `partition` reads.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::partition::PartitionLoop;
use super::store::TimelyStore;
use super::{ConsumerSettings, ConsumerStats, Log};
use crate::domain::messaging::{Handler, Lease, LeaseStore, Standing, StoreError};

/// The number of heartbeats between two looks at the topic's number of partitions.
const BEATS_PER_TOPIC_LOOK: u64 = 20;

/// Reads one topic as a member of a group.
pub struct LeasedConsumer {
    log: Arc<dyn Log>,
    store: Arc<TimelyStore>,
    handler: Arc<dyn Handler>,
    settings: Arc<ConsumerSettings>,
    stats: Arc<ConsumerStats>,
    /// Shared by all partition loops.
    suspects: Arc<Semaphore>,
}

/// A running partition loop.
struct Running {
    epoch: i64,
    stop: CancellationToken,
    lost: CancellationToken,
}

/// The partition loops of one `run`; dropping them aborts them.
#[derive(Default)]
struct Loops {
    tasks: JoinSet<i32>,
    running: HashMap<i32, Running>,
    by_task: HashMap<tokio::task::Id, i32>,
}

/// The state of the group as one `run` knows it.
struct Membership {
    partitions: i32,
    beats: u64,
    /// Until this time no partition is taken or given up.
    patient_until: Instant,
}

impl LeasedConsumer {
    /// Creates a consumer, which does nothing until `run`.
    pub fn new(
        log: Arc<dyn Log>,
        store: Arc<dyn LeaseStore>,
        handler: Arc<dyn Handler>,
        settings: ConsumerSettings,
    ) -> Self {
        Self {
            log,
            store: Arc::new(TimelyStore::new(store, settings.ttl)),
            handler,
            settings: Arc::new(settings),
            stats: Arc::default(),
            suspects: Arc::new(Semaphore::new(1)),
        }
    }

    /// The counters.
    pub fn stats(&self) -> Arc<ConsumerStats> {
        Arc::clone(&self.stats)
    }

    /// Consumes until cancelled, then finishes the current records and gives the leases back.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut loops = Loops::default();
        let mut membership = Membership {
            partitions: 0,
            beats: 0,
            patient_until: Instant::now(),
        };
        let mut ticker = self.ticker();
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                _ = ticker.tick() => self.beat(&mut membership, &mut loops).await,
                partition = loops.ended(), if !loops.tasks.is_empty() => self.forget(partition),
            }
        }
        self.drain(&mut loops).await;
        let (group, owner) = (&self.settings.group, &self.settings.owner);
        if self.store.release(group, owner).await.is_err() {
            tracing::warn!(
                consumer.group = self.settings.group,
                "leases were not given back; they will expire"
            );
        }
    }

    fn ticker(&self) -> tokio::time::Interval {
        let mut ticker = tokio::time::interval(self.settings.heartbeat);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticker
    }

    /// Renews the leases, shares the partitions, and starts or stops loops accordingly.
    async fn beat(&self, membership: &mut Membership, loops: &mut Loops) {
        match self.leases(membership).await {
            Ok(leases) => self.reconcile(leases, loops),
            Err(error) => {
                self.stats.count_error();
                let silent = self.stats.lease_age();
                tracing::warn!(
                    %error,
                    consumer.group = self.settings.group,
                    silent_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX),
                    "heartbeat failed"
                );
                if silent >= self.settings.ttl {
                    loops.stop_all();
                }
            }
        }
    }

    async fn renew(&self) -> Result<Standing, StoreError> {
        let settings = &self.settings;
        let sent = Instant::now();
        let beat = self.store.heartbeat(&settings.group, &settings.owner);
        let standing = beat.await?;
        self.stats.set_renewed(sent);
        Ok(standing)
    }

    async fn leases(&self, membership: &mut Membership) -> Result<Vec<Lease>, StoreError> {
        let settings = &self.settings;
        let deadline = settings.ttl / 3;
        let silent = self.stats.lease_age();
        let standing = self.renew().await?;
        if silent >= settings.ttl {
            // The store was unavailable, or this process stood still. Living members may have been
            // silent just as long, so they get time to renew their partitions before these count as
            // abandoned.
            membership.patient_until = Instant::now() + deadline * 2;
        }
        if membership.partitions == 0 || membership.beats.is_multiple_of(BEATS_PER_TOPIC_LOOK) {
            let look = self.log.partitions(&settings.topic);
            match tokio::time::timeout(deadline, look).await {
                Ok(Ok(partitions)) => membership.partitions = partitions,
                // An unavailable bus must not cost the leases.
                Ok(Err(error)) => tracing::warn!(%error, "cannot read the topic's partitions"),
                Err(_) => tracing::warn!("reading the topic's partitions took too long"),
            }
        }
        membership.beats += 1;
        let share = standing.share(usize::try_from(membership.partitions).unwrap_or_default());
        let has_share = standing.held(&settings.topic) == share;
        // A topic whose partitions are not known yet must not cost the leases.
        let is_known = membership.partitions > 0;
        if !is_known || has_share || Instant::now() < membership.patient_until {
            return Ok(standing.leases);
        }
        let (group, member, topic) = (&settings.group, &settings.owner, &settings.topic);
        let rebalance = self
            .store
            .rebalance(group, member, topic, membership.partitions);
        rebalance.await
    }

    fn reconcile(&self, leases: Vec<Lease>, loops: &mut Loops) {
        let leases: HashMap<i32, Lease> = leases
            .into_iter()
            .filter(|lease| lease.fence.topic == self.settings.topic)
            .map(|lease| (lease.fence.partition, lease))
            .collect();
        for (partition, running) in &loops.running {
            let owned = leases.get(partition).map(|lease| lease.fence.epoch);
            if owned != Some(running.epoch) {
                running.lost.cancel();
            }
        }
        for (partition, lease) in leases {
            // A stopping loop keeps its slot, so that two loops never work on one partition.
            if !loops.running.contains_key(&partition) {
                self.start(lease, loops);
            }
        }
    }

    fn start(&self, lease: Lease, loops: &mut Loops) {
        let partition = lease.fence.partition;
        tracing::info!(
            consumer.group = lease.fence.group,
            topic = lease.fence.topic,
            partition,
            epoch = lease.fence.epoch,
            offset = lease.next_offset,
            "partition taken"
        );
        if lease.fence.epoch > 1 {
            self.stats.count_takeover();
        }
        self.stats.set_lag(partition, Some(0));
        let lost = CancellationToken::new();
        // A loop that lost its partition stops too.
        let stop = lost.child_token();
        loops.running.insert(
            partition,
            Running {
                epoch: lease.fence.epoch,
                stop: stop.clone(),
                lost: lost.clone(),
            },
        );
        let work = PartitionLoop {
            log: Arc::clone(&self.log),
            store: Arc::clone(&self.store),
            handler: Arc::clone(&self.handler),
            settings: Arc::clone(&self.settings),
            stats: Arc::clone(&self.stats),
            fence: lease.fence,
            suspects: Arc::clone(&self.suspects),
            stop,
            lost,
        };
        let task = loops.tasks.spawn(async move {
            work.run(lease.next_offset, lease.attempts).await;
            partition
        });
        loops.by_task.insert(task.id(), partition);
    }

    fn forget(&self, partition: Option<i32>) {
        if let Some(partition) = partition {
            self.stats.set_lag(partition, None);
        }
    }

    /// Lets the loops finish their records within the drain deadline, with heartbeats.
    async fn drain(&self, loops: &mut Loops) {
        loops.stop_all();
        let deadline = Instant::now() + self.settings.drain;
        let mut ticker = self.ticker();
        while !loops.tasks.is_empty() {
            tokio::select! {
                partition = loops.ended() => self.forget(partition),
                _ = ticker.tick() => {
                    if self.renew().await.is_err() {
                        self.stats.count_error();
                    }
                }
                () = tokio::time::sleep_until(deadline) => {
                    tracing::warn!(
                        consumer.group = self.settings.group,
                        partitions = loops.tasks.len(),
                        "current records were dropped; another member will handle them"
                    );
                    loops.tasks.shutdown().await;
                }
            }
        }
    }
}

impl Loops {
    fn stop_all(&self) {
        for running in self.running.values() {
            running.stop.cancel();
        }
    }

    /// Waits for a loop to end and frees its slot.
    async fn ended(&mut self) -> Option<i32> {
        let id = match self.tasks.join_next_with_id().await? {
            Ok((id, _)) => id,
            Err(error) => {
                tracing::error!(%error, "a partition loop failed");
                error.id()
            }
        };
        let partition = self.by_task.remove(&id)?;
        self.running.remove(&partition);
        Some(partition)
    }
}
