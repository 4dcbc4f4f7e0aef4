//! Outbox, Kafka, two consumers and the database together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS as TOPIC;
use chatbot::domain::messaging::{Delivery, Handler, HandlerError, LeaseStore, Outcome};
use chatbot::messaging::{ConsumerSettings, LeasedConsumer, Log, OutboxRelay, RelaySettings};
use chatbot::persistence::{Database, DbError};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{acknowledge, kafka};
use crate::support::{TestDatabase, until};

const EVENTS: i64 = 60;

/// Commits through the real fence and inbox; hangs once when told to.
struct Acknowledging {
    database: Database,
    hang: Arc<AtomicBool>,
}

#[async_trait]
impl Handler for Acknowledging {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError> {
        if delivery.envelope.kind == "poison" {
            return Err(HandlerError::Reject("scripted".into()));
        }
        if self.hang.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        match acknowledge(&self.database, &delivery).await {
            Ok(outcome) => Ok(outcome),
            Err(DbError::Fenced) => Err(HandlerError::Fenced),
            Err(error) => Err(HandlerError::Retry(error.to_string())),
        }
    }
}

fn consumer(log: &Arc<dyn Log>, test: &TestDatabase, owner: &str, hang: bool) -> LeasedConsumer {
    LeasedConsumer::new(
        Arc::clone(log),
        Arc::new(test.database.clone()) as Arc<dyn LeaseStore>,
        Arc::new(Acknowledging {
            database: test.database.clone(),
            hang: Arc::new(AtomicBool::new(hang)),
        }),
        ConsumerSettings {
            ttl: Duration::from_secs(1),
            heartbeat: Duration::from_millis(100),
            max_wait: Duration::from_millis(50),
            ..ConsumerSettings::new("group", owner, TOPIC)
        },
    )
}

async fn enqueue(test: &TestDatabase) {
    for index in 0..EVENTS {
        let kind = if index == 7 { "poison" } else { "fine" };
        let key = format!("key-{}", index % 9);
        test.enqueue(TOPIC, kind, &key, json!({ "index": index }))
            .await;
    }
}

async fn settled(test: &TestDatabase) -> bool {
    let done = test.number("SELECT count(*) AS n FROM inbox").await;
    let dead = test.number("SELECT count(*) AS n FROM dead_letters").await;
    let next = "SELECT coalesce(sum(next_offset), 0)::bigint AS n FROM partition_leases";
    done == EVENTS - 1 && dead == 1 && test.number(next).await == EVENTS
}

#[tokio::test]
async fn every_event_is_handled_once_by_two_members() {
    let test = TestDatabase::new().await;
    let log: Arc<dyn Log> = Arc::new(kafka::log(3).await);
    let relay = OutboxRelay::new(
        test.database.clone(),
        Arc::clone(&log),
        RelaySettings::default(),
    );
    let cancel = CancellationToken::new();
    let (a, b) = (
        consumer(&log, &test, "a", false),
        consumer(&log, &test, "b", false),
    );
    tokio::join!(
        relay.run(cancel.clone()),
        a.run(cancel.clone()),
        b.run(cancel.clone()),
        async {
            enqueue(&test).await;
            until("all events settled", || settled(&test)).await;
            cancel.cancel();
        }
    );
    let held = "SELECT count(*) AS n FROM partition_leases WHERE owner IS NOT NULL";
    assert_eq!(test.number(held).await, 0);
}

#[tokio::test]
async fn a_member_that_vanishes_with_records_in_hand_loses_none() {
    let test = TestDatabase::new().await;
    let log: Arc<dyn Log> = Arc::new(kafka::log(3).await);
    let relay = OutboxRelay::new(
        test.database.clone(),
        Arc::clone(&log),
        RelaySettings::default(),
    );
    enqueue(&test).await;
    let published = relay.drain_once().await.unwrap();
    assert_eq!(i64::try_from(published).unwrap(), EVENTS);
    {
        let doomed = consumer(&log, &test, "doomed", true);
        let stats = doomed.stats();
        let run = doomed.run(CancellationToken::new());
        tokio::select! {
            () = run => {}
            () = until("partitions taken", || async { stats.owned() == 3 }) => {}
        }
        // Dropped here: no release, as when a process dies.
    }
    let cancel = CancellationToken::new();
    let survivor = consumer(&log, &test, "survivor", false);
    tokio::join!(survivor.run(cancel.clone()), async {
        until("all events settled", || settled(&test)).await;
        cancel.cancel();
    });
    assert_eq!(survivor.stats().takeovers(), 3);
}
