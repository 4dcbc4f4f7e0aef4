//! What the replicas need dies, falls silent, slows down and comes back while people chat.

use std::time::{Duration, Instant};

use eventsource_stream::Eventsource;
use futures::StreamExt;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::chat::{Chat, Load};
use super::check::{Findings, check, percentile};
use super::report::report;
use super::rig::Rig;
use super::{at_length, at_most, faults};
use crate::support::proxy::{Fault, Proxy};
use crate::support::servers::{Server, redis_command};
use crate::support::system::{Setup, authority};
use crate::support::{TestDatabase, execute, service};

/// From the return of what was away to the first new chat.
const RECOVERY: Duration = Duration::from_secs(5);
/// How much later an answer may begin without Redis, at the median.
const ADDED: Duration = Duration::from_millis(50);
/// Nobody waits for longer to be told that the database is away.
const NO_HANG: Duration = Duration::from_secs(5);
const AWAY: Duration = Duration::from_secs(3);

/// From the beginning of a fault to its end.
type Window = (Instant, Instant);

/// A scenario that was played.
struct Played {
    rig: Rig,
    chats: Vec<Chat>,
    found: Findings,
    windows: Vec<Window>,
}

/// Two replicas of each role, clients that chat, and a fault at `count` moments; then everything is
/// checked. The fault lasts until `provoke` returns.
async fn play(
    scenario: &str,
    setup: Setup,
    count: usize,
    mut provoke: impl AsyncFnMut(&Rig),
) -> Played {
    let mut rig = Rig::start(scenario, 2, 2, setup).await;
    let load = Load::start(&mut rig, if at_length() { 50 } else { 20 });
    let mut windows = Vec::new();
    for _ in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(1_500), Duration::from_secs(3));
        sleep(moment).await;
        let begun = Instant::now();
        provoke(&rig).await;
        windows.push((begun, Instant::now()));
    }
    load.turns_over().await;
    let chats = load.finish().await;
    let found = check(&rig, &chats).await;
    report(scenario, count, &found);
    Played {
        rig,
        chats,
        found,
        windows,
    }
}

/// Behind a proxy, so that the network can fail.
async fn behind(variable: &str, url: &str, setup: Setup) -> (Proxy, Setup) {
    let address = authority(url);
    let proxy = Proxy::to(&address).await;
    let url = url.replace(&address, &proxy.address.to_string());
    (proxy, setup.with(variable, url))
}

async fn for_a_while(proxy: &Proxy, fault: Fault) {
    proxy.set(fault);
    sleep(AWAY).await;
    proxy.set(Fault::None);
}

/// Connections are reset, cut in the middle of an answer, closed by half.
async fn breaking(proxy: &Proxy) {
    for _ in 0..20 {
        proxy.reset();
        sleep(AWAY / 60).await;
    }
    for fault in [Fault::CutAfter(5_000), Fault::HalfClosed] {
        proxy.set(fault);
        sleep(AWAY / 3).await;
    }
    proxy.set(Fault::None);
}

impl Played {
    /// Nobody noticed anything.
    fn is_untouched(&self) {
        let found = &self.found;
        assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
        assert_eq!(found.recoveries.len(), 0, "a live stream was touched");
    }

    /// Failures are those of evidence that did not come in time, and of chats under way during a
    /// fault or while the system recovered from it.
    fn fails_for_evidence_only(&self) {
        self.found.failed_for_evidence_only();
        for chat in self
            .chats
            .iter()
            .filter(|chat| chat.status() != "completed")
        {
            let end = chat.begun + chat.took;
            let met =
                |(begun, back): &Window| chat.begun <= *back + at_most(RECOVERY) && end >= *begun;
            assert!(self.windows.iter().any(met), "without a fault: {chat:?}");
        }
    }

    /// A new question is accepted soon after each return, and answered after the last.
    fn recovers(&self) {
        let (_, back) = self.windows.last().expect("a fault");
        let mut since = self.chats.iter().filter(|chat| chat.begun > *back);
        assert!(
            since.any(|chat| chat.status() == "completed"),
            "no answer since"
        );
        for (_, back) in &self.windows {
            let accepted = self
                .chats
                .iter()
                .filter_map(|chat| Some(chat.seen.first()?.at));
            let first = accepted.filter(|at| at > back).min();
            let took = first.expect("a chat after the fault") - *back;
            println!("a new chat after {took:?}");
            assert!(took <= at_most(RECOVERY), "{took:?}");
        }
    }

