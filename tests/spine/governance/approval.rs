//! A second person decides whether a version answers.

use serde_json::{Value, json};

use super::Governed;
use crate::support::conversation::Document;
use crate::support::leaflet::{HOURS, NAME, QUESTION, TEXT};
use crate::support::system::Setup;
use crate::support::until;

async fn assert_only_another_person_may_approve(governed: &Governed, leaflet: &Document<'_>) {
    let system = &governed.system;
    // Its uploader has the scope, another person has not.
    let (status, problem) = governed.decide(&system.key, leaflet, 1, "approve").await;
    assert_eq!(status, 403, "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("another person")
    );
    let keeper = system.setup.key("carl", &["documents"]);
    let (status, problem) = governed.decide(&keeper, leaflet, 1, "approve").await;
    assert_eq!(status, 403);
    assert!(problem["detail"].as_str().unwrap().contains("`approve`"));
    let elsewhere = system.setup.limited_key("dora", &["approve"], &["staff"]);
    let (status, _) = governed.decide(&elsewhere, leaflet, 1, "approve").await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_answers_nothing_until_a_second_person_approves_it() {
    let governed = Governed::start().await;
    let system = &governed.system;
    let leaflet = system.document(NAME).text(TEXT);
    let view = governed.drafted(&leaflet).await;
    assert_eq!(
        (&view["answers"], &view["current_version"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(view["uploaded_by"], "anna");
    assert_eq!(governed.found(QUESTION).await, [0; 0]);
    system.ask(QUESTION).ends("abstained").await;
    assert_only_another_person_may_approve(&governed, &leaflet).await;
    assert_eq!(governed.found(QUESTION).await, [0; 0]);

    let approved = governed.decided(&leaflet, 1, "approve").await;
    assert_eq!(
        (&approved["answers"], &approved["approved_by"]),
        (&json!(true), &json!("bert"))
    );
    assert_eq!(governed.found(QUESTION).await, [1]);
    let done = system.ask(QUESTION).ends("completed").await;
    assert_eq!(done["citations"][0]["document_id"], view["id"]);
    // Once more changes nothing, and other versions do not exist.
    governed.decided(&leaflet, 1, "approve").await;
    let (status, _) = governed
        .decide(&governed.approver, &leaflet, 2, "approve")
        .await;
    assert_eq!(status, 404);
    let database = system.database();
    for (rows, count) in [
        (
            "audit_log WHERE action = 'document.approved' AND actor = 'bert'
            AND details ->> 'version' = '1'",
            1,
        ),
        ("outbox WHERE envelope ->> 'kind' = 'document.drafted'", 1),
        ("outbox WHERE envelope ->> 'kind' = 'document.approved'", 1),
        ("chunks WHERE collection_id < 0", 0),
        ("chunk_embeddings WHERE collection_id < 0", 0),
        ("lexical_postings WHERE collection_id < 0", 0),
    ] {
        assert_eq!(database.count(rows).await, count, "{rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_approved_version_answers_until_the_next_one_is_approved() {
    let governed = Governed::start().await;
    let system = &governed.system;
    let leaflet = system.document(NAME).text(HOURS);
    governed.approved(&leaflet).await;
    let next = leaflet.text(HOURS.replace("8 pm", "6 pm"));
    let view = governed.drafted(&next).await;
    assert_eq!(
        (&view["version"], &view["current_version"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(view["answers"], true);
    assert_eq!(governed.found(QUESTION).await, [1]);
    // A draft replaces a draft, and only it can be approved.
    let last = next.text(HOURS.replace("8 pm", "5 pm"));
    governed.drafted(&last).await;
    let (status, problem) = governed
        .decide(&governed.approver, &last, 2, "approve")
        .await;
    assert_eq!(status, 409);
    assert!(
        problem["detail"].as_str().unwrap().contains("superseded"),
        "{problem}"
    );
    governed.decided(&last, 3, "approve").await;
    assert_eq!(governed.found(QUESTION).await, [3]);
    let done = system.ask(QUESTION).ends("completed").await;
    assert!(done["answer"].as_str().unwrap().contains("5 pm"), "{done}");
    until(
        "only the chunks of the version that answers are left",
        async || system.database().count("chunks").await == 1,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_taken_back_and_given_again() {
    let governed = Governed::start().await;
    let system = &governed.system;
    let leaflet = system.document(NAME).text(TEXT);
    governed.approved(&leaflet).await;
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).ends("completed").await;
    let view = governed.decided(&leaflet, 1, "revoke").await;
    assert_eq!(
        (
            &view["version_status"],
            &view["answers"],
            &view["approved_by"]
        ),
        (&json!("draft"), &json!(false), &Value::Null)
    );
    assert_eq!(governed.found(QUESTION).await, [0; 0]);
    let answer = &conversation.read().await["messages"][1];
    assert_eq!(answer["sources_status"], "withdrawn");
    governed.decided(&leaflet, 1, "approve").await;
    assert_eq!(governed.found(QUESTION).await, [1]);
    // A withdrawn document cannot be approved; it has to be uploaded again.
    governed.decided(&leaflet, 1, "revoke").await;
    leaflet.withdraw().await;
    let (status, problem) = governed
        .decide(&governed.approver, &leaflet, 1, "approve")
        .await;
    assert_eq!(status, 409);
    assert!(
        problem["detail"].as_str().unwrap().contains("withdrawn"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_may_let_uploaders_approve() {
    let setup = Setup::new().await;
    let own = setup.with("CHATBOT__RAG__GOVERNANCE__SELF_APPROVAL", "true");
    let governed = Governed::start_with(own).await;
    let system = &governed.system;
    let leaflet = system.document(NAME).text(TEXT);
    governed.drafted(&leaflet).await;
    let (status, _) = governed.decide(&system.key, &leaflet, 1, "approve").await;
    assert_eq!(status, 200);
    assert_eq!(governed.found(QUESTION).await, [1]);
}

/// Drafts must not crowd out what is approved.
#[tokio::test(flavor = "multi_thread")]
async fn many_drafts_hide_no_approved_passage() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__RAG__RETRIEVAL__CANDIDATES", "3");
    let governed = Governed::start_with(setup).await;
    governed
        .approved(&governed.system.document(NAME).text(TEXT))
        .await;
    for number in 0..6 {
        let name = format!("draft-{number}.md");
        let draft = governed.system.document(&name);
        governed
            .drafted(&draft.text(format!("{TEXT}Room {number}.")))
            .await;
    }
    assert_eq!(governed.found(QUESTION).await, [1]);
}
