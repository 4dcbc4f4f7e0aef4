use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chatbot::domain::messaging::topics::DOCUMENT_EVENTS;
use chatbot::domain::messaging::{OutboxRecord, OutboxStore, Publish, StoreError};
use chatbot::persistence::outbox;
use serde_json::json;

use crate::support::TestDatabase;

#[derive(Default)]
struct Published {
    kinds: Mutex<Vec<String>>,
    refuse: bool,
}

#[async_trait]
impl Publish for Published {
    async fn publish(&self, records: &[OutboxRecord]) -> Result<(), StoreError> {
        if self.refuse {
            return Err(StoreError("refused".into()));
        }
        let mut kinds = self.kinds.lock().unwrap();
        kinds.extend(records.iter().map(|r| r.envelope.kind.clone()));
        Ok(())
    }
}

/// Looks for rows while another relay holds the lock.
struct Nested<'a>(&'a TestDatabase);

#[async_trait]
impl Publish for Nested<'_> {
    async fn publish(&self, _: &[OutboxRecord]) -> Result<(), StoreError> {
        let inner = Published::default();
        assert_eq!(self.0.database.relay_batch(10, &inner).await?, 0);
        Ok(())
    }
}

async fn fill(test: &TestDatabase, count: usize) {
    for index in 0..count {
        let kind = format!("kind.{index}");
        outbox::enqueue(&test.database, DOCUMENT_EVENTS, &kind, "key", json!({}))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn rows_are_published_once_and_in_order() {
    let test = TestDatabase::new().await;
    fill(&test, 5).await;
    assert_eq!(test.database.pending().await.unwrap(), 5);
    let published = Published::default();
    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(test.database.relay_batch(2, &published).await.unwrap());
    }
    assert_eq!(counts, [2, 2, 1, 0]);
    assert_eq!(
        *published.kinds.lock().unwrap(),
        ["kind.0", "kind.1", "kind.2", "kind.3", "kind.4"]
    );
    assert_eq!(test.database.pending().await.unwrap(), 0);
}

#[tokio::test]
async fn a_refused_batch_waits_on() {
    let test = TestDatabase::new().await;
    fill(&test, 2).await;
    let refusing = Published {
        refuse: true,
        ..Published::default()
    };
    let error = test.database.relay_batch(10, &refusing).await.unwrap_err();
    assert_eq!(error.to_string(), "refused");
    assert_eq!(test.database.pending().await.unwrap(), 2);
    let published = Published::default();
    assert_eq!(test.database.relay_batch(10, &published).await.unwrap(), 2);
}

#[tokio::test]
async fn only_one_relay_is_at_work() {
    let test = TestDatabase::new().await;
    fill(&test, 1).await;
    let outer = test.database.relay_batch(10, &Nested(&test)).await;
    assert_eq!(outer.unwrap(), 1);
}

#[tokio::test]
async fn an_event_too_large_for_the_bus_is_refused_at_once() {
    let test = TestDatabase::new().await;
    let payload = json!({ "ids": "x".repeat(300_000) });
    let refused = outbox::enqueue(&test.database, DOCUMENT_EVENTS, "kind", "key", payload).await;
    assert!(refused.is_err());
    assert_eq!(test.database.pending().await.unwrap(), 0);
}

#[tokio::test]
async fn pruning_keeps_what_waits() {
    let test = TestDatabase::new().await;
    fill(&test, 2).await;
    let published = Published::default();
    test.database.relay_batch(1, &published).await.unwrap();
    test.execute(
        "INSERT INTO inbox VALUES ('group', gen_random_uuid(), now() - interval '2 days')",
    )
    .await;
    let week = Duration::from_hours(7 * 24);
    assert_eq!(outbox::prune(&test.database, week).await.unwrap(), 0);
    let day = Duration::from_hours(24);
    assert_eq!(outbox::prune(&test.database, day).await.unwrap(), 1);
    assert_eq!(
        outbox::prune(&test.database, Duration::ZERO).await.unwrap(),
        1
    );
    assert_eq!(test.database.pending().await.unwrap(), 1);
}
