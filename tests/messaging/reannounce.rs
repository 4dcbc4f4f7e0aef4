//! Documents whose record a bus lost.

use chatbot::domain::governance::Responsibility;
use chatbot::domain::ids::{DocumentId, VersionId};
use chatbot::domain::messaging::topics::TURN_EVENTS;
use chatbot::persistence::documents::{self, NewVersion};
use chatbot::persistence::indexing::reannounce_received;
use serde_json::json;

use crate::support::TestDatabase;

/// Seconds after which a record is taken for lost.
const LOST: i32 = 600;

pub async fn put(test: &TestDatabase, external_id: &str) -> (DocumentId, VersionId) {
    let (document_id, version_id) = (DocumentId::new(), VersionId::new());
    let new = NewVersion {
        document_id,
        version_id,
        collection: "leaflets",
        external_id,
        title: "Leaflet",
        media_type: "text/markdown",
        bytes: b"Text.",
        sha256: external_id.as_bytes(),
        responsibility: &Responsibility::default(),
        supersedes: None,
        origin: None,
        actor: "owner",
    };
    documents::put(&test.database, &new).await.unwrap();
    (document_id, version_id)
}

/// Everything that happened so far happened so long ago.
async fn pass(test: &TestDatabase, minutes: u32) {
    for (table, column) in [
        ("document_versions", "created_at"),
        ("outbox", "published_at"),
    ] {
        let back = format!("UPDATE {table} SET {column} = {column} - interval '{minutes} min'");
        test.execute(&back).await;
    }
}

async fn publish(test: &TestDatabase) {
    test.execute("UPDATE outbox SET published_at = now() WHERE published_at IS NULL")
        .await;
}

async fn announced(test: &TestDatabase) -> usize {
    reannounce_received(&test.database, LOST).await.unwrap()
}

#[tokio::test]
async fn a_document_whose_record_was_lost_is_announced_again_but_seldom() {
    let test = TestDatabase::new().await;
    let (_, version) = put(&test, "lost").await;
    publish(&test).await;
    assert_eq!(announced(&test).await, 0, "it is young");
    pass(&test, 11).await;
    // Others' events wait in the same table, nearly always.
    test.enqueue(TURN_EVENTS, "turn.accepted", "key", json!({}))
        .await;
    assert_eq!(announced(&test).await, 1);
    assert_eq!(announced(&test).await, 0, "it waits in the outbox");
    publish(&test).await;
    assert_eq!(announced(&test).await, 0, "it was announced a moment ago");
    pass(&test, 11).await;
    assert_eq!(announced(&test).await, 1);
    let same = format!(
        "SELECT count(*) AS n FROM outbox WHERE topic = 'documents.commands'
           AND envelope ->> 'kind' = 'document.received'
           AND envelope -> 'payload' ->> 'version_id' = '{version}'"
    );
    assert_eq!(test.number(&same).await, 3);
}

#[tokio::test]
async fn only_documents_that_wait_are_announced_again() {
    let test = TestDatabase::new().await;
    for name in ["withdrawn", "indexed", "unpublished", "lost"] {
        put(&test, name).await;
        if name != "unpublished" {
            publish(&test).await;
        }
    }
    test.execute("UPDATE outbox SET published_at = NULL WHERE id = 3")
        .await;
    test.execute("UPDATE documents SET status = 'withdrawn' WHERE external_id = 'withdrawn'")
        .await;
    test.execute(
        "UPDATE document_versions v SET status = 'indexed' FROM documents d
         WHERE d.id = v.document_id AND external_id = 'indexed'",
    )
    .await;
    pass(&test, 11).await;
    assert_eq!(announced(&test).await, 1);
    let lost = "SELECT count(*) AS n FROM documents WHERE external_id = 'lost' AND id::text =
        (SELECT envelope ->> 'key' FROM outbox ORDER BY id DESC LIMIT 1)";
    assert_eq!(test.number(lost).await, 1);
}
