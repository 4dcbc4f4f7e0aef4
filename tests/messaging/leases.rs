use std::time::Duration;

use chatbot::domain::ids::EventId;
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS as TOPIC;
use chatbot::domain::messaging::{
    Delivery, Envelope, Fence, Lease, LeaseStore, OutboxStore, Outcome,
};
use chatbot::persistence::{DbError, dead_letters};
use serde_json::json;
use tokio::time::timeout;

use super::acknowledge;
use crate::support::{TestDatabase, execute, until_within};

const GROUP: &str = "group";
const TTL: Duration = Duration::from_secs(30);

async fn join(test: &TestDatabase, owner: &str, partitions: i32) -> Vec<Lease> {
    test.database.heartbeat(GROUP, owner, TTL).await.unwrap();
    test.database
        .rebalance(GROUP, owner, TOPIC, partitions, TTL)
        .await
        .unwrap()
}

fn partitions(leases: &[Lease]) -> Vec<i32> {
    leases.iter().map(|lease| lease.fence.partition).collect()
}

fn delivery(fence: &Fence, offset: i64) -> Delivery {
    Delivery {
        envelope: Envelope {
            event_id: EventId::new(),
            kind: "kind".into(),
            version: 1,
            occurred_at: chatbot::domain::time::now(),
            key: "key".into(),
            payload: json!({ "id": 1 }),
        },
        offset,
        attempt: 3,
        fence: fence.clone(),
    }
}

