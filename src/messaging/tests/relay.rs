use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::fakes::{START, TOPIC, envelope, log, until};
use crate::domain::messaging::{Envelope, OutboxRecord, OutboxStore, Publish, StoreError};
use crate::messaging::{Log, OutboxRelay, RelaySettings, partition_for};

#[derive(Default)]
struct MemoryOutbox {
    waiting: Mutex<Vec<OutboxRecord>>,
    down: AtomicBool,
}

#[async_trait]
impl OutboxStore for Arc<MemoryOutbox> {
    async fn relay_batch(
        &self,
        limit: i64,
        publish: &(dyn Publish + '_),
    ) -> Result<usize, StoreError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(StoreError("down".into()));
        }
        let mut batch = self.waiting.lock().unwrap().clone();
        batch.truncate(usize::try_from(limit).unwrap());
        publish.publish(&batch).await?;
        self.waiting.lock().unwrap().drain(..batch.len());
        Ok(batch.len())
    }

    async fn pending(&self) -> Result<i64, StoreError> {
        Ok(i64::try_from(self.waiting.lock().unwrap().len()).unwrap())
    }
}

fn outbox(count: i64) -> Arc<MemoryOutbox> {
    let outbox = MemoryOutbox::default();
    *outbox.waiting.lock().unwrap() = (0..count)
        .map(|id| OutboxRecord {
            id,
            topic: TOPIC.into(),
            envelope: envelope("key", &id.to_string()),
        })
        .collect();
    Arc::new(outbox)
}

fn settings() -> RelaySettings {
    RelaySettings {
        batch: 3,
        poll: Duration::from_millis(5),
        backoff_max: Duration::from_millis(20),
    }
}

#[tokio::test]
async fn draining_publishes_everything_in_order() {
    let log = Arc::new(log(4, 100));
    let relay = OutboxRelay::new(outbox(8), Arc::clone(&log) as Arc<dyn Log>, settings());
    assert_eq!(relay.drain_once().await.unwrap(), 8);
    assert_eq!(relay.drain_once().await.unwrap(), 0);
    let partition = partition_for("key", 4);
    let records = log
        .fetch(TOPIC, partition, START, Duration::ZERO)
        .await
        .unwrap();
    let kinds: Vec<String> = records
        .iter()
        .map(|r| serde_json::from_slice::<Envelope>(&r.value).unwrap().kind)
        .collect();
    assert_eq!(kinds, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn running_survives_errors_and_stops() {
    let store = outbox(2);
    store.down.store(true, Ordering::Relaxed);
    let relay = OutboxRelay::new(Arc::clone(&store), Arc::new(log(1, 9)), settings());
    let stats = relay.stats();
    let cancel = CancellationToken::new();
    tokio::join!(relay.run(cancel.clone()), async {
        until(|| stats.errors() > 1).await;
        store.down.store(false, Ordering::Relaxed);
        until(|| stats.published() == 2).await;
        cancel.cancel();
    });
}
