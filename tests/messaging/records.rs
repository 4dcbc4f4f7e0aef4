//! Odd records on real Kafka, read by the real rag role: repeated, reordered, rewound and poisonous.

use std::sync::Arc;
use std::time::Duration;

use chatbot::domain::ids::{DocumentId, EventId, VersionId};
use chatbot::domain::messaging::Envelope;
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS as TOPIC;
use chatbot::messaging::{
    KafkaLog, KafkaSettings, Log, OutboxRelay, Record, RelaySettings, dead_letter_topic,
};
use chatbot::persistence::outbox;
use serde_json::{Value, json};

use super::kafka;
use crate::faults;
use crate::support::proxy::{Fault, Proxy};
use crate::support::system::{Setup, System, authority};
use crate::support::{TestDatabase, service, until};

/// What a poison record may cost those behind it.
const DELAY_MS: i64 = 1_000;
/// The largest value that a broker with Kafka's defaults takes.
const LARGE: usize = 1_047_552;

/// The bus of a system.
fn log(setup: &Setup) -> KafkaLog {
    KafkaLog::new(KafkaSettings {
        topic_prefix: setup.topic_prefix().to_owned(),
        ..kafka::settings(&service("CHATBOT_TEST_KAFKA_BROKERS"), 2)
    })
}

/// What the upload of a version announces.
fn received(document: DocumentId, version: VersionId) -> Envelope {
    Envelope {
        event_id: EventId::new(),
        kind: "document.received".into(),
        version: 1,
        occurred_at: chatbot::domain::time::now(),
        key: document.to_string(),
        payload: json!({ "document_id": document, "version_id": version }),
    }
}

/// Of a version that nobody knows any more: handled, and quick.
fn quick() -> Envelope {
    received(DocumentId::new(), VersionId::new())
}

fn record(envelope: &Envelope) -> Record {
    Record {
        key: envelope.key.clone(),
        value: serde_json::to_vec(envelope).unwrap(),
    }
}

async fn send(setup: &Setup, partition: i32, records: Vec<Record>) {
    let log = log(setup);
    // One at a time: together they may be too large for one request.
    for record in records {
        log.append(TOPIC, partition, vec![record]).await.unwrap();
    }
}

/// The commands that the uploads put on the bus, as they stand on each partition.
async fn commands(setup: &Setup) -> Vec<Vec<Vec<u8>>> {
    let log = log(setup);
    let mut partitions = Vec::new();
    for partition in 0..2 {
        let end = log.end_offset(TOPIC, partition).await.unwrap();
        let mut values = Vec::new();
        while i64::try_from(values.len()).unwrap() < end {
            let next = i64::try_from(values.len()).unwrap();
            let fetched = log.fetch(TOPIC, partition, next, Duration::from_secs(1));
            values.extend(
                fetched
                    .await
                    .unwrap()
                    .into_iter()
                    .map(|record| record.value),
            );
        }
        partitions.push(values);
    }
    partitions
}

/// Every effect a record can have, as numbers: none may change when it comes again.
async fn effects(setup: &Setup) -> Vec<String> {
    let query = "SELECT concat_ws(' ',
            (SELECT md5(string_agg(k.id || k.version_id::text, ',' ORDER BY k.id)) FROM chunks k),
            (SELECT count(*) FROM chunk_embeddings),
            (SELECT count(*) FROM lexical_postings),
            (SELECT sum(df) FROM lexical_terms),
            (SELECT chunks || '/' || total_length FROM lexical_stats),
            (SELECT string_agg(id || status, ',' ORDER BY id) FROM document_versions),
            (SELECT count(*) FROM outbox),
            (SELECT count(*) FROM dead_letters)) AS t";
    setup.database.texts(query).await
}

async fn until_read(setup: &Setup) {
    let log = log(setup);
    let query = "SELECT coalesce(sum(next_offset), 0)::bigint AS n FROM partition_leases";
    until("every record is read", || async {
        let mut end = 0;
        for partition in 0..2 {
            end += log.end_offset(TOPIC, partition).await.unwrap();
        }
        setup.database.number(query).await == end
    })
    .await;
}

