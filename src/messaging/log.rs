//! The interface that every bus implements, and the records it carries.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::messaging::topics;

/// The largest value of a record, in bytes.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// The reason why a call to the bus failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The bus did not answer before the deadline; an append may or may not have been stored.
    #[error("the bus did not answer in time")]
    Timeout,
    /// The broker is gone or refused the call.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// The offset is not in the log.
    #[error("the offset is out of range; the earliest is {earliest}")]
    OutOfRange {
        earliest: i64,
        /// The offset belongs to the log of an earlier process (in-process bus only), so going to
        /// `earliest` skips nothing of this log.
        earlier_log: bool,
    },
    /// The record is larger than [`MAX_RECORD_BYTES`] and can never be appended.
    #[error("a record of {bytes} bytes is too large")]
    TooLarge { bytes: usize },
    /// The topic or partition does not exist.
    #[error("unknown topic or partition: {0}")]
    Unknown(String),
}

/// A record to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: String,
    pub value: Vec<u8>,
}

/// A fetched record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedRecord {
    pub offset: i64,
    pub value: Vec<u8>,
}

/// A partitioned, append-only log. Topic names have no prefix. Every call has a deadline.
#[async_trait]
pub trait Log: Send + Sync {
    /// Creates the product's topics if they are missing.
    async fn ensure_topics(&self) -> Result<(), BusError>;
    /// Returns the number of partitions of a topic.
    async fn partitions(&self, topic: &str) -> Result<i32, BusError>;
    /// Appends all records in order or fails; after a failure the records may be stored all the
    /// same.
    async fn append(
        &self,
        topic: &str,
        partition: i32,
        records: Vec<Record>,
    ) -> Result<(), BusError>;
    /// Returns records from `offset` on, at most about 4 MiB; empty if none arrived within
    /// `max_wait`.
    async fn fetch(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_wait: Duration,
    ) -> Result<Vec<FetchedRecord>, BusError>;
    /// Returns the offset that the next record will get, for the lag metric.
    async fn end_offset(&self, topic: &str, partition: i32) -> Result<i64, BusError>;
    /// Checks that the bus answers; readiness calls this.
    async fn ping(&self) -> Result<(), BusError>;
}

/// Returns the partition of a key: murmur2, as in Kafka's own default partitioner, so that records
/// by other tools get the same partitions.
pub fn partition_for(key: &str, partitions: i32) -> i32 {
    let hash = i32::from_ne_bytes(murmur2(key.as_bytes()).to_ne_bytes()) & i32::MAX;
    hash.checked_rem(partitions).unwrap_or(0)
}

/// `org.apache.kafka.common.utils.Utils.murmur2`.
pub(super) fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = SEED ^ length;
    let (words, tail) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    if !tail.is_empty() {
        for (index, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// The dead-letter topic of a topic.
pub fn dead_letter_topic(topic: &str) -> String {
    format!("{topic}{}", topics::DEAD_LETTER_SUFFIX)
}

/// Every topic with its number of partitions. Dead letters need no order, hence one partition.
pub(super) fn all_topics(partitions: i32) -> Vec<(String, i32)> {
    topics::ALL
        .iter()
        .flat_map(|topic| {
            [
                ((*topic).to_owned(), partitions),
                (dead_letter_topic(topic), 1),
            ]
        })
        .collect()
}

pub(super) fn check_sizes(records: &[Record]) -> Result<(), BusError> {
    match records.iter().map(|r| r.value.len()).max() {
        Some(bytes) if bytes > MAX_RECORD_BYTES => Err(BusError::TooLarge { bytes }),
        _ => Ok(()),
    }
}
