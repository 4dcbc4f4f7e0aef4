use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{
    Cache, CacheError, CacheLimits, InProcessCache, RedisCache, RedisSettings, Resilient,
    StoredEvent, gcra,
};
use crate::domain::event::EventName;
use crate::domain::ids::TurnId;

fn event(generation: i32, seq: u64) -> StoredEvent {
    StoredEvent {
        generation,
        seq,
        name: EventName::Delta,
        data: format!("{{\"seq\":{seq}}}"),
    }
}

fn seqs(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

fn cache(max_events: usize) -> InProcessCache {
    InProcessCache::new(CacheLimits {
        max_events,
        ..CacheLimits::default()
    })
}

#[test]
fn a_full_minute_passes_at_once_and_then_one_an_interval() {
    let (mut arrival, mut allowed) = (0.0, 0);
    for _ in 0..100 {
        if let (Some(next), _) = gcra::decide(arrival, 1_000.0, 60) {
            arrival = next;
            allowed += 1;
        }
    }
    assert_eq!(allowed, 60);
    let (_, refused) = gcra::decide(arrival, 1_000.0, 60);
    assert!(!refused.allowed);
    assert_eq!(refused.retry_after, Duration::from_secs(1));
    assert!(gcra::decide(arrival, 2_000.0, 60).1.allowed);
}

#[test]
fn remaining_counts_down_and_a_limit_of_zero_refuses() {
    let (next, first) = gcra::decide(0.0, 0.0, 3);
    assert_eq!(first.remaining, 2);
    assert_eq!(gcra::decide(next.unwrap(), 0.0, 3).1.remaining, 1);
    let (_, none) = gcra::decide(0.0, 0.0, 0);
    assert!(!none.allowed);
    assert_eq!(none.retry_after, Duration::from_mins(1));
}

#[tokio::test]
async fn events_are_kept_once_in_order_and_bounded() {
    let cache = cache(3);
    let turn = TurnId::new();
    let first: Vec<_> = (0..3).map(|seq| event(1, seq)).collect();
    cache.append_events(turn, &first).await.unwrap();
    cache.append_events(turn, &first).await.unwrap();
    cache.append_events(turn, &[event(1, 3)]).await.unwrap();
    let read = |after| cache.read_events(turn, after, Duration::ZERO);
    assert_eq!(seqs(&read(None).await.unwrap()), [1, 2, 3]);
    assert_eq!(seqs(&read(Some(2)).await.unwrap()), [3]);
    assert!(read(Some(3)).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_older_generation_never_writes_after_a_newer_one() {
    let cache = cache(100);
    let turn = TurnId::new();
    cache
        .append_events(turn, &[event(1, 0), event(2, 1), event(1, 2)])
        .await
        .unwrap();
    let events = cache.read_events(turn, None, Duration::ZERO).await.unwrap();
    assert_eq!(seqs(&events), [0, 1]);
}

#[tokio::test]
async fn a_reader_wakes_when_an_event_comes() {
    let cache = cache(100);
    let turn = TurnId::new();
    let read = cache.read_events(turn, None, Duration::from_secs(10));
    let append = async {
        tokio::task::yield_now().await;
        cache.append_events(turn, &[event(1, 0)]).await.unwrap();
    };
    let (events, ()) = tokio::join!(read, append);
    assert_eq!(seqs(&events.unwrap()), [0]);
}

#[tokio::test]
async fn embeddings_come_back() {
    let cache = cache(1);
    assert_eq!(cache.get_embedding("hash").await.unwrap(), None);
    cache.put_embedding("hash", &[0.5, -1.0]).await.unwrap();
    assert_eq!(
        cache.get_embedding("hash").await.unwrap(),
        Some(vec![0.5, -1.0])
    );
}

#[tokio::test]
async fn without_redis_limits_still_hold_and_other_calls_fail() {
    let redis = RedisCache::new(RedisSettings {
        // The discard port, where nothing listens.
        url: "redis://127.0.0.1:9/".into(),
        ca_file: None,
        timeout: Duration::from_millis(200),
        max_connections: 2,
        limits: CacheLimits::default(),
    })
    .unwrap();
    let cache = Resilient::new(Arc::new(redis), cache(1));
    assert!(cache.allow("scope", 2).await.unwrap().allowed);
    assert!(cache.allow("scope", 2).await.unwrap().allowed);
    assert!(!cache.allow("scope", 2).await.unwrap().allowed);
    assert_eq!(cache.fallbacks(), 3);
    assert!(cache.is_degraded());
    assert!(matches!(
        cache.ping().await,
        Err(CacheError::Unavailable(_) | CacheError::Timeout)
    ));
}

#[tokio::test]
async fn a_silent_redis_costs_one_deadline_not_one_per_call() {
    let timeout = Duration::from_millis(300);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let redis = RedisCache::new(RedisSettings {
        url: format!("redis://{}/", listener.local_addr().unwrap()),
        ca_file: None,
        timeout,
        max_connections: 2,
        limits: CacheLimits::default(),
    })
    .unwrap();
    let cache = Resilient::new(Arc::new(redis), cache(1));
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(cache.allow("scope", 100).await.unwrap().allowed);
        assert!(cache.get_embedding("hash").await.is_err());
    }
    cache.put_embedding("hash", &[1.0]).await.unwrap_err();
    assert_eq!(cache.get_embedding("hash").await, Ok(Some(vec![1.0])));
    let took = begun.elapsed();
    assert!(took >= timeout && took < timeout * 3, "{took:?}");
}
