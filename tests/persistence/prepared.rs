//! Each connection prepares a statement once, whatever its values are.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chatbot::domain::access::{Principal, Scope};
use chatbot::domain::chat::{Timings, TurnDone, TurnStatus, Usage};
use chatbot::domain::evidence::Citation;
use chatbot::domain::ids::{ApiKeyId, ConversationId, DocumentId, MessageId, TurnId, VersionId};
use chatbot::domain::messaging::{LeftOut, OutboxRecord, OutboxStore, Publish};
use chatbot::domain::time;
use chatbot::persistence::api_keys::{self, NewApiKey};
use chatbot::persistence::attempts::{self, Attempt, AttemptEnd};
use chatbot::persistence::turns::{self, Accepted, Finished, NewTurn, Place, Span};
use chatbot::persistence::{Database, conversations, dead_letters, outbox};
use serde_json::json;

use crate::support::TestDatabase;
use crate::support::wire::Wire;

/// The cost of a [`Turn`] with all its parts.
const ROUND_TRIPS: usize = 50;
/// After a statement that took a second the pool asks whether the connection still works.
const SPARE: usize = 3;
const REPLICA: &str = "replica";
const MINUTE: Duration = Duration::from_mins(1);

/// Values that one turn has and another may lack.
struct Turn {
    reader: Principal,
    word: Option<&'static str>,
    number: Option<u32>,
    citations: usize,
}

struct PublishAll;

#[async_trait]
impl Publish for PublishAll {
    async fn publish(&self, records: &[OutboxRecord]) -> Vec<i64> {
        records.iter().map(|record| record.id).collect()
    }
}

impl Turn {
    fn collections(&self) -> Option<Vec<String>> {
        self.word.map(|word| vec![word.to_owned()])
    }

    /// Everything that a turn asks of the database, from the key of its caller to the relay.
    async fn run(&self, database: &Database) {
        let reader = &self.reader;
        let owner = &reader.owner_id;
        let key = NewApiKey {
            id: ApiKeyId::new(),
            name: "name",
            owner_id: owner,
            prefix: "prefix",
            hash: owner.as_bytes(),
            scopes: &[Scope::Chat],
            collections: self.collections(),
            expires_at: self.word.map(|_| time::now() + MINUTE),
        };
        api_keys::insert(database, &key).await.unwrap();
        let found = api_keys::find_principal(database, owner.as_bytes()).await;
        assert_eq!(found.unwrap().unwrap().owner_id, *owner);
        let conversation = ConversationId::new();
        conversations::insert(database, owner, conversation, self.word)
            .await
            .unwrap();
        let turn = TurnId::new();
        let place = Place::Existing(conversation);
        let accepted = self.accept(database, place, turn, self.word).await;
        assert!(matches!(accepted, Accepted::New));
        self.answer(database, turn).await;
        let history = conversations::list_history(database, reader, conversation, turn, 5).await;
        assert_eq!(history.unwrap().len(), 0);
        let message = self.finish(database, turn).await;
        turns::release_lease(database, (turn, 1), REPLICA)
            .await
            .unwrap();
        let stored = turns::find(database, reader, turn).await.unwrap().unwrap();
        assert_eq!(stored.status, TurnStatus::Completed);
        self.read_back(database, conversation, message).await;
        let left_out = self.left_out();
        let relayed = database.relay_batch(10, &left_out, &PublishAll);
        assert_eq!(relayed.await.unwrap().published, 2);
        assert_eq!(outbox::prune(database, MINUTE).await.unwrap(), 0);
        assert_eq!(database.pending().await.unwrap(), 0);
    }

    async fn accept(
        &self,
        database: &Database,
        conversation: Place,
        id: TurnId,
        idempotency_key: Option<&str>,
    ) -> Accepted {
        let collections = self.collections();
        let new = NewTurn {
            id,
            question_id: MessageId::new(),
            conversation,
            principal: &self.reader,
            content: "question",
            collections: collections.as_deref(),
            idempotency_key,
            request_hash: b"hash",
            triage: json!({}),
            deadline: MINUTE,
            replica: REPLICA,
            lease: MINUTE,
        };
        turns::accept(database, &new).await.unwrap()
    }

