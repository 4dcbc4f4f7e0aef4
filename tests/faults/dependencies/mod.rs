//! The dependencies of the replicas die, fall silent, slow down and come back while people chat.

mod postgresql;
mod redis;

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::chat::{Chat, Load};
use super::check::{Findings, check, percentile};
use super::report::report;
use super::rig::Rig;
use super::{at_length, at_most};
use crate::support::events::EventStream;
use crate::support::proxy::{Fault, Proxy};
use crate::support::system::Setup;

/// From the return of what was away to the first new chat.
const RECOVERY: Duration = Duration::from_secs(5);
/// How much later an answer may begin without Redis, at the median.
const ADDED: Duration = Duration::from_millis(50);
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
        // Everybody begins anew after a fault, and on a busy machine nobody may have come far.
        load.until_shown().await;
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
        let events = EventStream::of(answer).rest();
        let events = timeout(Duration::from_secs(10), events).await.unwrap();
        assert_eq!(events.end().1, &chat.seen.last().unwrap().data);
    }
}