#[tokio::test]
async fn partitions_are_shared_fairly_and_handed_over() {
    let test = TestDatabase::new().await;
    assert_eq!(partitions(&join(&test, "a", 5).await), [0, 1, 2, 3, 4]);
    assert!(join(&test, "b", 5).await.is_empty());
    assert_eq!(partitions(&join(&test, "a", 5).await), [0, 1, 2]);
    let b = join(&test, "b", 5).await;
    assert_eq!(partitions(&b), [3, 4]);
    assert!(b.iter().all(|lease| lease.fence.epoch == 2));
    test.database.release(GROUP, "a").await.unwrap();
    assert_eq!(partitions(&join(&test, "b", 5).await), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn shares_differ_by_one_at_most_when_they_do_not_divide() {
    let test = TestDatabase::new().await;
    let owners: Vec<String> = (0..5).map(|number| format!("member-{number}")).collect();
    let mut shares = Vec::new();
    // A member with too much gives it up in the second round; a member with too little takes it then
    // or in the third.
    for _ in 0..3 {
        shares.clear();
        for owner in &owners {
            shares.push(join(&test, owner, 12).await.len());
        }
    }
    assert_eq!(shares, [3, 3, 2, 2, 2]);
}

#[tokio::test]
async fn an_expired_lease_is_taken_with_its_offset_and_its_old_owner_is_fenced() {
    let test = TestDatabase::new().await;
    let old = join(&test, "a", 1).await.remove(0);
    let first = delivery(&old.fence, 0);
    let outcome = acknowledge(&test.database, &first).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
    test.execute("UPDATE partition_leases SET expires_at = now() - interval '1 second'")
        .await;
    test.execute("UPDATE consumer_members SET expires_at = now() - interval '1 second'")
        .await;
    let late = delivery(&old.fence, 1);
    // Expired already counts, before anyone took it.
    assert!(matches!(
        acknowledge(&test.database, &late).await,
        Err(DbError::Fenced)
    ));
    let new = join(&test, "b", 1).await.remove(0);
    assert_eq!((new.next_offset, new.fence.epoch), (1, 2));
    assert!(matches!(
        acknowledge(&test.database, &late).await,
        Err(DbError::Fenced)
    ));
    assert!(test.database.dead_letter(&late, "cause").await.is_err());
    assert!(test.database.skip_to(&old.fence, 9, "cause").await.is_err());
    assert!(
        test.database
            .heartbeat(GROUP, "a", TTL)
            .await
            .unwrap()
            .leases
            .is_empty()
    );
    assert_eq!(test.number("SELECT count(*) AS n FROM inbox").await, 1);
}

/// Takes the only partition from an owner that vanished.
async fn take_over(test: &TestDatabase, owner: &str) -> Lease {
    for table in ["partition_leases", "consumer_members"] {
        let expire = format!("UPDATE {table} SET expires_at = now() - interval '1 second'");
        test.execute(&expire).await;
    }
    join(test, owner, 1).await.remove(0)
}

#[tokio::test]
async fn attempts_at_the_next_record_outlive_their_process_and_no_longer() {
    let test = TestDatabase::new().await;
    let lease = join(&test, "a", 1).await.remove(0);
    assert_eq!(lease.attempts, 0);
    // The first attempt is noted by nobody, so every vanished owner is one.
    let lease = take_over(&test, "b").await;
    assert_eq!(lease.attempts, 1);
    let next = delivery(&lease.fence, 0);
    test.database.note_attempts(&next, 2).await.unwrap();
    let lease = take_over(&test, "c").await;
    assert_eq!(lease.attempts, 2);
    assert!(test.database.note_attempts(&next, 3).await.is_err());
    // One that gives it back did not die of it.
    let next = delivery(&lease.fence, 0);
    test.database.note_attempts(&next, 3).await.unwrap();
    test.database.release(GROUP, "c").await.unwrap();
    let lease = join(&test, "d", 1).await.remove(0);
    assert_eq!(lease.attempts, 2);
    // They are not those of the record behind it.
    let next = delivery(&lease.fence, 0);
    test.database.note_attempts(&next, 3).await.unwrap();
    acknowledge(&test.database, &next).await.unwrap();
    let held = test.database.heartbeat(GROUP, "d", TTL).await.unwrap();
    let held = held.leases;
    assert_eq!((held[0].next_offset, held[0].attempts), (1, 0));
    assert_eq!(take_over(&test, "e").await.attempts, 1);
}

#[tokio::test]
async fn an_event_has_its_effects_once_but_the_offset_moves_on() {
    let test = TestDatabase::new().await;
    let lease = join(&test, "a", 1).await.remove(0);
    let first = delivery(&lease.fence, 0);
    let again = Delivery {
        offset: 1,
        ..first.clone()
    };
    let outcome = acknowledge(&test.database, &first).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
    let outcome = acknowledge(&test.database, &again).await.unwrap();
    assert_eq!(outcome, Outcome::Duplicate);
    let next = "SELECT next_offset AS n FROM partition_leases";
    assert_eq!(test.number(next).await, 2);
}

#[tokio::test]
async fn many_members_at_once_never_share_a_partition() {
    let test = TestDatabase::new().await;
    for _ in 0..3 {
        let members = ["a", "b", "c", "d"].map(|owner| join(&test, owner, 8));
        futures::future::join_all(members).await;
    }
    let mut all = Vec::new();
    for owner in ["a", "b", "c", "d"] {
        let held = test.database.heartbeat(GROUP, owner, TTL).await.unwrap();
        assert_eq!((held.leases.len(), held.share(8), held.others), (2, 2, 3));
        all.extend(partitions(&held.leases));
    }
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_dead_letter_advances_and_can_be_replayed_once() {
    let test = TestDatabase::new().await;
    let lease = join(&test, "a", 1).await.remove(0);
    let poison = delivery(&lease.fence, 4);
    test.database
        .dead_letter(&poison, "a\0cause")
        .await
        .unwrap();
    let next = "SELECT next_offset AS n FROM partition_leases";
    assert_eq!(test.number(next).await, 5);
    let id = test
        .number("SELECT id AS n FROM dead_letters WHERE cause = 'acause' AND attempts = 3")
        .await;
    assert!(dead_letters::replay(&test.database, id).await.unwrap());
    assert!(!dead_letters::replay(&test.database, id).await.unwrap());
    assert_eq!(test.database.pending().await.unwrap(), 1);
}

#[tokio::test]
async fn what_postgresql_cannot_store_is_still_buried() {
    let test = TestDatabase::new().await;
    let lease = join(&test, "a", 1).await.remove(0);
    let mut poison = delivery(&lease.fence, 0);
    poison.envelope.payload = json!({ "id": "\0" });
    test.database.dead_letter(&poison, "cause").await.unwrap();
    let without = "SELECT count(*) AS n FROM dead_letters WHERE envelope IS NULL";
    assert_eq!(test.number(without).await, 1);
}

#[tokio::test]
async fn a_skip_leaves_a_trace() {
    let test = TestDatabase::new().await;
    let lease = join(&test, "a", 1).await.remove(0);
    test.database.skip_to(&lease.fence, 7, "gap").await.unwrap();
    let trace = "SELECT (details ->> 'to')::bigint AS n FROM audit_log
                 WHERE action = 'messaging.skip' AND subject_id = 'group/documents.commands/0'";
    assert_eq!(test.number(trace).await, 7);
}

/// Of three partitions' rows, one of which somebody holds on purpose.
async fn until_all_but_one_are_free(test: &TestDatabase) {
    let free = "SELECT count(*) AS n FROM (
        SELECT FROM partition_leases FOR UPDATE SKIP LOCKED) free";
    until_within(Duration::from_secs(5), "its locks are free", || async {
        test.database.ping().await.unwrap();
        test.number(free).await == 2
    })
    .await;
}

/// A client that dies or gives up in the middle of a statement: the server need not finish it.
#[tokio::test]
async fn what_nobody_waits_for_any_more_holds_nobody_up() {
    let test = TestDatabase::new().await;
    join(&test, "a", 3).await;
    let mut holder = test.connection().await;
    execute(&mut holder, "BEGIN").await;
    let last = "SELECT FROM partition_leases WHERE partition = 2 FOR UPDATE";
    execute(&mut holder, last).await;
    let leaving = test.database.release(GROUP, "a");
    assert!(timeout(Duration::from_millis(500), leaving).await.is_err());
    until_all_but_one_are_free(&test).await;
}

/// Nor does a call that meets its deadline; it says so, and its connection closes.
#[tokio::test]
async fn a_call_ends_at_its_deadline_and_gives_its_locks_back() {
    let test = TestDatabase::new().await;
    join(&test, "a", 3).await;
    let mut holder = test.connection().await;
    execute(&mut holder, "BEGIN").await;
    let last = "SELECT FROM partition_leases WHERE partition = 2 FOR UPDATE";
    execute(&mut holder, last).await;
    let mut leaving = test.database.release(GROUP, "a");
    let stuck = timeout(Duration::from_millis(500), &mut leaving).await;
    assert!(stuck.is_err());
    // Nothing else happens, so the clock jumps to the deadline.
    tokio::time::pause();
    let late = leaving.await.unwrap_err().to_string();
    tokio::time::resume();
    assert_eq!(late, "the database is unavailable: no answer in time");
    until_all_but_one_are_free(&test).await;
}

/// Nor does the next one who needs a connection wait behind it.
#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_not_passed_on_with_its_connection() {
    let test = TestDatabase::new().await;
    let mut holder = test.connection().await;
    execute(&mut holder, "BEGIN").await;
    execute(&mut holder, "LOCK TABLE outbox").await;
    let counting = timeout(Duration::from_millis(500), test.database.pending());
    assert!(counting.await.is_err());
    // The pool hands out first what came back last.
    let answer = timeout(Duration::from_secs(5), test.database.ping()).await;
    answer.expect("an answer at once").unwrap();
}

/// Nor is it left alone because others came back to the pool after it, and are used first.
#[tokio::test]
async fn a_connection_given_back_in_the_middle_of_its_work_is_closed_wherever_it_lies() {
    let test = TestDatabase::new().await;
    join(&test, "a", 3).await;
    let (mut holder, mut other) = (test.connection().await, test.connection().await);
    execute(&mut holder, "BEGIN").await;
    let last = "SELECT FROM partition_leases WHERE partition = 2 FOR UPDATE";
    execute(&mut holder, last).await;
    execute(&mut other, "BEGIN").await;
    execute(&mut other, "LOCK TABLE outbox").await;
    let given_up = async {
        let leaving = test.database.release(GROUP, "a");
        assert!(timeout(Duration::from_millis(500), leaving).await.is_err());
        execute(&mut other, "ROLLBACK").await;
    };
    let (counted, ()) = tokio::join!(test.database.pending(), given_up);
    counted.unwrap();
    until_all_but_one_are_free(&test).await;
}
