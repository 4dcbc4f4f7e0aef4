//! Poison on real Kafka, read by the real rag role: it holds up the records behind it for a moment,
//! ends in the dead letters, complete, and can be published again.

use std::time::Duration;

use chatbot::domain::messaging::Envelope;
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS as TOPIC;
use chatbot::messaging::{Log, Record, dead_letter_topic};
use serde_json::{Value, json};

use super::records::{handled_at, log, quick, received, record, send, until_read};
use crate::support::broker::{Cluster, Extra};
use crate::support::system::{Setup, System};
use crate::support::until;

/// The longest delay that a poison record may cause for those behind it.
const DELAY_MS: i64 = 1_000;
/// A value of 1 MiB is a little more than a broker with Kafka's defaults takes.
const LARGE: usize = 1_048_576;
const LARGER_RECORDS: &str = "message.max.bytes=4194304\nreplica.fetch.max.bytes=4194304";

/// A record that must end in the dead letters: what it is, its bytes, what its cause begins with,
/// how often it is tried, and whether it can be published again.
#[derive(Clone)]
struct Poison {
    name: &'static str,
    value: Vec<u8>,
    cause: &'static str,
    attempts: i32,
    replays: bool,
}

fn poison(name: &'static str, value: Vec<u8>, cause: &'static str, replays: bool) -> Poison {
    Poison {
        name,
        value,
        cause,
        attempts: 1,
        replays,
    }
}

/// Bytes that are no event.
fn no_events() -> Vec<Poison> {
    let mut large = b"not JSON".to_vec();
    large.resize(LARGE, b' ');
    let (cut, other) = (b"{\"event_id\":".to_vec(), b"{\"version\":1}".to_vec());
    vec![
        poison("no JSON", cut, "undecodable record: Eof", false),
        poison("no envelope", other, "undecodable record: Data", false),
        poison("a large value", large, "undecodable record: Syntax", false),
    ]
}

/// Events that the worker does not know, and one that it cannot handle.
fn odd_events(failing: &Envelope) -> Vec<Poison> {
    let bytes = |envelope: &Envelope| serde_json::to_vec(envelope).unwrap();
    let mut version = quick();
    version.version = 2;
    let mut kind = quick();
    kind.kind = "document.rotated".into();
    let mut large = kind.clone();
    let room = LARGE - bytes(&large).len();
    large.payload = json!({ "padding": "x".repeat(room) });
    let mut payload = quick();
    payload.payload = json!({ "document_id": 7 });
    vec![
        poison("a large event", bytes(&large), "unknown kind", false),
        poison(
            "another version",
            bytes(&version),
            "unknown version 2",
            true,
        ),
        poison("another kind", bytes(&kind), "unknown kind", true),
        poison(
            "another payload",
            bytes(&payload),
            "unreadable payload",
            true,
        ),
        Poison {
            attempts: 5,
            ..poison("always failing", bytes(failing), "database", true)
        },
    ]
}

/// A document whose chunks cannot be stored, whatever is tried, and its command.
async fn failing(system: &System) -> Envelope {
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'scripted'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON chunks FOR EACH ROW
         WHEN (NEW.text LIKE '%cursed%') EXECUTE FUNCTION refuse()",
    ] {
        system.database().execute(statement).await;
    }
    let text = "# Leaflet\n\nThis leaflet is cursed.";
    let cursed = system.document("cursed.md").text(text);
    cursed.upload().await;
    // A person who waits for the document learns of it.
    let view = cursed.settled().await;
    assert_eq!(view["version_status"], "failed");
    let reason = view["reason"].as_str().unwrap();
    assert!(reason.starts_with("The document could not be processed"));
    let told = "outbox WHERE envelope ->> 'kind' = 'document.failed'";
    assert_eq!(system.database().count(told).await, 1);
    let query = "SELECT id || ' ' || document_id AS t FROM document_versions";
    let ids = system.database().texts(query).await.remove(0);
    let (version, document) = ids.split_once(' ').unwrap();
    received(document.parse().unwrap(), version.parse().unwrap())
}

