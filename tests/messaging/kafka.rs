use std::time::{Duration, Instant};

use chatbot::domain::messaging::topics::TURN_EVENTS;
use chatbot::messaging::{
    BusError, KafkaLog, KafkaSecurity, KafkaSettings, Log, Record, dead_letter_topic,
};

use crate::support::{service, unique};

/// A log whose topics no other test sees.
pub async fn log(partitions: i32) -> KafkaLog {
    let log = KafkaLog::new(settings(&service("CHATBOT_TEST_KAFKA_BROKERS"), partitions));
    log.ensure_topics().await.expect("topics");
    log
}

pub fn settings(brokers: &str, partitions: i32) -> KafkaSettings {
    KafkaSettings {
        brokers: brokers.split(',').map(str::to_owned).collect(),
        topic_prefix: format!("{}.", unique("test")),
        partitions,
        replication_factor: 1,
        request_timeout: Duration::from_secs(10),
        security: KafkaSecurity::default(),
    }
}

pub fn record(value: &str) -> Record {
    Record {
        key: "key".into(),
        value: value.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn what_is_appended_is_fetched_in_order() {
    let log = log(3).await;
    log.ping().await.unwrap();
    log.ensure_topics().await.unwrap();
    assert_eq!(log.partitions(TURN_EVENTS).await.unwrap(), 3);
    let dead = dead_letter_topic(TURN_EVENTS);
    assert_eq!(log.partitions(&dead).await.unwrap(), 1);
    log.append(TURN_EVENTS, 1, vec![record("a"), record("b")])
        .await
        .unwrap();
    log.append(TURN_EVENTS, 1, vec![record("c")]).await.unwrap();
    let mut values = Vec::new();
    while values.len() < 3 {
        let from = i64::try_from(values.len()).unwrap();
        let fetched = log
            .fetch(TURN_EVENTS, 1, from, Duration::from_secs(2))
            .await
            .unwrap();
        assert_eq!(fetched[0].offset, from);
        values.extend(fetched.into_iter().map(|r| r.value));
    }
    assert_eq!(values, [b"a", b"b", b"c"]);
    assert_eq!(log.end_offset(TURN_EVENTS, 1).await.unwrap(), 3);
    let none = log
        .fetch(TURN_EVENTS, 0, 0, Duration::from_millis(50))
        .await;
    assert_eq!(none.unwrap(), []);
}

#[tokio::test]
async fn an_offset_beyond_the_log_is_out_of_range() {
    let log = log(1).await;
    log.append(TURN_EVENTS, 0, vec![record("a")]).await.unwrap();
    let fetched = log
        .fetch(TURN_EVENTS, 0, 99, Duration::from_millis(50))
        .await;
    assert_eq!(
        fetched,
        Err(BusError::OutOfRange {
            earliest: 0,
            earlier_log: false
        })
    );
    // The partition client is still good.
    let records = log.fetch(TURN_EVENTS, 0, 0, Duration::from_secs(2)).await;
    assert_eq!(records.unwrap().len(), 1);
}

#[tokio::test]
async fn an_unknown_topic_is_an_error() {
    let log = log(1).await;
    assert!(matches!(
        log.partitions("no.such.topic").await,
        Err(BusError::Unknown(_))
    ));
}

#[tokio::test]
async fn a_broker_that_accepts_and_says_nothing_costs_one_deadline() {
    // Bound, listening, never accepted from: a frozen broker as the client sees it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let log = KafkaLog::new(KafkaSettings {
        request_timeout: Duration::from_millis(300),
        ..settings(&listener.local_addr().unwrap().to_string(), 1)
    });
    let started = Instant::now();
    let calls = tokio::join!(
        log.ping(),
        log.append(TURN_EVENTS, 0, vec![record("a")]),
        log.fetch(TURN_EVENTS, 0, 0, Duration::from_millis(100)),
    );
    assert_eq!(calls.0, Err(BusError::Timeout));
    assert_eq!(calls.1, Err(BusError::Timeout));
    assert_eq!(calls.2, Err(BusError::Timeout));
    assert!(started.elapsed() < Duration::from_secs(2));
}
