//! The bus, the outbox, the leases and the cache against real Kafka, PostgreSQL and Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cache;
mod encryption;
mod end_to_end;
mod kafka;
mod kafka_security;
mod leases;
mod long_documents;
mod outbox;
mod poison;
mod reannounce;
mod records;
