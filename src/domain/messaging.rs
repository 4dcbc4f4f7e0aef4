//! What travels on the bus, and the ports between the bus and the database.
//!
//! The traits here are implemented by `persistence` and used by `messaging`,
//! so that neither adapter imports the other.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::EventId;

/// Topic names without the configured prefix.
pub mod topics {
    /// Commands to the rag workers: key = document id.
    pub const DOCUMENT_COMMANDS: &str = "documents.commands";
    /// What became of documents: indexed, failed, withdrawn.
    pub const DOCUMENT_EVENTS: &str = "documents.events";
    /// What became of turns: accepted, and the terminal states.
    pub const TURN_EVENTS: &str = "turns.events";
    /// Every topic the product uses.
    pub const ALL: [&str; 3] = [DOCUMENT_COMMANDS, DOCUMENT_EVENTS, TURN_EVENTS];
    /// Appended to a topic's name for its dead letters.
    pub const DEAD_LETTER_SUFFIX: &str = ".dead-letters";
}

/// One record: ids and states only, never message or document text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub event_id: EventId,
    /// For example `document.received`.
    pub kind: String,
    /// Version of the payload's shape.
    pub version: u16,
    pub occurred_at: DateTime<Utc>,
    /// Partitioning key.
    pub key: String,
    pub payload: serde_json::Value,
}

/// Proof of ownership of a partition, checked in the transaction that holds the effects.
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

/// What became of a record that was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its effects are stored.
    Applied,
    /// Its event was in the inbox already: no second effect, only the offset went on.
    Duplicate,
}

/// What a handler says about a record it could not finish. Nothing is swallowed.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// What every record needs is away, for example the database: the record waits in its place
    /// for as long as it takes, and no attempt is counted.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// It failed, and the cause may be the record: tried again a few times within a second, then
    /// into the dead letters.
    #[error("retry: {0}")]
    Retry(String),
    /// The record can never be handled: into the dead letters.
    #[error("reject: {0}")]
    Reject(String),
    /// This replica no longer owns the partition; stop at once, write nothing.
    #[error("the partition lease was lost")]
    Fenced,
}

/// Handles records. `handle` must commit its effects, the event id into the inbox and
/// `offset + 1` in one transaction that also checks the fence.
#[async_trait]
pub trait Handler: Send + Sync {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError>;

    /// Called before a record goes to the dead letters, to tell whoever waits for its effects.
    /// Must check the fence, and may be called again for the same record.
    async fn give_up(&self, _delivery: &Delivery) -> Result<(), StoreError> {
        Ok(())
    }
}

/// An outbox row that waits to be published.
#[derive(Clone, Debug)]
pub struct OutboxRecord {
    pub id: i64,
    pub topic: String,
    pub envelope: Envelope,
}

/// Any failure behind a port; the text carries no personal data.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Rows that no batch is to hold at present, so that it has room for those behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub topics: Vec<String>,
    pub ids: Vec<i64>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// Rows that it held.
    pub read: usize,
    /// Those of them that were published.
    pub published: usize,
}

/// The outbox as its relay sees it.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Takes the relay's lock for one batch of the oldest rows that are not left out, and publishes
    /// through `publish`; marks what was published. One relay at a time, so that records of one key
    /// keep their order.
    async fn relay_batch(
        &self,
        limit: i64,
        left_out: &LeftOut,
        publish: &(dyn Publish + '_),
    ) -> Result<Relayed, StoreError>;
    /// Rows that wait, for the lag metric.
    async fn pending(&self) -> Result<i64, StoreError>;
}

/// Publishes a batch.
#[async_trait]
pub trait Publish: Send + Sync {
    /// The ids of those that are stored. Of the others some may be stored too; none of one key
    /// before an earlier one of the same key.
    async fn publish(&self, records: &[OutboxRecord]) -> Vec<i64>;
}

/// A lease as its owner sees it.
#[derive(Clone, Debug)]
pub struct Lease {
    pub fence: Fence,
    pub next_offset: i64,
    /// How often the record at `next_offset` was begun by owners that may have died of it.
    pub attempts: u32,
}

/// The leases as the consumer sees them. All times are the database's.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Registers or renews this member and extends its leases; returns those it still owns.
    async fn heartbeat(
        &self,
        group: &str,
        owner: &str,
        ttl: Duration,
    ) -> Result<Vec<Lease>, StoreError>;
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
    /// Remembers that a record, the next one of its partition, was begun so many times, for whoever
    /// takes the partition over; fenced.
    async fn note_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<(), StoreError>;
    /// Stores a poison record and advances past it, in one fenced transaction.
    async fn dead_letter(&self, delivery: &Delivery, cause: &str) -> Result<(), StoreError>;
    /// Moves the next offset (for gaps), fenced.
    async fn skip_to(&self, fence: &Fence, next_offset: i64, cause: &str)
    -> Result<(), StoreError>;
}
