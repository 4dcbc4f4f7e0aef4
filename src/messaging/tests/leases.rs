//! A lease store in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::fakes::TOPIC;
use crate::domain::ids::EventId;
use crate::domain::messaging::{
    Delivery, Fence, HandlerError, Lease, LeaseStore, Outcome, Standing, StoreError,
};

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
