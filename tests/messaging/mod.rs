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

use chatbot::domain::messaging::{Delivery, Outcome};
use chatbot::persistence::indexing::{Receipt, commit_nothing};
use chatbot::persistence::{Database, DbError};

/// Finishes a record that needs no effect, as the rag worker does.
async fn acknowledge(database: &Database, delivery: &Delivery) -> Result<Outcome, DbError> {
    let receipt = Receipt {
        fence: &delivery.fence,
        offset: delivery.offset,
        event_id: delivery.envelope.event_id,
    };
    commit_nothing(database, &receipt).await
}
