//! The metadata of a document, and their effects.

use reqwest::Method;
use serde_json::{Value, json};

use super::Governed;
use crate::support::leaflet::{HOURS, NAME, QUESTION, TEXT};
use crate::support::system::{Setup, System};

const WORDS: &str = "owner=Ward%207&jurisdiction=England&audience=visitors";

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_carries_its_metadata() {
    let system = System::start().await;
    let dates = "effective_from=2026-01-01T00:00:00Z&review_by=2090-01-01T00:00:00Z\
        &expires_at=2091-01-01T00:00:00Z";
    let leaflet = system
        .document(NAME)
        .text(TEXT)
        .query(&format!("{WORDS}&{dates}"));
    let view = leaflet.indexed().await;
    for (key, value) in [
        ("owner", "Ward 7"),
        ("jurisdiction", "England"),
        ("audience", "visitors"),
        ("effective_from", "2026-01-01T00:00:00Z"),
        ("review_by", "2090-01-01T00:00:00Z"),
        ("expires_at", "2091-01-01T00:00:00Z"),
        ("review_due_at", "2090-01-01T00:00:00Z"),
        ("uploaded_by", "anna"),
    ] {
        assert_eq!(view[key], value, "{key}: {view}");
    }
    assert_eq!(leaflet.upload().await["outcome"], "unchanged");
    let other = leaflet.query(WORDS);
    assert_eq!(other.upload().await["outcome"], "received");
    assert_eq!(other.until_indexed().await["review_by"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_metadata_is_refused_with_its_name() {
    let system = System::start().await;
    let long = format!("owner={}", "x".repeat(201));
    for (query, status, word) in [
        (long.as_str(), 422, "`owner`"),
        ("review_by=soon", 400, "`review_by`"),
        ("reviewer=anna", 400, "reviewer"),
        (
            "effective_from=2027-02-01T00:00:00Z&expires_at=2027-01-01T00:00:00Z",
            422,
            "`expires_at`",
        ),
        ("supersedes=patients/none.md", 422, "`supersedes`"),
        ("supersedes=none", 422, "`supersedes`"),
    ] {
        let answer = system.document(NAME).text(TEXT).query(query).put().send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), status, "{query}");
        let problem: Value = answer.json().await.unwrap();
        assert!(problem.to_string().contains(word), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_due_for_review_are_listed() {
    let system = System::start().await;
    for (name, query) in [
        ("overdue.md", "review_by=2026-01-01T00:00:00Z"),
        ("expiring.md", "expires_at=2090-01-01T00:00:00Z"),
        ("other.md", ""),
    ] {
        system
            .document(name)
            .text(TEXT)
            .query(query)
            .indexed()
            .await;
    }
    let listed = async |days: &str| -> Vec<String> {
        let path = format!("/v1/documents?due_for_review={days}");
        let answer = system.rag(Method::GET, &path).send().await.unwrap();
        let list: Value = answer.json().await.unwrap();
        let documents = list["documents"].as_array().unwrap();
        let name = |document: &Value| document["external_id"].as_str().unwrap().to_owned();
        documents.iter().map(name).collect()
    };
    assert_eq!(listed("0").await, ["overdue.md"]);
    let path = "/v1/documents?due_for_review=1000000";
    let answer = system.rag(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 422);
    system
        .database()
        .execute("UPDATE documents SET expires_at = now() + interval '9 days' WHERE expires_at IS NOT NULL")
        .await;
    assert_eq!(listed("8").await, ["overdue.md"]);
    assert_eq!(listed("10").await, ["overdue.md", "expiring.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_superseded_stops_when_the_other_one_starts() {
    let governed = Governed::start().await;
    let system = &governed.system;
    let old = system.document("old.md").text(HOURS);
    governed.approved(&old).await;
    let new = system
        .document("new.md")
        .text(HOURS.replace("8 pm", "6 pm"));
    let new = new.query("supersedes=patients/old.md");
    let view = governed.drafted(&new).await;
    assert_eq!(view["supersedes"], "patients/old.md");
    assert_eq!(old.view().await["answers"], true, "the new one is a draft");
    governed.decided(&new, 1, "approve").await;
    assert_eq!(old.view().await["answers"], false);
    let done = system.ask(QUESTION).ends("completed").await;
    let answer = done["answer"].as_str().unwrap();
    assert!(
        answer.contains("6 pm") && !answer.contains("8 pm"),
        "{answer}"
    );
    let told = "outbox WHERE envelope ->> 'kind' = 'document.superseded'";
    assert_eq!(system.database().count(told).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_contradict_each_other_are_shown_to_both_owners() {
    let system = System::start().await;
    let first = system.document("hours.md").text(TEXT);
    let first = first.query("title=Visiting%20hours");
    first.indexed().await;
    let second = TEXT.replace("8 pm", "7 pm");
    let second = system.document("ward.md").of("wards").text(second);
    let second = second.query("title=Visiting%20hours");
    second.indexed().await;
    let conflict = &second.view().await["conflicts"][0];
    assert_eq!(conflict["quantities"], json!(["7 pm"]));
    assert_eq!(conflict["other_quantities"], json!(["8 pm"]));
    assert_eq!(conflict["other"], "patients/hours.md");
    let other = &first.view().await["conflicts"][0];
    assert_eq!(other["quantities"], json!(["8 pm"]));
    assert_eq!(other["other"], "wards/ward.md");
    // A person who may not read the other document does not see it here.
    let key = system.setup.limited_key("bert", &["documents"], &["wards"]);
    let url = format!("{}{}", system.rag.url, second.path());
    let answer = system.http.get(url).bearer_auth(key).send().await.unwrap();
    let view: Value = answer.json().await.unwrap();
    assert_eq!(view["conflicts"], json!([]));
    // Both say the same now.
    let second = second.text(format!("{TEXT}\n"));
    second.indexed().await;
    for document in [&first, &second] {
        assert_eq!(document.view().await["conflicts"], json!([]));
    }
    // Another audience may have other hours.
    let text = TEXT.replace("8 pm", "9 pm");
    let staff = system.document("staff.md").text(text);
    let staff = staff.query("title=Visiting%20hours&audience=staff");
    staff.indexed().await;
    assert_eq!(staff.view().await["conflicts"].as_array().unwrap().len(), 2);
    let query = "title=Visiting%20hours&audience=visitors";
    let first = first.query(query);
    first.indexed().await;
    let view = first.view().await;
    let conflicts = view["conflicts"].as_array().unwrap();
    let with_staff = |conflict: &Value| conflict["other"] == "patients/staff.md";
    assert!(!conflicts.iter().any(with_staff), "{view}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_that_cite_one_version_are_listed() {
    let setup = Setup::new().await;
    let system = System::informed(setup).await;
    system.ask(QUESTION).ends("completed").await;
    let leaflet = system.document(NAME).text(TEXT.replace("8 pm", "6 pm"));
    let id = leaflet.indexed().await["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        system.ask(QUESTION).ends("completed").await;
    }
    for (query, expected) in [
        ("", 3),
        ("?version=1", 1),
        ("?version=2", 2),
        ("?version=3", 0),
    ] {
        let path = format!("/v1/documents/{id}/impact{query}");
        let answer = system.rag(Method::GET, &path).send().await.unwrap();
        let impact: Value = answer.json().await.unwrap();
        assert_eq!(
            impact["answers"].as_array().unwrap().len(),
            expected,
            "{impact}"
        );
    }
}
