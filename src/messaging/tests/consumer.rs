use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::fakes::{LEASE, Recorder, Rig, START, TOPIC, envelope, until};
use crate::domain::messaging::{Delivery, Fence, Handler, HandlerError, Outcome};
use crate::messaging::partition::PartitionLoop;
use crate::messaging::store::TimelyStore;
use crate::messaging::{
    ConsumerSettings, ConsumerStats, LeasedConsumer, Log, dead_letter_topic, partition_for,
};

/// Runs a consumer until the condition holds, then stops it.
async fn run_until(consumer: &LeasedConsumer, what: impl Fn() -> bool) {
    let cancel = CancellationToken::new();
    tokio::join!(consumer.run(cancel.clone()), async {
        until(what).await;
        cancel.cancel();
    });
}

#[tokio::test]
async fn records_of_one_key_are_handled_in_order_and_once() {
    let rig = Rig::new(3, |_| Ok(()));
    for index in 0..20 {
        rig.send("one", &format!("one {index:02}")).await;
        rig.send("two", &format!("two {index:02}")).await;
    }
    let twice = envelope("one", "one twice");
    rig.append("one", &twice).await;
    rig.append("one", &twice).await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    run_until(&consumer, || stats.handled() == 42).await;
    let kinds = rig.recorder.kinds();
    assert_eq!(kinds.len(), 41);
    assert_eq!(stats.duplicates(), 1);
    for key in ["one", "two"] {
        assert!(
            kinds
                .iter()
                .filter(|kind| kind.starts_with(key))
                .is_sorted()
        );
    }
    assert!(rig.leases.owners().iter().all(Option::is_none));
}