    /// Streams that were live when the fault began went on during it.
    fn streams_go_on(&self) {
        for (begun, end) in &self.windows {
            let live = |chat: &&Chat| chat.seen.first().is_some_and(|first| first.at < *begun);
            let during = |chat: &Chat| {
                let at = chat.seen.iter().filter(|seen| seen.name == "delta");
                at.filter(|seen| (*begun..*end).contains(&seen.at)).count()
            };
            let events: usize = self.chats.iter().filter(live).map(during).sum();
            assert!(events > 0, "no live stream went on");
        }
    }

    /// Streams that were live when the fault began waited for it to end, if they had to, and then came
    /// to their own: a sentence is shown only once the database has vouched for its quotes.
    fn streams_are_completed(&self) {
        for (begun, _) in &self.windows {
            let live = self.chats.iter().filter(|chat| {
                let mut seen = chat.seen.iter();
                let shown = seen.any(|seen| seen.name == "delta" && seen.at < *begun);
                shown && chat.begun + chat.took > *begun
            });
            let ends: Vec<&str> = live.map(Chat::status).collect();
            assert!(!ends.is_empty(), "no live stream when the fault began");
            assert!(ends.iter().all(|end| *end == "completed"), "{ends:?}");
        }
    }

    /// The median time to the first token of chats begun during a fault, and of the others.
    fn first_tokens(&self) -> (Duration, Duration) {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for chat in &self.chats {
            let Some(first) = chat.seen.iter().find(|seen| seen.name == "delta") else {
                continue;
            };
            let within = |(begun, end): &Window| (*begun..*end).contains(&chat.begun);
            let side = if self.windows.iter().any(within) {
                &mut with
            } else {
                &mut without
            };
            side.push(first.at - chat.begun);
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort();
            percentile(times, 50)
        };
        (median(&mut with), median(&mut without))
    }

    /// Answers begin as early as with Redis. Measured at length only: the median of a short slice
    /// on a busy machine says nothing.
    fn begins_as_early(&self) {
        let (with, without) = self.first_tokens();
        println!("first token: {with:?} with the fault, {without:?} without");
        assert!(
            !at_length() || with <= without + ADDED,
            "{with:?} {without:?}"
        );
    }