/// The dead letter at this offset of the first partition, complete.
async fn check_letter(system: &System, offset: i64, poison: &Poison) -> i64 {
    let query = format!(
        "SELECT to_jsonb(d)::text AS t FROM dead_letters d
         WHERE topic = '{TOPIC}' AND partition = 0 AND record_offset = {offset}
           AND consumer_group = 'rag'"
    );
    let letter = system.database().texts(&query).await.remove(0);
    let letter: Value = serde_json::from_str(&letter).unwrap();
    let cause = letter["cause"].as_str().unwrap();
    assert!(cause.starts_with(poison.cause), "{}: {cause}", poison.name);
    assert_eq!(letter["attempts"], poison.attempts, "{}", poison.name);
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(&poison.value) {
        assert_eq!(letter["envelope"], json!(envelope));
    } else {
        let kept = &letter["envelope"]["payload"];
        assert_eq!(kept["bytes"], poison.value.len());
        let first = hex::encode(&poison.value[..poison.value.len().min(65_536)]);
        assert_eq!(kept["hex"], first);
    }
    letter["id"].as_i64().unwrap()
}

/// The values on the dead-letter topic.
async fn copies(setup: &Setup) -> Vec<Vec<u8>> {
    let (log, topic) = (log(setup), dead_letter_topic(TOPIC));
    let end = log.end_offset(&topic, 0).await.unwrap();
    let mut values = Vec::new();
    let mut next = 0;
    while next < end {
        let wait = Duration::from_secs(1);
        for record in log.fetch(&topic, 0, next, wait).await.unwrap() {
            next = record.offset + 1;
            values.push(record.value);
        }
    }
    values
}

#[tokio::test]
async fn poison_delays_its_partition_by_a_second_at_most_and_can_be_replayed() {
    let extra = Extra {
        settings: LARGER_RECORDS.into(),
        ..Extra::default()
    };
    let cluster = Cluster::start_with(1, &extra).await;
    let setup = Setup::new().await.with("KAFKA_BROKERS", cluster.brokers());
    let system = System::start_with(setup).await;
    let failing = failing(&system).await;
    let poisons = [no_events(), odd_events(&failing)].concat();
    until_read(&system.setup).await;
    let first = log(&system.setup).end_offset(TOPIC, 0).await.unwrap();
    let good: Vec<Envelope> = (0..=poisons.len()).map(|_| quick()).collect();
    send(&system.setup, 0, vec![record(&good[0])]).await;
    for (poison, good) in poisons.iter().zip(&good[1..]) {
        let (key, value) = (String::new(), poison.value.clone());
        send(&system.setup, 0, vec![Record { key, value }, record(good)]).await;
    }
    until_read(&system.setup).await;
    let mut before = handled_at(&system, &good[0]).await;
    for (poison, good) in poisons.iter().zip(&good[1..]) {
        let after = handled_at(&system, good).await;
        println!("{}: {} ms", poison.name, after - before);
        assert!(
            after - before <= DELAY_MS,
            "{}: {} ms",
            poison.name,
            after - before
        );
        before = after;
    }
    let copies = copies(&system.setup).await;
    let mut letters = Vec::new();
    for (offset, poison) in (first + 1..).step_by(2).zip(&poisons) {
        letters.push(check_letter(&system, offset, poison).await);
        assert!(
            copies.contains(&poison.value),
            "{} is not copied",
            poison.name
        );
    }
    replay(&system, &letters, &poisons).await;
}

/// Each kind that can be published again is, and nothing else; what was mended succeeds.
async fn replay(system: &System, letters: &[i64], poisons: &[Poison]) {
    system
        .database()
        .execute("DROP TRIGGER refuse ON chunks")
        .await;
    for (letter, poison) in letters.iter().zip(poisons) {
        for replays in [poison.replays, false] {
            let mut command = system.setup.chatbot();
            command.args(["dead-letters", "replay", &letter.to_string()]);
            let output = command.output().unwrap();
            assert_eq!(
                output.status.success(),
                replays,
                "{}: {output:?}",
                poison.name
            );
        }
    }
    until("the mended document is indexed", || async {
        let view = system.document("cursed.md").settled().await;
        view["version_status"] == "indexed"
    })
    .await;
    // The others are as wrong as before.
    until("the others are dead letters again", || async {
        let query = "SELECT count(*) AS n FROM dead_letters WHERE replayed_at IS NULL";
        // The upload's own, those that cannot be replayed, and three again.
        let waiting = 1 + poisons.iter().filter(|poison| !poison.replays).count() + 3;
        system.database().number(query).await == i64::try_from(waiting).unwrap()
    })
    .await;
}