fn counter(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.expect(name).trim().parse().unwrap()
}

async fn metrics(system: &System) -> String {
    let url = format!("{}/metrics", system.rag.url);
    system
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

async fn upload(system: &System, count: usize) {
    for number in 0..count {
        let text = format!("# Leaflet {number}\n\nRoom {number} is open. Ask nurse {number}.");
        system
            .put(&format!("{number}.md"), "text/markdown", text)
            .await;
    }
    let query = "SELECT count(*) AS n FROM document_versions WHERE status = 'indexed'";
    let expected = i64::try_from(count).unwrap();
    until("all is indexed", || async {
        system.database().number(query).await == expected
    })
    .await;
    until_published(system).await;
}

async fn until_published(system: &System) {
    until("all events are published", || async {
        let waiting = "SELECT count(*) AS n FROM outbox WHERE published_at IS NULL";
        system.database().number(waiting).await == 0
    })
    .await;
}

#[tokio::test]
async fn records_that_come_again_have_no_second_effect() {
    let mut system = System::start().await;
    upload(&system, 12).await;
    let text = "# Leaflet 0\n\nRoom 0 is closed.";
    system.put("0.md", "text/markdown", text).await;
    assert_eq!(system.settled("0.md").await["version_status"], "indexed");
    until_published(&system).await;
    until_read(&system.setup).await;
    let before = effects(&system.setup).await;
    let partitions = commands(&system.setup).await;
    let total: usize = partitions.iter().map(Vec::len).sum();
    assert_eq!(total, 13);

    // Twice more each, the last ones first, some on the other partition.
    for (partition, values) in (0..).zip(&partitions) {
        for value in values.iter().rev().chain(values) {
            let key = String::new();
            let value = value.clone();
            send(&system.setup, partition, vec![Record { key, value }]).await;
        }
        let strayed = values.iter().rev().map(|value| Record {
            key: String::new(),
            value: value.clone(),
        });
        send(&system.setup, 1 - partition, strayed.collect()).await;
    }
    until_read(&system.setup).await;
    assert_eq!(effects(&system.setup).await, before);
    let duplicates = counter(&metrics(&system).await, "chatbot_consumer_duplicates_total");
    assert_eq!(duplicates, 39);

    // And as other events, the first version of a document after its second one.
    let query = "SELECT document_id || ' ' || id AS t FROM document_versions ORDER BY id DESC";
    for row in system.database().texts(query).await {
        let (document, version) = row.split_once(' ').unwrap();
        let again = received(document.parse().unwrap(), version.parse().unwrap());
        send(&system.setup, 0, vec![record(&again)]).await;
    }
    until_read(&system.setup).await;
    assert_eq!(effects(&system.setup).await, before);

    rewind(&mut system, before).await;
}

/// The offset is set back while no worker owns the partition, as after a restore from a backup.
async fn rewind(system: &mut System, before: Vec<String>) {
    let filling = (0..1_000).map(|_| quick());
    let records: Vec<Record> = filling.map(|envelope| record(&envelope)).collect();
    log(&system.setup).append(TOPIC, 0, records).await.unwrap();
    until_read(&system.setup).await;
    assert_eq!(effects(&system.setup).await, before);
    system.rag.terminate(Duration::from_secs(30));
    let inbox = system
        .database()
        .number("SELECT count(*) AS n FROM inbox")
        .await;
    let back = "UPDATE partition_leases SET next_offset = greatest(next_offset - 1000, 0)";
    system.database().execute(back).await;
    system.rag = system.setup.serve("rag", &[]);
    until_read(&system.setup).await;
    assert_eq!(effects(&system.setup).await, before);
    let after = system
        .database()
        .number("SELECT count(*) AS n FROM inbox")
        .await;
    assert_eq!(after, inbox);
    until("the metrics answer", || async {
        let url = format!("{}/metrics", system.rag.url);
        system.http.get(url).send().await.is_ok()
    })
    .await;
    let duplicates = counter(&metrics(system).await, "chatbot_consumer_duplicates_total");
    assert!(duplicates >= 1_000, "{duplicates}");
}

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
    large.payload = json!({ "padding": "x".repeat(LARGE - 1_000) });
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
    system.put("cursed.md", "text/markdown", text).await;
    // Whoever waits for the document is told.
    let view = system.settled("cursed.md").await;
    assert_eq!(view["version_status"], "failed");
    let reason = view["reason"].as_str().unwrap();
    assert!(reason.starts_with("The document could not be processed"));
    let told = "SELECT count(*) AS n FROM outbox WHERE envelope ->> 'kind' = 'document.failed'";
    assert_eq!(system.database().number(told).await, 1);
    let query = "SELECT id || ' ' || document_id AS t FROM document_versions";
    let ids = system.database().texts(query).await.remove(0);
    let (version, document) = ids.split_once(' ').unwrap();
    received(document.parse().unwrap(), version.parse().unwrap())
}

