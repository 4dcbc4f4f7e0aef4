//! Odd records on real Kafka, read by the real rag role: repeated, reordered and rewound.

use std::sync::Arc;
use std::time::Duration;

use chatbot::domain::ids::{DocumentId, EventId, VersionId};
use chatbot::domain::messaging::Envelope;
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS as TOPIC;
use chatbot::messaging::{KafkaLog, KafkaSettings, Log, OutboxRelay, Record, RelaySettings};
use serde_json::json;

use super::kafka;
use crate::support::proxy::{Fault, behind};
use crate::support::system::{Setup, System};
use crate::support::{TestDatabase, execute, until};

/// The bus of a system.
pub fn log(setup: &Setup) -> KafkaLog {
    KafkaLog::new(KafkaSettings {
        topic_prefix: setup.topic_prefix().to_owned(),
        ..kafka::settings(&setup.brokers(), 2)
    })
}

/// The record that announces an uploaded version.
pub fn received(document: DocumentId, version: VersionId) -> Envelope {
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
pub fn quick() -> Envelope {
    received(DocumentId::new(), VersionId::new())
}

pub fn record(envelope: &Envelope) -> Record {
    Record {
        key: envelope.key.clone(),
        value: serde_json::to_vec(envelope).unwrap(),
    }
}

pub async fn send(setup: &Setup, partition: i32, records: Vec<Record>) {
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

pub async fn until_read(setup: &Setup) {
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
    let request = system.http.get(format!("{}/metrics", system.rag.url));
    request.send().await.unwrap().text().await.unwrap()
}

async fn upload(system: &System, count: usize) {
    for number in 0..count {
        let text = format!("# Leaflet {number}\n\nRoom {number} is open. Ask nurse {number}.");
        let leaflet = system.document(&format!("{number}.md")).text(text);
        leaflet.upload().await;
    }
    until_indexed(system, i64::try_from(count).unwrap()).await;
    until_published(system).await;
}

async fn until_indexed(system: &System, count: i64) {
    until("all is indexed", || async {
        let indexed = "document_versions WHERE status = 'indexed'";
        system.database().count(indexed).await == count
    })
    .await;
}

async fn until_published(system: &System) {
    until("all events are published", || async {
        let waiting = "outbox WHERE published_at IS NULL";
        system.database().count(waiting).await == 0
    })
    .await;
}

#[tokio::test]
async fn records_that_come_again_have_no_second_effect() {
    let mut system = System::start().await;
    upload(&system, 12).await;
    let text = "# Leaflet 0\n\nRoom 0 is closed.";
    system.document("0.md").text(text).indexed().await;
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

/// When a record was handled, in milliseconds.
pub async fn handled_at(system: &System, envelope: &Envelope) -> i64 {
    let id = envelope.event_id.0;
    let query = format!(
        "SELECT (extract(epoch FROM processed_at) * 1000)::bigint AS n FROM inbox
         WHERE event_id = '{id}'"
    );
    system.database().number(&query).await
}

/// A broker takes a request of about 1 MiB: more than that at once must not block the outbox.
#[tokio::test]
async fn events_that_are_large_together_are_published() {
    let test = TestDatabase::new().await;
    let log: Arc<dyn Log> = Arc::new(kafka::log(1).await);
    for _ in 0..8 {
        let payload = json!({ "padding": "x".repeat(250_000) });
        test.enqueue(TOPIC, "kind", "key", payload).await;
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
    assert_eq!(system.database().count("dead_letters").await, 0);
}

/// A worker that froze while it wrote postings keeps all others from writing theirs.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_froze_makes_no_dead_letters() {
    let setup = Setup::new().await;
    let mut frozen = setup.database.connection().await;
    let timeout = ("CHATBOT__DATABASE__STATEMENT_TIMEOUT_MS", "300");
    let system = System::start_with(setup.with(timeout.0, timeout.1)).await;
    execute(&mut frozen, "BEGIN").await;
    let lock = "SELECT pg_advisory_xact_lock(hashtext('chatbot.lexical ' || current_schema()))";
    execute(&mut frozen, lock).await;
    let room = system.document("room.md").text("# Room\n\nIt is open.");
    room.upload().await;
    until("more attempts than a record has", || async {
        counter(&metrics(&system).await, "chatbot_consumer_retries_total") > 6
    })
    .await;
    execute(&mut frozen, "ROLLBACK").await;
    room.until_indexed().await;
    assert_eq!(system.database().count("dead_letters").await, 0);
}

// The proxy works while this thread waits for a command.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_makes_no_dead_letters() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    let system = System::start_with(setup).await;

    // The workers cannot get past their first record before the outage.
    let mut lock = system.database().connection().await;
    execute(&mut lock, "BEGIN").await;
    execute(&mut lock, "LOCK TABLE inbox IN SHARE MODE").await;
    let count = 12;
    for number in 0..count {
        let text = format!("# Leaflet {number}\n\nRoom {number} is open.");
        let leaflet = system.document(&format!("{number}.md")).text(text);
        leaflet.upload().await;
    }
    let waiting = "pg_locks WHERE NOT granted AND relation = 'inbox'::regclass";
    until("a record is in hand", || async {
        system.database().count(waiting).await > 0
    })
    .await;
    proxy.set(Fault::Gone);
    execute(&mut lock, "ROLLBACK").await;

    // At most one record of each of the two partitions is in hand, so that at least one is tried
    // more often than the five times that a record may fail.
    until("attempts enough for dead letters", || async {
        counter(&metrics(&system).await, "chatbot_consumer_retries_total") > 10
    })
    .await;
    proxy.set(Fault::None);
    until_indexed(&system, count).await;
    assert_eq!(system.database().count("dead_letters").await, 0);
}