    /// A chat is resumed in its middle, although its events are not in Redis: it ends as stored.
    async fn resumes_from_what_is_stored(&self) {
        let chat = self.chats.last().unwrap();
        let turn = chat.turn.as_ref().unwrap();
        let url = format!("{}/v1/turns/{turn}/events", self.rig.orchestrators.url(1));
        let request = self.rig.http.get(url).bearer_auth(&self.rig.key);
        let request = request.header("last-event-id", &chat.seen[2].id);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let events = answer.bytes_stream().eventsource();
        let events = timeout(Duration::from_secs(10), events.collect::<Vec<_>>()).await;
        let last = events.unwrap().pop().unwrap().unwrap();
        let done: Value = serde_json::from_str(&last.data).unwrap();
        assert_eq!(done, chat.seen.last().unwrap().data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_killed() {
    let mut server = Server::postgres().await;
    let setup = Setup::of(TestDatabase::on(&server.url()).await);
    let played = play(
        "PostgreSQL killed (SIGKILL)",
        setup,
        faults(1),
        async |rig| {
            server.kill();
            is_told_when_to_come_back(rig).await;
            sleep(Duration::from_secs(1)).await;
            server.start().await;
        },
    )
    .await;
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_are_completed();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_gone() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    let played = play("PostgreSQL gone (3 s)", setup, faults(1), async |_| {
        for_a_while(&proxy, Fault::Gone).await;
    })
    .await;
    // A running turn waits for its database; evidence has a deadline and fails in sight.
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_are_completed();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_postgresql_break() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    let scenario = "PostgreSQL's connections break";
    let played = play(scenario, setup, faults(1), async |_| breaking(&proxy).await).await;
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_go_on();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_slow() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    // Half there and half back: 500 ms a query.
    let slow = Fault::Delay(Duration::from_millis(250));
    let played = play("PostgreSQL slow (500 ms)", setup, faults(1), async |_| {
        proxy.set(slow);
        // Long enough for a chat to begin while it is slow, and to get its first token.
        sleep(AWAY * 4).await;
        proxy.set(Fault::None);
    })
    .await;
    played.found.failed_for_evidence_only();
    let (with, without) = played.first_tokens();
    println!("first token: {with:?} with the fault, {without:?} without");
    assert!(with > without + Duration::from_secs(1), "it was not slow");
    played.recovers();
    played.streams_go_on();
}

/// What someone gets who asks for something: status, `Retry-After`, how long it took.
async fn ask(rig: &Rig, method: Method, path: &str) -> (u16, Option<String>, Duration) {
    let begun = Instant::now();
    let url = format!("{}{path}", rig.orchestrators.url(0));
    let request = rig.http.request(method, url).bearer_auth(&rig.key);
    let request = request.json(&json!({})).timeout(Duration::from_secs(20));
    let answer = request.send().await.unwrap();
    let after = answer.headers().get("retry-after");
    let after = after.map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), after, begun.elapsed())
}

/// Without a database nobody waits for long: who asks is told when to come back, and those who
/// watch get their answers.
async fn is_told_when_to_come_back(rig: &Rig) {
    let requests = (0..30).map(|_| ask(rig, Method::POST, "/v1/conversations"));
    let (answers, alive, metrics, ready) = tokio::join!(
        join_all(requests),
        ask(rig, Method::GET, "/health"),
        ask(rig, Method::GET, "/metrics"),
        ask(rig, Method::GET, "/health/ready"),
    );
    for (status, after, took) in answers {
        assert_eq!((status, after.as_deref()), (503, Some("2")), "{took:?}");
        assert!(took < at_most(NO_HANG), "{took:?}");
    }
    for (status, _, took) in [alive, metrics] {
        assert_eq!(status, 200);
        assert!(took < at_most(Duration::from_secs(2)), "{took:?}");
    }
    // It may have got a connection between two others; but it says in time what it found.
    let (status, _, took) = ready;
    assert!(matches!(status, 200 | 503), "{status}");
    assert!(took < at_most(NO_HANG), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_taken() {
    let setup = Setup::new().await;
    let mut lock = setup.database.connection().await;
    let setup = setup
        .with("CHATBOT__DATABASE__MAX_CONNECTIONS", "4")
        .with("CHATBOT__DATABASE__ACQUIRE_TIMEOUT_MS", "1000")
        .with("CHATBOT__DATABASE__STATEMENT_TIMEOUT_MS", "2000");
    let played = play(
        "PostgreSQL's connections taken",
        setup,
        faults(1),
        async |rig| {
            execute(&mut lock, "BEGIN").await;
            execute(&mut lock, "LOCK TABLE turns, conversations").await;
            sleep(Duration::from_secs(1)).await;
            is_told_when_to_come_back(rig).await;
            execute(&mut lock, "ROLLBACK").await;
        },
    )
    .await;
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_go_on();
}

/// Chats while Redis is behind a network with this fault for a while, again and again.
async fn without_redis(scenario: &str, fault: Fault) {
    let setup = Setup::new().await;
    let url = service("CHATBOT_TEST_REDIS_URL");
    let (proxy, setup) = behind("REDIS_URL", &url, setup).await;
    let played = play(scenario, setup, faults(2), async |_| {
        for_a_while(&proxy, fault).await;
    })
    .await;
    played.is_untouched();
    played.begins_as_early();
    proxy.set(fault);
    played.resumes_from_what_is_stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_gone() {
    without_redis("Redis gone (3 s)", Fault::Gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_silent() {
    without_redis("Redis silent (3 s)", Fault::Silent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_slow() {
    let slow = Fault::Delay(Duration::from_millis(500));
    without_redis("Redis slow (1 s)", slow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_redis_break() {
    let setup = Setup::new().await;
    let url = service("CHATBOT_TEST_REDIS_URL");
    let (proxy, setup) = behind("REDIS_URL", &url, setup).await;
    let scenario = "Redis' connections break";
    let played = play(scenario, setup, faults(1), async |_| breaking(&proxy).await).await;
    played.is_untouched();
    played.begins_as_early();
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_flushed() {
    let server = Server::redis().await;
    let setup = Setup::new().await.with("REDIS_URL", server.url());
    let flush = async || redis_command(&server.address(), "FLUSHALL").await.unwrap();
    let played = play("Redis flushed", setup, faults(2), async |_| {
        for _ in 0..10 {
            flush().await;
            sleep(AWAY / 10).await;
        }
    })
    .await;
    played.is_untouched();
    played.begins_as_early();
    flush().await;
    played.resumes_from_what_is_stored().await;
}