/// When a record was handled, in milliseconds.
async fn handled_at(system: &System, envelope: &Envelope) -> i64 {
    let id = envelope.event_id.0;
    let query = format!(
        "SELECT (extract(epoch FROM processed_at) * 1000)::bigint AS n FROM inbox
         WHERE event_id = '{id}'"
    );
    system.database().number(&query).await
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
    let system = System::start().await;
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
        let view = system.settled("cursed.md").await;
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

/// A broker takes a request of about 1 MiB: more than that at once must not block the outbox.
#[tokio::test]
async fn events_that_are_large_together_are_published() {
    let test = TestDatabase::new().await;
    let log: Arc<dyn Log> = Arc::new(kafka::log(1).await);
    for _ in 0..8 {
        let payload = json!({ "padding": "x".repeat(250_000) });
        outbox::enqueue(&test.database, TOPIC, "kind", "key", payload)
            .await
            .unwrap();
    }
    let relay = OutboxRelay::new(
        test.database.clone(),
        Arc::clone(&log),
        RelaySettings::default(),
    );
    assert_eq!(relay.drain_once().await.unwrap(), 8);
    assert_eq!(log.end_offset(TOPIC, 0).await.unwrap(), 8);
}

/// Replicas of the next release may add fields, to the envelope and to its payload.
#[tokio::test]
async fn unknown_fields_are_left_alone() {
    let system = System::start().await;
    let envelope = quick();
    let mut value = json!(envelope);
    value["priority"] = json!("low");
    value["payload"]["pages"] = json!([1, 2]);
    let (key, value) = (String::new(), serde_json::to_vec(&value).unwrap());
    send(&system.setup, 0, vec![Record { key, value }]).await;
    until_read(&system.setup).await;
    assert!(handled_at(&system, &envelope).await > 0);
    let dead = "SELECT count(*) AS n FROM dead_letters";
    assert_eq!(system.database().number(dead).await, 0);
}

// The proxy works while this thread waits for a command.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_makes_no_dead_letters() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let address = authority(&url);
    let proxy = Proxy::to(&address).await;
    let url = url.replace(&address, &proxy.address.to_string());
    let system = System::start_with(setup.with("DATABASE_URL", url)).await;
    let count = 40;
    for number in 0..count {
        let text = format!("# Leaflet {number}\n\nRoom {number} is open.");
        system
            .put(&format!("{number}.md"), "text/markdown", text)
            .await;
    }
    let indexed = "SELECT count(*) AS n FROM document_versions WHERE status = 'indexed'";
    until("indexing began", || async {
        system.database().number(indexed).await > 0
    })
    .await;
    proxy.set(Fault::Gone);
    assert!(system.database().number(indexed).await < count, "too late");
    // All attempts that count take less than a second.
    let away = if faults::at_length() { 10 } else { 4 };
    tokio::time::sleep(Duration::from_secs(away)).await;
    proxy.set(Fault::None);
    until("all is indexed", || async {
        system.database().number(indexed).await == count
    })
    .await;
    let dead = "SELECT count(*) AS n FROM dead_letters";
    assert_eq!(system.database().number(dead).await, 0);
    let retries = counter(&metrics(&system).await, "chatbot_consumer_retries_total");
    assert!(retries > 1, "{retries}");
}
