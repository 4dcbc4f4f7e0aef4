//! A scripted handler, a consumer with its surroundings, and other parts that the tests share.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::leases::MemoryLeases;
use crate::domain::ids::EventId;
use crate::domain::messaging::{
    Delivery, Envelope, Handler, HandlerError, LeaseStore, Outcome, topics,
};
use crate::domain::time;
use crate::messaging::{
    ConsumerSettings, InProcessLog, InProcessSettings, LeasedConsumer, Log, Record, partition_for,
};

pub const TOPIC: &str = topics::DOCUMENT_COMMANDS;
pub const START: i64 = 1_000;
pub const LEASE: Duration = Duration::from_millis(300);

pub type Script = dyn Fn(&Delivery) -> Result<(), HandlerError> + Send + Sync;

/// A handler that records its effects; the script decides what happens before the commit.
pub struct Recorder {
    pub leases: Arc<MemoryLeases>,
    pub effects: Mutex<Vec<String>>,
    pub attempts: Mutex<Vec<(i64, u32)>>,
    pub script: Box<Script>,
    pub slow: Duration,
}

#[async_trait]
impl Handler for Recorder {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError> {
        self.attempts
            .lock()
            .unwrap()
            .push((delivery.offset, delivery.attempt));
        (self.script)(&delivery)?;
        tokio::time::sleep(self.slow).await;
        let outcome = self.leases.commit(&delivery)?;
        if outcome == Outcome::Applied {
            self.effects.lock().unwrap().push(delivery.envelope.kind);
        }
        Ok(outcome)
    }
}

impl Recorder {
    pub fn kinds(&self) -> Vec<String> {
        self.effects.lock().unwrap().clone()
    }
}

pub struct Rig {
    pub log: Arc<InProcessLog>,
    pub leases: Arc<MemoryLeases>,
    pub recorder: Arc<Recorder>,
    partitions: i32,
}

impl Rig {
    pub fn new(
        partitions: i32,
        script: impl Fn(&Delivery) -> Result<(), HandlerError> + Send + Sync + 'static,
    ) -> Self {
        Self::slow(partitions, Duration::ZERO, script)
    }

    pub fn slow(
        partitions: i32,
        slow: Duration,
        script: impl Fn(&Delivery) -> Result<(), HandlerError> + Send + Sync + 'static,
    ) -> Self {
        let leases = Arc::new(MemoryLeases::default());
        for partition in 0..partitions {
            leases.set_next(partition, START);
        }
        Self {
            log: Arc::new(log(partitions, 100)),
            recorder: Arc::new(Recorder {
                leases: Arc::clone(&leases),
                effects: Mutex::default(),
                attempts: Mutex::default(),
                script: Box::new(script),
                slow,
            }),
            leases,
            partitions,
        }
    }

    pub fn consumer(&self, owner: &str) -> LeasedConsumer {
        self.consumer_with(owner, self.recorder.clone())
    }

    pub fn consumer_with(&self, owner: &str, handler: Arc<dyn Handler>) -> LeasedConsumer {
        LeasedConsumer::new(
            Arc::clone(&self.log) as Arc<dyn Log>,
            Arc::clone(&self.leases) as Arc<dyn LeaseStore>,
            handler,
            ConsumerSettings {
                ttl: LEASE,
                heartbeat: Duration::from_millis(20),
                max_wait: Duration::from_millis(10),
                max_attempts: 3,
                retry_initial: Duration::from_millis(2),
                retry_max: Duration::from_millis(10),
                drain: Duration::from_secs(5),
                ..ConsumerSettings::new("group", owner, TOPIC)
            },
        )
    }

    pub async fn send(&self, key: &str, kind: &str) {
        self.append(key, &envelope(key, kind)).await;
    }

    pub async fn append(&self, key: &str, envelope: &Envelope) {
        let value = serde_json::to_vec(envelope).unwrap();
        self.append_bytes(key, value).await;
    }

    pub async fn append_bytes(&self, key: &str, value: Vec<u8>) {
        let partition = partition_for(key, self.partitions);
        let record = Record {
            key: key.into(),
            value,
        };
        self.log
            .append(TOPIC, partition, vec![record])
            .await
            .unwrap();
    }
}

pub fn log(partitions: i32, capacity: usize) -> InProcessLog {
    InProcessLog::new(InProcessSettings {
        partitions,
        capacity,
        first_offset: START,
    })
}

pub fn envelope(key: &str, kind: &str) -> Envelope {
    Envelope {
        event_id: EventId::new(),
        kind: kind.into(),
        version: 1,
        occurred_at: time::now(),
        key: key.into(),
        payload: serde_json::Value::Null,
    }
}

/// Waits until a condition holds.
pub async fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < deadline, "did not happen in time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
