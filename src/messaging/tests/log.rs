use std::time::Duration;

use super::fakes::{START, TOPIC, log};
use crate::messaging::failures::backoff;
use crate::messaging::log::murmur2;
use crate::messaging::{BusError, Log, MAX_RECORD_BYTES, Record, partition_for};

fn record(value: &[u8]) -> Record {
    Record {
        key: "key".into(),
        value: value.to_vec(),
    }
}

#[test]
fn murmur2_is_kafkas() {
    // The vectors of Kafka's own UtilsTest.
    for (text, hash) in [
        ("21", -973_932_308_i32),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("abc", 479_470_107),
    ] {
        assert_eq!(murmur2(text.as_bytes()).to_ne_bytes(), hash.to_ne_bytes());
    }
    assert_eq!(partition_for("key", 0), 0);
    assert!((0..6).contains(&partition_for("foobar", 6)));
}

#[test]
fn backoff_doubles_up_to_its_cap() {
    let wait = |failures| backoff(Duration::from_secs(1), Duration::from_secs(30), failures);
    assert_eq!(wait(1), Duration::from_secs(1));
    assert_eq!(wait(3), Duration::from_secs(4));
    assert_eq!(wait(40), Duration::from_secs(30));
}

#[tokio::test]
async fn a_fetch_waits_for_an_append() {
    let log = log(1, 10);
    let fetch = log.fetch(TOPIC, 0, START, Duration::from_secs(10));
    let append = async {
        tokio::task::yield_now().await;
        log.append(TOPIC, 0, vec![record(b"value")]).await.unwrap();
    };
    let (fetched, ()) = tokio::join!(fetch, append);
    let fetched = fetched.unwrap();
    assert_eq!(
        (fetched[0].offset, &fetched[0].value[..]),
        (START, &b"value"[..])
    );
    let none = log
        .fetch(TOPIC, 0, START + 1, Duration::from_millis(1))
        .await;
    assert_eq!(none.unwrap(), []);
    assert_eq!(log.end_offset(TOPIC, 0).await.unwrap(), START + 1);
}

#[tokio::test]
async fn the_log_is_bounded_and_reports_the_gap() {
    let log = log(1, 2);
    for value in [b"1", b"2", b"3"] {
        log.append(TOPIC, 0, vec![record(value)]).await.unwrap();
    }
    let out_of_range = |earlier_log| {
        Err(BusError::OutOfRange {
            earliest: START + 1,
            earlier_log,
        })
    };
    let fetch = |offset| log.fetch(TOPIC, 0, offset, Duration::ZERO);
    assert_eq!(fetch(START).await, out_of_range(false));
    assert_eq!(fetch(0).await, out_of_range(true));
    assert_eq!(fetch(START + 9).await, out_of_range(true));
    assert_eq!(fetch(START + 1).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_impossible_append_is_refused() {
    let log = log(1, 2);
    let large = vec![0; MAX_RECORD_BYTES + 1];
    assert_eq!(
        log.append(TOPIC, 0, vec![record(&large)]).await,
        Err(BusError::TooLarge { bytes: large.len() })
    );
    assert!(matches!(
        log.append("nowhere", 0, vec![record(b"")]).await,
        Err(BusError::Unknown(_))
    ));
    assert!(matches!(
        log.append(TOPIC, -1, vec![record(b"")]).await,
        Err(BusError::Unknown(_))
    ));
}
