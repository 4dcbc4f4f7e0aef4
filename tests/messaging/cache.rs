use std::time::{Duration, Instant};

use chatbot::cache::{Cache, CacheError, CacheLimits, RedisCache, RedisSettings, StoredEvent};
use chatbot::domain::event::EventName;
use chatbot::domain::ids::TurnId;

use crate::support::{service, unique};

fn redis(url: String, max_events: usize) -> RedisCache {
    RedisCache::new(RedisSettings {
        url,
        ca_file: None,
        timeout: Duration::from_secs(2),
        max_connections: 4,
        limits: CacheLimits {
            max_events,
            ..CacheLimits::default()
        },
    })
    .unwrap()
}

fn cache(max_events: usize) -> RedisCache {
    redis(service("CHATBOT_TEST_REDIS_URL"), max_events)
}

fn event(generation: i32, seq: u64) -> StoredEvent {
    StoredEvent {
        generation,
        seq,
        name: EventName::Delta,
        data: "{\"text\":\"é\"}".into(),
    }
}

fn seqs(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

#[tokio::test]
async fn a_limit_holds_under_concurrency() {
    let cache = cache(10);
    let scope = unique("scope");
    let requests = (0..30).map(|_| cache.allow(&scope, 10));
    let decisions = futures::future::join_all(requests).await;
    let decisions: Vec<_> = decisions.into_iter().map(Result::unwrap).collect();
    assert_eq!(decisions.iter().filter(|d| d.allowed).count(), 10);
    let refused = cache.allow(&scope, 10).await.unwrap();
    assert!(!refused.allowed);
    assert!(refused.retry_after > Duration::from_secs(1));
    assert!(refused.retry_after <= Duration::from_secs(6));
    assert!(!cache.allow(&unique("scope"), 0).await.unwrap().allowed);
    assert_eq!(
        cache.allow(&unique("scope"), 60).await.unwrap().remaining,
        59
    );
}

#[tokio::test]
async fn events_are_kept_once_in_order_and_bounded() {
    let cache = cache(3);
    let turn = TurnId::new();
    let first: Vec<_> = (0..3).map(|seq| event(1, seq)).collect();
    cache.append_events(turn, &first).await.unwrap();
    cache.append_events(turn, &first).await.unwrap();
    cache
        .append_events(turn, &[event(2, 3), event(1, 4)])
        .await
        .unwrap();
    let all = cache.read_events(turn, None, Duration::ZERO).await.unwrap();
    assert_eq!(seqs(&all), [1, 2, 3]);
    assert_eq!(all[2], event(2, 3));
    let after = cache.read_events(turn, Some(2), Duration::ZERO).await;
    assert_eq!(seqs(&after.unwrap()), [3]);
}

#[tokio::test]
async fn a_reader_gets_an_event_that_comes_later() {
    let cache = cache(10);
    let turn = TurnId::new();
    let read = cache.read_events(turn, Some(0), Duration::from_secs(5));
    let append = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let events = [event(1, 0), event(1, 1)];
        cache.append_events(turn, &events).await.unwrap();
    };
    let (events, ()) = tokio::join!(read, append);
    assert_eq!(seqs(&events.unwrap()), [1]);
}

#[tokio::test]
async fn embeddings_come_back() {
    let cache = cache(1);
    cache.ping().await.unwrap();
    let key = unique("hash");
    assert_eq!(cache.get_embedding(&key).await.unwrap(), None);
    let vector = [0.25, -1.5, f32::MIN_POSITIVE];
    cache.put_embedding(&key, &vector).await.unwrap();
    assert_eq!(cache.get_embedding(&key).await.unwrap().unwrap(), vector);
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_one_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    let cache = RedisCache::new(RedisSettings {
        url,
        ca_file: None,
        timeout: Duration::from_millis(200),
        max_connections: 1,
        limits: CacheLimits::default(),
    })
    .unwrap();
    let started = Instant::now();
    assert!(matches!(
        cache.allow("scope", 1).await,
        Err(CacheError::Timeout | CacheError::Unavailable(_))
    ));
    assert!(started.elapsed() < Duration::from_secs(1));
}