#[tokio::test]
async fn a_retry_succeeds_and_a_poison_record_ends_in_the_dead_letters() {
    let rig = Rig::new(1, |delivery| match delivery.envelope.kind.as_str() {
        "flaky" if delivery.attempt < 3 => Err(HandlerError::Retry("not yet".into())),
        "poison" => Err(HandlerError::Retry("never".into())),
        "wrong" => Err(HandlerError::Reject("wrong".into())),
        "panics" => panic!("scripted"),
        _ => Ok(()),
    });
    for kind in ["flaky", "poison", "wrong", "panics", "fine"] {
        rig.send("key", kind).await;
    }
    rig.append_bytes("key", b"no json".to_vec()).await;
    rig.send("key", "last").await;
    let consumer = rig.consumer("a");
    run_until(&consumer, || rig.leases.next(0) == START + 7).await;
    assert_eq!(rig.recorder.kinds(), ["flaky", "fine", "last"]);
    let dead: Vec<_> = rig
        .leases
        .dead()
        .into_iter()
        .map(|(offset, _, attempts)| (offset - START, attempts))
        .collect();
    assert_eq!(dead, [(1, 3), (2, 1), (3, 3), (5, 1)]);
    let copies = rig
        .log
        .fetch(&dead_letter_topic(TOPIC), 0, START, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(copies.len(), 4);
    assert_eq!(copies[3].value, b"no json");
    assert_eq!(consumer.stats().dead_letters(), 4);
}

/// A handler that starts records of the kind `deadly` and never ends them; a recorder handles the
/// others.
struct Deadly {
    begun: AtomicU32,
    recorder: Arc<Recorder>,
}

#[async_trait]
impl Handler for Deadly {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError> {
        if delivery.envelope.kind == "deadly" {
            self.begun.fetch_add(1, Ordering::Relaxed);
            return std::future::pending().await;
        }
        self.recorder.handle(delivery).await
    }
}

#[tokio::test]
async fn a_deadly_record_becomes_a_dead_letter_and_its_neighbour_does_not() {
    // Slow enough that a record is in progress whenever the process dies, until it runs alone.
    let rig = Rig::slow(2, Duration::from_millis(50), |_| Ok(()));
    let handler = Arc::new(Deadly {
        begun: AtomicU32::new(0),
        recorder: rig.recorder.clone(),
    });
    assert_ne!(partition_for("a", 2), partition_for("d", 2));
    rig.send("a", "deadly").await;
    rig.send("a", "behind").await;
    rig.send("d", "beside").await;
    for death in 1..=3 {
        let consumer = rig.consumer_with(&format!("{death}"), handler.clone());
        let begun = || handler.begun.load(Ordering::Relaxed) == death;
        // A dropped consumer finishes nothing and gives nothing back.
        tokio::select! {
            () = consumer.run(CancellationToken::new()) => unreachable!("nobody stops it"),
            () = until(begun) => {}
        }
    }
    let last = rig.consumer_with("last", handler.clone());
    run_until(&last, || rig.recorder.kinds().len() == 2).await;
    let dead = rig.leases.dead();
    assert_eq!(dead.len(), 1, "{dead:?}");
    let (offset, cause, attempts) = &dead[0];
    assert_eq!((*offset, *attempts), (START, 3));
    assert!(cause.contains("process"), "{cause}");
    assert_eq!(handler.begun.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_stolen_partition_is_left_at_once_and_taken_back_when_free() {
    let rig = Rig::slow(1, Duration::from_millis(30), |_| Ok(()));
    rig.send("key", "first").await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    let cancel = CancellationToken::new();
    tokio::join!(consumer.run(cancel.clone()), async {
        until(|| rig.recorder.attempts.lock().unwrap().len() == 1).await;
        rig.leases.steal(0, "thief");
        until(|| stats.owned() == 0).await;
        assert!(rig.recorder.kinds().is_empty());
        let thief = rig.consumer("thief");
        run_until(&thief, || rig.recorder.kinds().len() == 1).await;
        // The thief gave the partition back, and the first member takes it again.
        rig.send("key", "second").await;
        until(|| rig.recorder.kinds().len() == 2).await;
        cancel.cancel();
    });
    assert_eq!(rig.recorder.kinds(), ["first", "second"]);
    assert!(stats.fenced() >= 1);
}

#[tokio::test]
async fn a_record_that_takes_longer_than_its_lease_keeps_it() {
    let rig = Rig::slow(1, LEASE * 3, |_| Ok(()));
    rig.send("key", "long").await;
    let (consumer, other) = (rig.consumer("a"), rig.consumer("b"));
    let (stats, cancel) = (consumer.stats(), CancellationToken::new());
    tokio::join!(consumer.run(cancel.clone()), async {
        until(|| rig.recorder.attempts.lock().unwrap().len() == 1).await;
        run_until(&other, || stats.handled() == 1).await;
        cancel.cancel();
    });
    assert_eq!(rig.recorder.kinds(), ["long"]);
    assert_eq!(rig.recorder.attempts.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_record_that_takes_for_ever_is_left_when_its_partition_is_lost() {
    let rig = Rig::slow(1, Duration::from_hours(1), |_| Ok(()));
    rig.send("key", "long").await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    let cancel = CancellationToken::new();
    tokio::join!(consumer.run(cancel.clone()), async {
        until(|| rig.recorder.attempts.lock().unwrap().len() == 1).await;
        rig.leases.steal(0, "thief");
        until(|| stats.fenced() == 1 && stats.owned() == 0).await;
        cancel.cancel();
    });
}

#[tokio::test]
async fn two_members_share_and_a_leaving_one_hands_over() {
    let rig = Rig::new(4, |_| Ok(()));
    let (a, b) = (rig.consumer("a"), rig.consumer("b"));
    let (stop_a, stop_b) = (CancellationToken::new(), CancellationToken::new());
    tokio::join!(a.run(stop_a.clone()), b.run(stop_b.clone()), async {
        let held = |owner: &str| {
            let owners = rig.leases.owners();
            owners
                .iter()
                .filter(|o| o.as_deref() == Some(owner))
                .count()
        };
        until(|| held("a") == 2 && held("b") == 2).await;
        stop_b.cancel();
        until(|| held("a") == 4).await;
        stop_a.cancel();
    });
}

#[tokio::test]
async fn a_gap_is_recorded_and_reading_goes_on() {
    let rig = Rig::new(1, |_| Ok(()));
    for index in 0..130 {
        rig.send("key", &index.to_string()).await;
    }
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    run_until(&consumer, || stats.handled() == 100).await;
    assert_eq!(rig.leases.skips(), [(START, START + 30)]);
    assert_eq!(stats.gaps(), 1);
}

#[tokio::test]
async fn offsets_of_an_earlier_process_are_no_gap() {
    let rig = Rig::new(1, |_| Ok(()));
    rig.leases.set_next(0, 7);
    rig.send("key", "kind").await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    run_until(&consumer, || stats.handled() == 1).await;
    assert_eq!(rig.leases.skips(), [(7, START)]);
    assert_eq!(stats.gaps(), 0);
}

#[tokio::test]
async fn stopping_finishes_the_record_in_hand_only() {
    let rig = Rig::slow(1, Duration::from_millis(50), |_| Ok(()));
    rig.send("key", "in hand").await;
    rig.send("key", "later").await;
    let consumer = rig.consumer("a");
    run_until(&consumer, || {
        !rig.recorder.attempts.lock().unwrap().is_empty()
    })
    .await;
    assert_eq!(rig.recorder.kinds(), ["in hand"]);
    assert_eq!(rig.leases.next(0), START + 1);
}

#[tokio::test]
async fn an_outage_of_the_store_kills_no_record() {
    let rig = Rig::new(1, |_| Err(HandlerError::Retry("database is down".into())));
    rig.send("key", "kind").await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    let cancel = CancellationToken::new();
    tokio::join!(consumer.run(cancel.clone()), async {
        until(|| !rig.recorder.attempts.lock().unwrap().is_empty()).await;
        rig.leases.set_down(true);
        until(|| stats.retries() > 6 || !rig.leases.dead().is_empty()).await;
        rig.leases.set_down(false);
        until(|| !rig.leases.dead().is_empty()).await;
        cancel.cancel();
    });
    assert_eq!(rig.leases.dead().len(), 1);
}

/// All leases have expired, and the first member to come back sees nobody else. It takes nothing
/// from living members, and no current record counts as tried.
#[tokio::test]
async fn after_an_outage_of_the_store_members_keep_their_partitions() {
    let rig = Rig::new(4, |_| Ok(()));
    let (a, b) = (rig.consumer("a"), rig.consumer("b"));
    let stats = [a.stats(), b.stats()];
    let cancel = CancellationToken::new();
    tokio::join!(a.run(cancel.clone()), b.run(cancel.clone()), async {
        let shared = || stats.iter().all(|stats| stats.owned() == 2);
        until(shared).await;
        let epochs = rig.leases.epochs();
        rig.leases.set_down(true);
        until(|| stats.iter().all(|stats| stats.lease_age() > LEASE * 2)).await;
        rig.leases.set_down(false);
        until(|| stats.iter().all(|stats| stats.lease_age() < LEASE)).await;
        until(shared).await;
        assert_eq!(rig.leases.epochs(), epochs);
        cancel.cancel();
    });
}

#[tokio::test]
async fn the_age_of_the_leases_is_that_of_the_last_heartbeat() {
    let rig = Rig::new(1, |_| Ok(()));
    rig.send("key", "one").await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    assert_eq!(stats.lease_age(), Duration::ZERO);
    run_until(&consumer, || stats.handled() == 1).await;
    // Nobody renews the leases any more.
    let age = stats.lease_age();
    let passed = Duration::from_millis(20);
    tokio::time::sleep(passed).await;
    assert!(stats.lease_age() >= age + passed);
    run_until(&consumer, || stats.lease_age() < age + passed).await;
}

#[tokio::test]
async fn a_member_with_its_share_only_renews_its_leases() {
    let rig = Rig::new(3, |_| Ok(()));
    let consumer = rig.consumer("a");
    run_until(&consumer, || rig.leases.calls().0 >= 10).await;
    assert_eq!(rig.leases.calls().1, 1);
}

#[tokio::test]
async fn a_shared_dependency_may_be_away_for_longer_than_all_attempts() {
    let calls = AtomicU32::new(0);
    let rig = Rig::new(1, move |delivery| {
        assert_eq!(delivery.attempt, 1, "waiting is no attempt");
        match calls.fetch_add(1, Ordering::Relaxed) {
            0..8 => Err(HandlerError::Unavailable("database is down".into())),
            _ => Ok(()),
        }
    });
    rig.send("key", "waits").await;
    rig.send("key", "follows").await;
    let consumer = rig.consumer("a");
    let stats = consumer.stats();
    run_until(&consumer, || stats.handled() == 2).await;
    assert_eq!(rig.recorder.kinds(), ["waits", "follows"]);
    assert_eq!(rig.leases.dead(), []);
    assert_eq!(stats.retries(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_cannot_be_recorded_is_retried_less_and_less_often() {
    let rig = Rig::new(1, |_| Ok(()));
    for index in 0..101 {
        rig.send("key", &index.to_string()).await;
    }
    rig.leases.set_down(true);
    let stats = Arc::new(ConsumerStats::default());
    let settings = ConsumerSettings::new("group", "owner", TOPIC);
    let reading = PartitionLoop {
        log: Arc::clone(&rig.log) as Arc<dyn Log>,
        store: Arc::new(TimelyStore::new(rig.leases.clone(), settings.ttl)),
        handler: rig.recorder.clone(),
        settings: Arc::new(settings),
        stats: Arc::clone(&stats),
        fence: Fence {
            group: "group".into(),
            topic: TOPIC.into(),
            partition: 0,
            owner: "owner".into(),
            epoch: 1,
        },
        suspects: Arc::new(Semaphore::new(1)),
        stop: CancellationToken::new(),
        lost: CancellationToken::new(),
    };
    let minute = Duration::from_mins(1);
    assert!(
        tokio::time::timeout(minute, reading.run(START, 0))
            .await
            .is_err()
    );
    // Seven pauses grow up to 2 s, and further pauses stay at 2 s.
    assert!((30..40).contains(&stats.errors()), "{}", stats.errors());
}
