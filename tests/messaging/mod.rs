//! The bus, the outbox, the leases and the cache against real Kafka, PostgreSQL and Redis.

mod cache;
mod end_to_end;
mod kafka;
mod leases;
mod outbox;
