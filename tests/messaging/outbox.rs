use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chatbot::domain::messaging::topics::{DOCUMENT_COMMANDS, DOCUMENT_EVENTS};
use chatbot::domain::messaging::{LeftOut, OutboxRecord, OutboxStore, Publish, Relayed};
use chatbot::persistence::outbox;
use serde_json::json;

use crate::support::TestDatabase;

/// Publishes all but the records of one kind.
#[derive(Default)]
struct Published {
    kinds: Mutex<Vec<String>>,
    refused: &'static str,
}

#[async_trait]
impl Publish for Published {
    async fn publish(&self, records: &[OutboxRecord]) -> Vec<i64> {
        let stored = || records.iter().filter(|r| r.envelope.kind != self.refused);
        let mut kinds = self.kinds.lock().unwrap();
        kinds.extend(stored().map(|r| r.envelope.kind.clone()));
        stored().map(|r| r.id).collect()
    }
}

/// Looks for rows while another relay holds the lock.
struct Nested<'a>(&'a TestDatabase);

#[async_trait]
impl Publish for Nested<'_> {
    async fn publish(&self, records: &[OutboxRecord]) -> Vec<i64> {
        assert_eq!(relay(self.0, 10, &Published::default()).await.read, 0);
        records.iter().map(|record| record.id).collect()
    }
}

async fn relay(test: &TestDatabase, limit: i64, publish: &dyn Publish) -> Relayed {
    let none = LeftOut::default();
    let relayed = test.database.relay_batch(limit, &none, publish).await;
    relayed.unwrap()
}

async fn fill(test: &TestDatabase, count: usize) {
    for index in 0..count {
        let kind = format!("kind.{index}");
        test.enqueue(DOCUMENT_EVENTS, &kind, "key", json!({})).await;
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
        counts.push(relay(&test, 2, &published).await.published);
    }
    assert_eq!(counts, [2, 2, 1, 0]);
    assert_eq!(
        *published.kinds.lock().unwrap(),
        ["kind.0", "kind.1", "kind.2", "kind.3", "kind.4"]
    );
    assert_eq!(test.database.pending().await.unwrap(), 0);
}

#[tokio::test]
async fn only_what_was_refused_waits_on() {
    let test = TestDatabase::new().await;
    fill(&test, 3).await;
    let refusing = Published {
        refused: "kind.1",
        ..Published::default()
    };
    let (read, published) = (3, 2);
    assert_eq!(
        relay(&test, 10, &refusing).await,
        Relayed { read, published }
    );
    assert_eq!(test.database.pending().await.unwrap(), 1);
    let published = Published::default();
    assert_eq!(relay(&test, 10, &published).await.published, 1);
    assert_eq!(*published.kinds.lock().unwrap(), ["kind.1"]);
}

#[tokio::test]
async fn what_is_left_out_makes_room_for_what_is_behind() {
    let test = TestDatabase::new().await;
    fill(&test, 4).await;
    test.enqueue(DOCUMENT_COMMANDS, "command", "key", json!({}))
        .await;
    let first = "SELECT min(id) AS n FROM outbox";
    let mut left_out = LeftOut {
        ids: vec![test.number(first).await],
        ..LeftOut::default()
    };
    let published = Published::default();
    let database = &test.database;
    let relayed = database.relay_batch(2, &left_out, &published).await;
    assert_eq!(relayed.unwrap().published, 2);
    left_out.topics.push(DOCUMENT_EVENTS.into());
    let relayed = database.relay_batch(2, &left_out, &published).await;
    assert_eq!(relayed.unwrap().published, 1);
    let kinds = published.kinds.lock().unwrap().clone();
    assert_eq!(kinds, ["kind.1", "kind.2", "command"]);
    assert_eq!(database.pending().await.unwrap(), 2);
}

#[tokio::test]
async fn only_one_relay_is_at_work() {
    let test = TestDatabase::new().await;
    fill(&test, 1).await;
    assert_eq!(relay(&test, 10, &Nested(&test)).await.published, 1);
}

#[tokio::test]
async fn pruning_keeps_what_waits() {
    let test = TestDatabase::new().await;
    fill(&test, 2).await;
    let published = Published::default();
    relay(&test, 1, &published).await;
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
