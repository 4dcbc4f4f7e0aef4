//! Each connection prepares the statements about documents and leases once, too.

use std::time::Duration;

use chatbot::domain::document::{DocumentStatus, VersionStatus};
use chatbot::domain::governance::{Finding, Part, Responsibility};
use chatbot::domain::ids::{DocumentId, EventId, VersionId};
use chatbot::domain::messaging::topics::DOCUMENT_COMMANDS;
use chatbot::domain::messaging::{Delivery, Envelope, Fence, LeaseStore, Outcome};
use chatbot::domain::time;
use chatbot::persistence::documents::{
    self, Decided, Decision, ListFilter, NewVersion, Put, Waiting,
};
use chatbot::persistence::indexing::{
    self, Generation, IndexedVersion, Language, NewChunk, Receipt, SuspiciousVersion,
};
use chatbot::persistence::{Database, conflicts, retrieval, versions};
use chrono::DateTime;
use serde_json::json;

use crate::support::TestDatabase;
use crate::support::wire::Wire;

const GROUP: &str = "group";
const TOPIC: &str = DOCUMENT_COMMANDS;
const MINUTE: Duration = Duration::from_mins(1);

/// A document's way through the system, and a search beside it.
struct Round<'a> {
    database: &'a Database,
    collection: &'a str,
    owner: &'a str,
    text: &'a str,
    chunks: usize,
    reason: Option<&'a str>,
}