    async fn answer(&self, database: &Database, turn: TurnId) {
        let owner = &self.reader.owner_id;
        let running = (turn, 1);
        let begun = turns::begin_answer(database, owner, running, &json!([])).await;
        assert!(begun.unwrap());
        let attempt = Attempt {
            turn,
            generation: 1,
            number: 1,
            provider: "provider",
            model: "model".into(),
        };
        assert!(attempts::begin(database, &attempt).await.unwrap());
        let end = AttemptEnd {
            outcome: "completed",
            first_token: self.word.map(|_| MINUTE),
            duration: MINUTE,
            input_tokens: self.number,
            output_tokens: self.number,
        };
        attempts::end(database, &attempt, end).await.unwrap();
        attempts::interrupt(database, turn).await.unwrap();
        let lost = turns::renew_leases(database, &[running], REPLICA, MINUTE).await;
        assert_eq!(lost.unwrap(), []);
        let unwanted = turns::list_unwanted(database, &[turn]).await;
        assert_eq!(unwanted.unwrap(), []);
        assert!(turns::request_cancel(database, owner, turn).await.unwrap());
        let span = Span {
            version: VersionId::new(),
            start: 0,
            end: 1,
        };
        let spans = vec![span; self.citations];
        let quotes = turns::list_quotes(database, &self.reader, &spans).await;
        assert_eq!(quotes.unwrap(), vec![None; self.citations]);
        let versions = vec![span.version; self.citations];
        let standing = turns::list_standing(database, &self.reader, &versions).await;
        assert_eq!(standing.unwrap(), []);
    }

    async fn finish(&self, database: &Database, turn: TurnId) -> MessageId {
        let message = MessageId::new();
        let citation = Citation {
            source_id: 1,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            quote: "quote".into(),
            start: 0,
            end: 5,
            answer_start: 0,
            answer_end: 5,
        };
        let done = TurnDone {
            triage: None,
            turn_id: turn,
            message_id: Some(message),
            status: TurnStatus::Completed,
            reason: self.word.map(str::to_owned),
            answer: "answer".into(),
            citations: vec![citation; self.citations],
            grounded: true,
            sentences: Vec::new(),
            removed: BTreeMap::new(),
            provider: None,
            model: None,
            rung: None,
            degraded: None,
            language: None,
            understanding: None,
            clarification: None,
            usage: Usage::default(),
            timings: Timings::default(),
            contacts: Vec::new(),
            sources_status: None,
        };
        let reader = &self.reader;
        if self.citations > 0 {
            let cited = turns::finish(database, reader, 1, &done, None).await;
            assert_eq!(cited.unwrap(), Finished::Unresolved);
        }
        let done = TurnDone {
            citations: Vec::new(),
            ..done
        };
        let finished = turns::finish(database, reader, 1, &done, None).await;
        assert_eq!(finished.unwrap(), Finished::Ended);
        message
    }

    async fn read_back(
        &self,
        database: &Database,
        conversation: ConversationId,
        message: MessageId,
    ) {
        let owner = &self.reader.owner_id;
        let messages = conversations::list_messages(database, &self.reader, conversation, 5).await;
        assert_eq!(messages.unwrap().len(), 2);
        let cursor = self.word.map(|_| ConversationId::new());
        let listed = conversations::list(database, owner, cursor, 5).await;
        assert_eq!(listed.unwrap().len(), 1);
        let rated = conversations::upsert_feedback(database, owner, message, "up", self.word).await;
        assert!(rated.unwrap());
        let found = conversations::find(database, owner, conversation).await;
        assert!(found.unwrap().is_some());
        turns::list_overdue(database).await.unwrap();
        dead_letters::list(database, self.word.is_some(), 5)
            .await
            .unwrap();
        assert!(dead_letters::find(database, 1).await.unwrap().is_none());
        assert!(!dead_letters::replay(database, 1).await.unwrap());
        let orphans = turns::take_over_expired(database, REPLICA, MINUTE, 5).await;
        assert_eq!(orphans.unwrap().len(), 0);
        let deleted = conversations::delete(database, owner, conversation).await;
        assert!(deleted.unwrap());
    }

    fn left_out(&self) -> LeftOut {
        LeftOut {
            topics: self.word.map(str::to_owned).into_iter().collect(),
            ids: self.number.map(i64::from).into_iter().collect(),
        }
    }
}

fn reader(owner: &str, key: Option<ApiKeyId>, collections: Option<Vec<String>>) -> Principal {
    Principal {
        owner_id: owner.into(),
        key,
        scopes: vec![Scope::Chat],
        collections,
    }
}

#[tokio::test]
async fn a_second_turn_prepares_nothing() {
    let test = TestDatabase::new().await;
    let wire = Wire::before(&test.url).await;
    let database = wire.database();
    let bare = Turn {
        reader: reader("one", None, None),
        word: None,
        number: None,
        citations: 1,
    };
    bare.run(&database).await;
    // A key has to be looked up, which the first turn did not.
    let lost = bare
        .accept(
            &database,
            Place::Existing(ConversationId::new()),
            TurnId::new(),
            Some("key"),
        )
        .await;
    assert!(matches!(lost, Accepted::NoConversation));
    let first = wire.take();
    assert!(first.parsed.len() > 30, "{}", first.parsed.len());
    let full = Turn {
        reader: reader("two", Some(ApiKeyId::new()), Some(vec!["word".into()])),
        word: Some("word"),
        number: Some(70),
        citations: 2,
    };
    full.run(&database).await;
    let second = wire.take();
    assert_eq!(second.parsed, [""; 0]);
    let trips = second.round_trips;
    assert!(trips <= ROUND_TRIPS + SPARE, "{trips} round trips");
}
