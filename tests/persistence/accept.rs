//! A question and the conversation that begins with it are stored together, or neither is.

use std::time::Duration;

use chatbot::domain::access::Principal;
use chatbot::domain::ids::{ConversationId, MessageId, TurnId};
use chatbot::persistence::turns::{self, Accepted, NewTurn, Place};
use chatbot::persistence::{DbError, conversations};
use serde_json::json;

use crate::support::TestDatabase;

async fn ask(
    test: &TestDatabase,
    asker: &Principal,
    conversation: Place,
    question: MessageId,
) -> Result<Accepted, DbError> {
    let new = NewTurn {
        id: TurnId::new(),
        question_id: question,
        conversation,
        principal: asker,
        content: "question",
        collections: None,
        idempotency_key: None,
        request_hash: b"hash",
        triage: json!({}),
        deadline: Duration::from_mins(1),
        replica: "replica",
        lease: Duration::from_mins(1),
    };
    turns::accept(&test.database, &new).await
}

fn asker() -> Principal {
    Principal {
        owner_id: "asker".into(),
        key: None,
        scopes: Vec::new(),
        collections: None,
    }
}

#[tokio::test]
async fn a_question_begins_its_conversation() {
    let test = TestDatabase::new().await;
    let id = ConversationId::new();
    let accepted = ask(&test, &asker(), Place::New(id), MessageId::new()).await;
    assert!(matches!(accepted, Ok(Accepted::New)));
    let found = conversations::find(&test.database, "asker", id).await;
    assert_eq!(found.unwrap().unwrap().title, None);
}

#[tokio::test]
async fn a_refused_question_leaves_no_conversation() {
    let test = TestDatabase::new().await;
    let question = MessageId::new();
    let first = Place::New(ConversationId::new());
    assert!(ask(&test, &asker(), first, question).await.is_ok());
    let second = Place::New(ConversationId::new());
    let refused = ask(&test, &asker(), second, question).await;
    assert!(matches!(refused, Err(DbError::Conflict(_))));
    let count = "SELECT count(*) AS n FROM conversations";
    assert_eq!(test.number(count).await, 1);
}

#[tokio::test]
async fn a_question_enters_only_a_conversation_of_its_asker() {
    let test = TestDatabase::new().await;
    let id = ConversationId::new();
    conversations::insert(&test.database, "another", id, None)
        .await
        .unwrap();
    for place in [id, ConversationId::new()].map(Place::Existing) {
        let accepted = ask(&test, &asker(), place, MessageId::new()).await;
        assert!(matches!(accepted, Ok(Accepted::NoConversation)));
    }
}
