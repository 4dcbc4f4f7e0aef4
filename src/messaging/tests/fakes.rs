//! A lease store in memory, a scripted handler, and other parts that the tests share.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::domain::ids::EventId;
use crate::domain::messaging::{
    Delivery, Envelope, Fence, Handler, HandlerError, Lease, LeaseStore, Outcome, Standing,
    StoreError, topics,
};
use crate::domain::time;
use crate::messaging::{
    ConsumerSettings, InProcessLog, InProcessSettings, LeasedConsumer, Log, Record, partition_for,
};

pub const TOPIC: &str = topics::DOCUMENT_COMMANDS;
pub const START: i64 = 1_000;
pub const LEASE: Duration = Duration::from_millis(300);

#[derive(Default)]
struct Row {
    owner: Option<String>,
    epoch: i64,
    expires: Option<Instant>,
    next: i64,
    attempts: (i64, u32),
}

impl Row {
    fn attempts(&self) -> u32 {
        let (offset, attempts) = self.attempts;
        if offset == self.next { attempts } else { 0 }
    }

    fn give_back(&mut self) {
        self.owner = None;
        self.attempts.1 = self.attempts.1.saturating_sub(1);
    }
}

#[derive(Default)]
struct Tables {
    rows: BTreeMap<i32, Row>,
    members: HashMap<String, Instant>,
    inbox: HashSet<EventId>,
    dead: Vec<(i64, String, u32)>,
    skips: Vec<(i64, i64)>,
    down: bool,
    beats: usize,
    shared: usize,
}

/// A store of one group and topic.
#[derive(Default)]
pub struct MemoryLeases(Mutex<Tables>);

impl MemoryLeases {
    pub fn dead(&self) -> Vec<(i64, String, u32)> {
        self.0.lock().unwrap().dead.clone()
    }

    pub fn skips(&self) -> Vec<(i64, i64)> {
        self.0.lock().unwrap().skips.clone()
    }

    pub fn owners(&self) -> Vec<Option<String>> {
        let tables = self.0.lock().unwrap();
        tables.rows.values().map(|row| row.owner.clone()).collect()
    }

    pub fn epochs(&self) -> Vec<i64> {
        let tables = self.0.lock().unwrap();
        tables.rows.values().map(|row| row.epoch).collect()
    }

    pub fn next(&self, partition: i32) -> i64 {
        self.0.lock().unwrap().rows[&partition].next
    }

    pub fn set_next(&self, partition: i32, next: i64) {
        self.0
            .lock()
            .unwrap()
            .rows
            .entry(partition)
            .or_default()
            .next = next;
    }

    /// How often a member has renewed its leases, and how often the partitions were shared.
    pub fn calls(&self) -> (usize, usize) {
        let tables = self.0.lock().unwrap();
        (tables.beats, tables.shared)
    }

    pub fn set_down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    /// Takes a partition away as another member would.
    pub fn steal(&self, partition: i32, thief: &str) {
        let mut tables = self.0.lock().unwrap();
        let row = tables.rows.get_mut(&partition).unwrap();
        row.owner = Some(thief.into());
        row.epoch += 1;
        row.expires = Some(Instant::now() + Duration::from_mins(1));
    }

    /// Commits like a handler in its transaction.
    pub fn commit(&self, delivery: &Delivery) -> Result<Outcome, HandlerError> {
        let mut tables = self.0.lock().unwrap();
        tables
            .fenced(&delivery.fence)
            .map_err(|_| HandlerError::Fenced)?
            .next = delivery.offset + 1;
        Ok(if tables.inbox.insert(delivery.envelope.event_id) {
            Outcome::Applied
        } else {
            Outcome::Duplicate
        })
    }
}

impl Tables {
    fn fenced(&mut self, fence: &Fence) -> Result<&mut Row, StoreError> {
        self.rows
            .get_mut(&fence.partition)
            .filter(|row| {
                row.owner.as_deref() == Some(&fence.owner)
                    && row.epoch == fence.epoch
                    && row.expires.is_some_and(|at| at > Instant::now())
            })
            .ok_or_else(|| StoreError("fenced".into()))
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.down {
            return Err(StoreError("down".into()));
        }
        Ok(())
    }

