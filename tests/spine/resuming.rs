//! Reading the events of a turn again, whatever the cache still has of them.

use std::time::Duration;

use chatbot::cache::{Cache, CacheLimits, RedisCache, RedisSettings};
use chatbot::domain::event::EventName;
use chatbot::domain::ids::TurnId;
use eventsource_stream::{Event, Eventsource};
use futures::TryStreamExt;
use serde_json::Value;

use super::behind;
use crate::support::proxy::Fault;
use crate::support::system::{Setup, System};
use crate::support::{service, until};

async fn events(system: &System, turn: &str, last: Option<&str>) -> Vec<Event> {
    let url = format!("{}/v1/turns/{turn}/events", system.orchestrator.url);
    let mut request = system.http.get(url).bearer_auth(&system.key);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let events = answer.bytes_stream().eventsource();
    events.try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_broke_off_is_not_continued_with_the_original() {
    let redis = service("CHATBOT_TEST_REDIS_URL");
    let (proxy, setup) = behind("REDIS_URL", &redis, Setup::new().await).await;
    let system = System::start_with(setup).await;
    let path = system.conversation().await;
    let done = system.ask(&path, "What is the capital of Mongolia?").await;
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
    assert_eq!(events(&system, turn, None).await[0].id, original);

    proxy.set(Fault::Gone);
    let replay = events(&system, turn, None).await;
    assert_ne!(replay[0].id, original);
    proxy.set(Fault::None);
    until("the cache answers again", async || {
        events(&system, turn, None).await[0].id == original
    })
    .await;
    for event in &replay[..replay.len() - 1] {
        let again = events(&system, turn, Some(&event.id)).await;
        let names: Vec<&str> = again.iter().map(|event| event.event.as_str()).collect();
        assert_eq!(names[0], "restart", "{names:?}");
        assert_eq!(names.last(), Some(&"done"), "{names:?}");
        let texts = again.iter().filter(|event| event.event == "delta");
        let text: String = texts
            .map(|event| serde_json::from_str::<Value>(&event.data).unwrap())
            .map(|data| data["text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(done["answer"], text);
    }
}