impl Round<'_> {
    async fn run(&self) {
        let database = self.database;
        database.ping().await.unwrap();
        let generation = indexing::ensure_generation(database, "model", 2)
            .await
            .unwrap();
        let fence = self.lease().await;
        let (document, version) = self.upload(self.text).await;
        self.index(&fence, generation, document, version).await;
        self.search(generation).await;
        self.read(document).await;
        self.decide(document).await;
        self.backfill(generation).await;
        let (_, other) = self.upload("other").await;
        self.quarantine(&fence, document, other).await;
        self.fail(&fence, document, other).await;
        let retired = DocumentStatus::Deleted;
        let gone = documents::retire(database, self.collection, "name", retired, "actor").await;
        assert_eq!(gone.unwrap(), Some(document));
        assert_eq!(
            documents::list_retired(database, 5).await.unwrap(),
            [document]
        );
        assert!(!documents::remove_chunks(database, document).await.unwrap());
        self.misfortunes(fence).await;
        database.release(GROUP, self.owner).await.unwrap();
    }

    async fn lease(&self) -> Fence {
        let database = self.database;
        let mut shared = Vec::new();
        database.heartbeat(GROUP, self.owner, MINUTE).await.unwrap();
        // More than there are takes them all, fewer gives some up.
        for partitions in [2, 1] {
            let share = database.rebalance(GROUP, self.owner, TOPIC, partitions, MINUTE);
            shared = share.await.unwrap();
        }
        shared.remove(0).fence
    }

    async fn upload(&self, text: &str) -> (DocumentId, VersionId) {
        let new = NewVersion {
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            collection: self.collection,
            external_id: "name",
            title: "title",
            media_type: "text/plain",
            bytes: text.as_bytes(),
            sha256: text.as_bytes(),
            responsibility: &Responsibility {
                owner: self.reason.map(str::to_owned),
                expires_at: self
                    .reason
                    .and_then(|_| DateTime::from_timestamp(4_102_444_800, 0)),
                ..Responsibility::default()
            },
            supersedes: None,
            origin: None,
            actor: "actor",
        };
        let put = documents::put(self.database, &new).await.unwrap();
        assert_eq!(put, Put::Received);
        let again = documents::put(self.database, &new).await.unwrap();
        assert_eq!(again, Put::Unchanged);
        let found = documents::find(self.database, self.collection, "name").await;
        (found.unwrap().unwrap().id, new.version_id)
    }

    async fn index(
        &self,
        fence: &Fence,
        generation: Generation,
        document_id: DocumentId,
        version_id: VersionId,
    ) {
        let pending = indexing::find_version(self.database, version_id).await;
        let pending = pending.unwrap().unwrap();
        assert_eq!(pending.status, VersionStatus::Received);
        assert_eq!(pending.bytes.unwrap(), self.text.as_bytes());
        let chunk = |page| NewChunk {
            page,
            start: 0,
            end: 1,
            text: self.text.into(),
            context: Vec::new(),
            embedding: vec![1.0, 0.0],
        };
        let chunks: Vec<_> = (0..self.chunks)
            .map(|n| chunk((n > 0).then_some(1)))
            .collect();
        let new = IndexedVersion {
            about: &chatbot::domain::document::SelfDescription::default(),
            version_id,
            document_id,
            collection_id: pending.collection_id,
            generation,
            title: "title",
            text: self.text,
            warnings: &[],
            chunks: &chunks,
            draft: false,
            later: pending.later,
            conflicts: &[],
            language: Language::default(),
        };
        let receipt = receipt(fence);
        let stored = indexing::commit_indexed(self.database, &receipt, &new).await;
        assert_eq!(stored.unwrap(), Outcome::Applied);
        let again = indexing::commit_nothing(self.database, &receipt).await;
        assert_eq!(again.unwrap(), Outcome::Duplicate);
    }

    async fn search(&self, generation: Generation) {
        let database = self.database;
        let names = [self.collection.to_owned()];
        for names in [None, Some(names.as_slice())] {
            let reached = retrieval::reach_collections(database, generation, names, 10).await;
            assert!(reached.unwrap().embedded);
        }
        let reached = retrieval::reach_collections(database, generation, Some(&names), 10).await;
        let ids = reached.unwrap().ids;
        let mut found = Vec::new();
        for exact in [true, false] {
            let near = retrieval::search_dense(database, generation, &[1.0, 0.0], &ids, exact, 5);
            found = near.await.unwrap();
            assert_eq!(found.len(), self.chunks);
        }
        let said = retrieval::search_lexical(database, (self.text, &[]), &ids, 5).await;
        assert_eq!(said.unwrap().len(), self.chunks);
        let chunks: Vec<i64> = found.iter().map(|hit| hit.chunk_id).collect();
        let passages = retrieval::load_passages(database, &chunks).await.unwrap();
        assert_eq!(passages.len(), self.chunks);
        assert!(
            passages
                .iter()
                .all(|(_, passage)| passage.text == self.text)
        );
    }

    async fn read(&self, document: DocumentId) {
        let database = self.database;
        let names = [self.collection.to_owned()];
        for after in [None, Some(DocumentId::from(uuid::Uuid::nil()))] {
            for status in [None, Some(VersionStatus::Indexed)] {
                for collections in [None, Some(names.as_slice())] {
                    let filter = ListFilter {
                        collections,
                        status,
                        due_within_days: None,
                        after,
                        limit: 5,
                    };
                    let listed = documents::list(database, &filter).await.unwrap();
                    let listed = listed.iter().find(|listed| listed.id == document).unwrap();
                    assert_eq!(listed.current_version, Some(1));
                    assert_eq!(usize::try_from(listed.chunks), Ok(self.chunks));
                }
            }
        }
        let collection = documents::find_collection(database, document).await;
        assert_eq!(collection.unwrap().unwrap(), self.collection);
        let cited = documents::list_impact(database, document, None, 5).await;
        assert_eq!(cited.unwrap().len(), 0);
    }

    /// The version is a draft again, and answers again.
    async fn decide(&self, document: DocumentId) {
        let database = self.database;
        let decision = Decision {
            collection: self.collection,
            external_id: "name",
            version: 1,
            actor: "other",
            own_uploads: false,
        };
        let revoked = documents::revoke(database, &decision).await.unwrap();
        assert_eq!(revoked, Some(Decided::Done(document)));
        let approved = documents::approve(database, &decision).await.unwrap();
        assert_eq!(approved, Some(Decided::Done(document)));
        let version = documents::find_version(database, self.collection, "name", 1).await;
        let version = version.unwrap().unwrap();
        assert_eq!(version.version_status, VersionStatus::Indexed);
        assert_eq!(version.approved_by.as_deref(), Some("other"));
        assert_eq!(version.text.as_deref(), Some(self.text));
        let found = conflicts::list(database, document, None).await.unwrap();
        assert_eq!(found, []);
        let due = ListFilter {
            collections: None,
            status: None,
            due_within_days: Some(100_000),
            after: None,
            limit: 5,
        };
        let due = documents::list(database, &due).await.unwrap();
        assert_eq!(due.len(), usize::from(self.reason.is_some()));
        let found = documents::find_id(database, self.collection, "name").await;
        assert_eq!(found.unwrap(), Some(document));
        assert_eq!(versions::promote_due(database).await.unwrap(), []);
        let waiting = documents::count_waiting(database).await.unwrap();
        assert_eq!(waiting, Waiting::default());
    }

    /// Something was found in a version; a person stops it again after its release.
    async fn quarantine(&self, fence: &Fence, document_id: DocumentId, version_id: VersionId) {
        let database = self.database;
        let finding = Finding {
            kind: "instruction".into(),
            part: Part::Text,
            start: 0,
            end: 1,
        };
        let found = SuspiciousVersion {
            document_id,
            version_id,
            text: "other",
            reason: "reason",
            findings: std::slice::from_ref(&finding),
        };
        let receipt = receipt(fence);
        let stored = indexing::commit_quarantined(database, &receipt, &found).await;
        assert_eq!(stored.unwrap(), Outcome::Applied);
        let view = documents::find(database, self.collection, "name").await;
        let view = view.unwrap().unwrap();
        assert_eq!(view.version_status, VersionStatus::Quarantined);
        assert_eq!(view.governance.findings, [finding]);
        assert_eq!(view.current_version, Some(1));
        let mut decision = Decision {
            collection: self.collection,
            external_id: "name",
            version: 2,
            actor: "other",
            own_uploads: false,
        };
        let released = documents::release(database, &decision).await.unwrap();
        assert_eq!(released, Some(Decided::Done(document_id)));
        decision.version = 1;
        let stopped = documents::quarantine(database, &decision, "wrong").await;
        assert_eq!(stopped.unwrap(), Some(Decided::Done(document_id)));
    }

    async fn backfill(&self, generation: Generation) {
        let database = self.database;
        let lacking = indexing::list_unembedded(database, generation, 0, 5).await;
        assert_eq!(lacking.unwrap().len(), 0);
        let gone = [(0, vec![1.0, 0.0])];
        let none = indexing::insert_embeddings(database, generation, &gone);
        none.await.unwrap();
        let active = indexing::activate_if_complete(database, generation).await;
        assert!(active.unwrap());
        let built = indexing::ensure_hnsw(database, generation, 1_000).await;
        assert!(!built.unwrap());
        assert_eq!(
            indexing::reannounce_received(database, 60).await.unwrap(),
            0
        );
    }

    /// Neither a failure nor giving up makes a version searchable.
    async fn fail(&self, fence: &Fence, document: DocumentId, version: VersionId) {
        let database = self.database;
        let given_up = indexing::give_up(database, fence, document, version, "reason").await;
        given_up.unwrap();
        let receipt = receipt(fence);
        let failed = indexing::commit_failed(database, &receipt, document, version, "why");
        assert_eq!(failed.await.unwrap(), Outcome::Applied);
        let found = documents::find(database, self.collection, "name").await;
        let found = found.unwrap().unwrap();
        assert_eq!(found.version_status, VersionStatus::Failed);
        assert_eq!(found.reason.unwrap(), "why");
    }

    async fn misfortunes(&self, fence: Fence) {
        let database = self.database;
        let delivery = Delivery {
            envelope: Envelope {
                event_id: EventId::new(),
                kind: "kind".into(),
                version: 1,
                occurred_at: time::now(),
                key: "key".into(),
                payload: json!(self.reason),
            },
            offset: 7,
            attempt: 3,
            fence: fence.clone(),
        };
        database.note_attempts(&delivery, 2).await.unwrap();
        database.dead_letter(&delivery, "cause").await.unwrap();
        database.skip_to(&fence, 9, "gap").await.unwrap();
    }
}

fn receipt(fence: &Fence) -> Receipt<'_> {
    Receipt {
        fence,
        offset: 1,
        event_id: EventId::new(),
    }
}

#[tokio::test]
async fn a_second_document_prepares_nothing() {
    let test = TestDatabase::new().await;
    let wire = Wire::before(&test.url).await;
    let database = wire.database();
    let round = Round {
        database: &database,
        collection: "one",
        owner: "a",
        text: "fever",
        chunks: 1,
        reason: None,
    };
    round.run().await;
    let first = wire.take();
    assert!(first.parsed.len() > 40, "{}", first.parsed.len());
    let other = Round {
        collection: "two",
        owner: "b",
        text: "cough",
        chunks: 2,
        reason: Some("reason"),
        ..round
    };
    other.run().await;
    let second = wire.take();
    assert_eq!(second.parsed, [""; 0]);
}
