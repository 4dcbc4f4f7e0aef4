//! The records on the bus, and the ports between the bus and the database.
//!
//! `persistence` implements these traits and `messaging` uses them, so that neither adapter imports
//! the other.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::EventId;

/// Topic names without the configured prefix.
pub mod topics {
    /// Commands to the rag workers; the key is the document id.
    pub const DOCUMENT_COMMANDS: &str = "documents.commands";
    /// The results of documents: indexed, failed, withdrawn.
    pub const DOCUMENT_EVENTS: &str = "documents.events";
    /// The states of turns: accepted, and the terminal states.
    pub const TURN_EVENTS: &str = "turns.events";
    /// Every topic the product uses.
    pub const ALL: [&str; 3] = [DOCUMENT_COMMANDS, DOCUMENT_EVENTS, TURN_EVENTS];
    /// Appended to a topic's name for its dead letters.
    pub const DEAD_LETTER_SUFFIX: &str = ".dead-letters";
}

/// One record. It contains ids and states only, never message or document text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub event_id: EventId,
    /// The kind of record, for example `document.received`.
    pub kind: String,
    /// The version of the payload's form.
    pub version: u16,
    pub occurred_at: DateTime<Utc>,
    /// The partitioning key.
    pub key: String,
    pub payload: serde_json::Value,
}

/// Proof of the ownership of a partition, checked in the transaction with the effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub group: String,
    pub topic: String,
    pub partition: i32,
    pub owner: String,
    pub epoch: i64,
}

/// One record handed to a handler.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub envelope: Envelope,
    pub offset: i64,
    pub attempt: u32,
    pub fence: Fence,
}

/// The result of a handled record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The effects of the record are stored.
    Applied,
    /// The event had been handled before, so there was no second effect and only the offset
    /// advanced.
    Duplicate,
}

/// A handler's verdict on a record that it could not finish. No failure is swallowed.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// A dependency of every record is unavailable, for example the database. The record waits in
    /// place without limit, and no attempt is counted.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The record failed and may be the cause. It is tried again a few times within a second, and
    /// then goes to the dead letters.
    #[error("retry: {0}")]
    Retry(String),
    /// The record can never be handled and goes to the dead letters.
    #[error("reject: {0}")]
    Reject(String),
    /// This replica no longer owns the partition: stop at once and write nothing.
    #[error("the partition lease was lost")]
    Fenced,
}

/// Handles records. `handle` must commit its effects, the event id into the inbox and
/// `offset + 1` in one transaction that also checks the fence.
#[async_trait]
pub trait Handler: Send + Sync {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError>;

    /// Called before a record goes to the dead letters, so that those who wait for its effects
    /// learn of it. The call must check the fence, and may come again for the same record.
    async fn give_up(&self, _delivery: &Delivery) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A waiting outbox row.
#[derive(Clone, Debug)]
pub struct OutboxRecord {
    pub id: i64,
    pub topic: String,
    pub envelope: Envelope,
}

/// Any failure behind a port. The text contains no personal data.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Rows that batches must skip for now, so that they have room for later rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub topics: Vec<String>,
    pub ids: Vec<i64>,
}

/// The result of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// The rows in the batch.
    pub read: usize,
    /// The published rows among them.
    pub published: usize,
}

/// The outbox, in the form that its relay needs.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Takes the relay's lock for one batch of the oldest rows that are not skipped, publishes them
    /// through `publish`, and marks the published ones. One relay runs at a time, so that records
    /// with one key keep their order.
    async fn relay_batch(
        &self,
        limit: i64,
        left_out: &LeftOut,
        publish: &(dyn Publish + '_),
    ) -> Result<Relayed, StoreError>;
    /// Returns the number of waiting rows.
    async fn pending(&self) -> Result<i64, StoreError>;
    /// Resolves once this process has added rows since the last time. Other processes add rows too.
    async fn written(&self);
}

/// Publishes a batch.
#[async_trait]
pub trait Publish: Send + Sync {
    /// Returns the ids of the stored records. Others may be stored too, but none before an earlier
    /// record with the same key.
    async fn publish(&self, records: &[OutboxRecord]) -> Vec<i64>;
}

/// A lease, in the form that its owner needs.
#[derive(Clone, Debug)]
pub struct Lease {
    pub fence: Fence,
    pub next_offset: i64,
    /// How often owners that may have died of it started the record at `next_offset`.
    pub attempts: u32,
}

/// A member of a group after a heartbeat.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The leases that the member still owns, of all topics.
    pub leases: Vec<Lease>,
    /// How many other members are alive, and how many of them precede this one by name.
    pub others: usize,
    pub before: usize,
}

impl Standing {
    /// Returns how many partitions this member should hold: an even share. The remainder goes to the
    /// first members by name, so that shares differ by at most one and add up.
    pub fn share(&self, partitions: usize) -> usize {
        let members = self.others + 1;
        partitions / members + usize::from(self.before < partitions % members)
    }

    /// Returns how many partitions of a topic this member holds.
    pub fn held(&self, topic: &str) -> usize {
        let leases = self.leases.iter();
        leases.filter(|lease| lease.fence.topic == topic).count()
    }
}

/// The leases, in the form that the consumer needs. All times are the database's.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Registers or renews this member and extends its leases.
    async fn heartbeat(
        &self,
        group: &str,
        owner: &str,
        ttl: Duration,
    ) -> Result<Standing, StoreError>;
    /// Takes free or expired partitions up to a fair share and gives up what exceeds it.
    async fn rebalance(
        &self,
        group: &str,
        owner: &str,
        topic: &str,
        partitions: i32,
        ttl: Duration,
    ) -> Result<Vec<Lease>, StoreError>;
    /// Gives every lease back and leaves the group.
    async fn release(&self, group: &str, owner: &str) -> Result<(), StoreError>;
    /// Records how often the next record of a partition was started, for the partition's next
    /// owner; fenced.
    async fn note_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<(), StoreError>;
    /// Stores a poison record and advances past it, in one fenced transaction.
    async fn dead_letter(&self, delivery: &Delivery, cause: &str) -> Result<(), StoreError>;
    /// Moves the next offset across a gap; fenced.
    async fn skip_to(&self, fence: &Fence, next_offset: i64, cause: &str)
    -> Result<(), StoreError>;
}