    fn standing(&self, group: &str, owner: &str) -> Standing {
        let now = Instant::now();
        let live = self.members.iter().filter(|(_, at)| **at > now);
        let others = live.filter(|(member, _)| *member != owner);
        Standing {
            leases: self.owned(group, owner),
            before: others
                .clone()
                .filter(|(member, _)| member.as_str() < owner)
                .count(),
            others: others.count(),
        }
    }

    fn owned(&self, group: &str, owner: &str) -> Vec<Lease> {
        self.rows
            .iter()
            .filter(|(_, row)| row.owner.as_deref() == Some(owner))
            .map(|(partition, row)| Lease {
                fence: Fence {
                    group: group.into(),
                    topic: TOPIC.into(),
                    partition: *partition,
                    owner: owner.into(),
                    epoch: row.epoch,
                },
                next_offset: row.next,
                attempts: row.attempts(),
            })
            .collect()
    }
}

#[async_trait]
impl LeaseStore for MemoryLeases {
    async fn heartbeat(
        &self,
        group: &str,
        owner: &str,
        ttl: Duration,
    ) -> Result<Standing, StoreError> {
        let mut tables = self.0.lock().unwrap();
        tables.up()?;
        tables.beats += 1;
        let until = Instant::now() + ttl;
        tables.members.insert(owner.into(), until);
        for row in tables.rows.values_mut() {
            if row.owner.as_deref() == Some(owner) {
                row.expires = Some(until);
            }
        }
        Ok(tables.standing(group, owner))
    }

    async fn rebalance(
        &self,
        group: &str,
        owner: &str,
        _topic: &str,
        partitions: i32,
        ttl: Duration,
    ) -> Result<Vec<Lease>, StoreError> {
        let mut tables = self.0.lock().unwrap();
        tables.up()?;
        tables.shared += 1;
        let now = Instant::now();
        for partition in 0..partitions {
            tables.rows.entry(partition).or_default();
        }
        let standing = tables.standing(group, owner);
        let fair = standing.share(usize::try_from(partitions).unwrap());
        let mut held = 0;
        for row in tables.rows.values_mut() {
            let mine = row.owner.as_deref() == Some(owner);
            let free = row.owner.is_none() || row.expires.is_none_or(|at| at <= now);
            if mine && held >= fair {
                row.give_back();
            } else if mine {
                held += 1;
            } else if free && held < fair {
                let vanished = u32::from(row.owner.is_some());
                row.attempts = (row.next, row.attempts().max(vanished));
                row.owner = Some(owner.into());
                row.epoch += 1;
                row.expires = Some(now + ttl);
                held += 1;
            }
        }
        Ok(tables.owned(group, owner))
    }

    async fn release(&self, _group: &str, owner: &str) -> Result<(), StoreError> {
        let mut tables = self.0.lock().unwrap();
        tables.members.remove(owner);
        for row in tables.rows.values_mut() {
            if row.owner.as_deref() == Some(owner) {
                row.give_back();
            }
        }
        Ok(())
    }

    async fn note_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<(), StoreError> {
        let mut tables = self.0.lock().unwrap();
        tables.up()?;
        tables.fenced(&delivery.fence)?.attempts = (delivery.offset, attempts);
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &str) -> Result<(), StoreError> {
        let mut tables = self.0.lock().unwrap();
        tables.up()?;
        tables.fenced(&delivery.fence)?.next = delivery.offset + 1;
        tables
            .dead
            .push((delivery.offset, cause.into(), delivery.attempt));
        Ok(())
    }

    async fn skip_to(&self, fence: &Fence, next: i64, _cause: &str) -> Result<(), StoreError> {
        let mut tables = self.0.lock().unwrap();
        tables.up()?;
        let row = tables.fenced(fence)?;
        let from = std::mem::replace(&mut row.next, next);
        tables.skips.push((from, next));
        Ok(())
    }
}

