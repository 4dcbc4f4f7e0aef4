//! Reading the events of a turn again, whatever the cache still has of them.

use std::time::Duration;

use chatbot::cache::{Cache, CacheLimits, RedisCache, RedisSettings};
use chatbot::domain::event::EventName;
use chatbot::domain::ids::TurnId;

use crate::support::leaflet::UNKNOWN;
use crate::support::proxy::{Fault, behind};
use crate::support::system::{Setup, System};
use crate::support::{service, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_broke_off_is_not_continued_with_the_original() {
    let redis = service("CHATBOT_TEST_REDIS_URL");
    let (proxy, setup) = behind("REDIS_URL", &redis, Setup::new().await).await;
    let system = System::start_with(setup).await;
    let done = system.ask(UNKNOWN).json().await;
    let turn = done["turn_id"].as_str().unwrap();
    let original = format!("{turn}:0");
    let cache = RedisCache::new(RedisSettings {
        url: redis,
        ca_file: None,
        timeout: Duration::from_secs(2),
        max_connections: 1,
        limits: CacheLimits::default(),
    })
    .unwrap();
    let id = TurnId(turn.parse().unwrap());
    until("the cache has all of it", async || {
        let cached = cache.read_events(id, None, Duration::ZERO).await;
        cached.is_ok_and(|events| events.iter().any(|event| event.name == EventName::Done))
    })
    .await;
    assert_eq!(system.events(turn, None).await.0[0].id, original);

    proxy.set(Fault::Gone);
    let replay = system.events(turn, None).await.0;
    assert_ne!(replay[0].id, original);
    proxy.set(Fault::None);
    until("the cache answers again", async || {
        system.events(turn, None).await.0[0].id == original
    })
    .await;
    for event in &replay[..replay.len() - 1] {
        let again = system.events(turn, Some(&event.id)).await;
        assert_eq!(again.names()[0], "restart", "{again}");
        assert_eq!(again.end().0, "done", "{again}");
        assert_eq!(done["answer"], again.text());
    }
}
