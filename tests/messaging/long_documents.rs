//! Documents of more passages than one statement writes or removes.

use std::time::Duration;

use chatbot::domain::document::DocumentStatus;
use chatbot::domain::ids::EventId;
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS as TOPIC;
use chatbot::domain::messaging::{Lease, LeaseStore, Outcome};
use chatbot::persistence::documents;
use chatbot::persistence::indexing::{
    IndexedVersion, Language, NewChunk, Receipt, commit_indexed, ensure_generation,
};

use super::reannounce::put;
use crate::support::TestDatabase;

const CHUNKS: i32 = 2_300;
const DIMENSION: usize = 16;

async fn lease(test: &TestDatabase) -> Lease {
    let ttl = Duration::from_mins(1);
    let database = &test.database;
    database.heartbeat("group", "owner", ttl).await.unwrap();
    let leases = database.rebalance("group", "owner", TOPIC, 1, ttl).await;
    leases.unwrap().remove(0)
}

fn chunk(number: i32) -> NewChunk {
    NewChunk {
        page: None,
        start: number,
        end: number + 1,
        text: format!("Room {number} is open."),
        context: Vec::new(),
        embedding: vec![0.25; DIMENSION],
    }
}

async fn numbers(test: &TestDatabase) -> Vec<String> {
    let query = "SELECT concat_ws(' ', count(*), coalesce(min(ordinal), 0),
            coalesce(max(ordinal), 0), count(*) FILTER (WHERE ordinal = start_offset + 1),
            (SELECT count(*) FROM chunk_embeddings), (SELECT chunks FROM lexical_stats),
            (SELECT coalesce(max(df), 0) FROM lexical_terms),
            (SELECT count(DISTINCT chunk_id) FROM lexical_postings)) AS t FROM chunks";
    test.texts(query).await
}

#[tokio::test]
async fn a_long_document_is_stored_and_removed_whole() {
    let test = TestDatabase::new().await;
    let generation = ensure_generation(&test.database, "test", DIMENSION).await;
    let (document_id, version_id) = put(&test, "long").await;
    let lease = lease(&test).await;
    let receipt = Receipt {
        fence: &lease.fence,
        offset: 0,
        event_id: EventId::new(),
    };
    let collection = "SELECT id::bigint AS n FROM collections";
    let chunks: Vec<NewChunk> = (0..CHUNKS).map(chunk).collect();
    let version = IndexedVersion {
        about: &chatbot::domain::document::SelfDescription::default(),
        version_id,
        document_id,
        collection_id: test.number(collection).await.try_into().unwrap(),
        generation: generation.unwrap(),
        title: "Leaflet",
        text: "Text.",
        warnings: &[],
        chunks: &chunks,
        draft: false,
        later: false,
        conflicts: &[],
        language: Language::default(),
    };
    let stored = commit_indexed(&test.database, &receipt, &version).await;
    assert_eq!(stored.unwrap(), Outcome::Applied);
    let all = CHUNKS;
    assert_eq!(
        numbers(&test).await,
        [format!("{all} 1 {all} {all} {all} {all} {all} {all}")]
    );
    // A term that is known takes no id.
    let unused = "SELECT max(id) - count(*) AS n FROM lexical_terms";
    assert_eq!(test.number(unused).await, 0);
    let gone = DocumentStatus::Withdrawn;
    let retired = documents::retire(&test.database, "leaflets", "long", gone, "owner").await;
    let retired = retired.unwrap().expect("it was there");
    let mut slices = 1;
    while documents::remove_chunks(&test.database, retired)
        .await
        .unwrap()
    {
        slices += 1;
    }
    assert!(slices > 1, "others could have written between");
    assert_eq!(numbers(&test).await, ["0 0 0 0 0 0 0 0"]);
}