pub type Script = dyn Fn(&Delivery) -> Result<(), HandlerError> + Send + Sync;

/// A handler that records its effects; the script decides what happens before the commit.
pub struct Recorder {
    pub leases: Arc<MemoryLeases>,
    pub effects: Mutex<Vec<String>>,
    pub attempts: Mutex<Vec<(i64, u32)>>,
    pub script: Box<Script>,
    pub slow: Duration,
}

#[async_trait]
impl Handler for Recorder {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError> {
        self.attempts
            .lock()
            .unwrap()
            .push((delivery.offset, delivery.attempt));
        (self.script)(&delivery)?;
        tokio::time::sleep(self.slow).await;
        let outcome = self.leases.commit(&delivery)?;
        if outcome == Outcome::Applied {
            self.effects.lock().unwrap().push(delivery.envelope.kind);
        }
        Ok(outcome)
    }
}

impl Recorder {
    pub fn kinds(&self) -> Vec<String> {
        self.effects.lock().unwrap().clone()
    }
}

pub struct Rig {
    pub log: Arc<InProcessLog>,
    pub leases: Arc<MemoryLeases>,
    pub recorder: Arc<Recorder>,
    partitions: i32,
}

impl Rig {
    pub fn new(
        partitions: i32,
        script: impl Fn(&Delivery) -> Result<(), HandlerError> + Send + Sync + 'static,
    ) -> Self {
        Self::slow(partitions, Duration::ZERO, script)
    }

    pub fn slow(
        partitions: i32,
        slow: Duration,
        script: impl Fn(&Delivery) -> Result<(), HandlerError> + Send + Sync + 'static,
    ) -> Self {
        let leases = Arc::new(MemoryLeases::default());
        for partition in 0..partitions {
            leases.set_next(partition, START);
        }
        Self {
            log: Arc::new(log(partitions, 100)),
            recorder: Arc::new(Recorder {
                leases: Arc::clone(&leases),
                effects: Mutex::default(),
                attempts: Mutex::default(),
                script: Box::new(script),
                slow,
            }),
            leases,
            partitions,
        }
    }

    pub fn consumer(&self, owner: &str) -> LeasedConsumer {
        self.consumer_with(owner, self.recorder.clone())
    }

    pub fn consumer_with(&self, owner: &str, handler: Arc<dyn Handler>) -> LeasedConsumer {
        LeasedConsumer::new(
            Arc::clone(&self.log) as Arc<dyn Log>,
            Arc::clone(&self.leases) as Arc<dyn LeaseStore>,
            handler,
            ConsumerSettings {
                ttl: LEASE,
                heartbeat: Duration::from_millis(20),
                max_wait: Duration::from_millis(10),
                max_attempts: 3,
                retry_initial: Duration::from_millis(2),
                retry_max: Duration::from_millis(10),
                drain: Duration::from_secs(5),
                ..ConsumerSettings::new("group", owner, TOPIC)
            },
        )
    }

    pub async fn send(&self, key: &str, kind: &str) {
        self.append(key, &envelope(key, kind)).await;
    }

    pub async fn append(&self, key: &str, envelope: &Envelope) {
        let value = serde_json::to_vec(envelope).unwrap();
        self.append_bytes(key, value).await;
    }

    pub async fn append_bytes(&self, key: &str, value: Vec<u8>) {
        let partition = partition_for(key, self.partitions);
        let record = Record {
            key: key.into(),
            value,
        };
        self.log
            .append(TOPIC, partition, vec![record])
            .await
            .unwrap();
    }
}

pub fn log(partitions: i32, capacity: usize) -> InProcessLog {
    InProcessLog::new(InProcessSettings {
        partitions,
        capacity,
        first_offset: START,
    })
}

pub fn envelope(key: &str, kind: &str) -> Envelope {
    Envelope {
        event_id: EventId::new(),
        kind: kind.into(),
        version: 1,
        occurred_at: time::now(),
        key: key.into(),
        payload: serde_json::Value::Null,
    }
}

/// Waits until a condition holds.
pub async fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < deadline, "did not happen in time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
