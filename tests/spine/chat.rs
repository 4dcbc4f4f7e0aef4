//! From an upload to a cited answer, over HTTP.

use serde_json::{Value, json};

use crate::support::system::System;

const LEAFLET: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
    Children may visit with an adult. Please do not visit with a fever.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_a_cited_answer() {
    let system = System::start().await;
    let put = system.put("visiting.md", "text/markdown", LEAFLET).await;
    assert_eq!(put["outcome"], "received");
    assert_eq!(
        system.settled("visiting.md").await["version_status"],
        "indexed"
    );
    let again = system.put("visiting.md", "text/markdown", LEAFLET).await;
    assert_eq!(again["outcome"], "unchanged");

    let conversation = system.conversation().await;
    let done = system.ask(&conversation, "When are visiting hours?").await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["provider"], "extractive");
    let citations = done["citations"].as_array().unwrap();
    assert!(!citations.is_empty(), "{done}");
    for citation in citations {
        let same = system
            .database()
            .number(&format!(
                "SELECT count(*) AS n FROM document_versions WHERE id = '{}'
                 AND substr(text, {} + 1, {} - {}) = '{}'",
                citation["version_id"].as_str().unwrap(),
                citation["start"],
                citation["end"],
                citation["start"],
                citation["quote"].as_str().unwrap()
            ))
            .await;
        assert_eq!(same, 1, "{citation}");
    }

    let done = system
        .ask(&conversation, "What is the capital of Mongolia?")
        .await;
    assert_eq!(done["status"], "abstained", "{done}");
    let done = system
        .ask(
            &conversation,
            "my dad's face is drooping and he can't lift his arm",
        )
        .await;
    assert_eq!(done["status"], "escalated");
    let open = "SELECT count(*) AS n FROM turns WHERE finished_at IS NULL";
    assert_eq!(system.database().number(open).await, 0);

    // Withdrawn: unretrievable from the moment the call returns.
    let url = format!("{}/v1/documents/patients/visiting.md", system.rag.url);
    let deleted = system
        .http
        .delete(url)
        .bearer_auth(&system.key)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 204);
    let done = system.ask(&conversation, "When are visiting hours?").await;
    assert_eq!(done["status"], "abstained", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_when_its_sources_no_longer_stand() {
    let system = System::start().await;
    system.put("visiting.md", "text/markdown", LEAFLET).await;
    system.settled("visiting.md").await;
    let path = system.conversation().await;
    let done = system.ask(&path, "When are visiting hours?").await;
    assert_eq!(done["status"], "completed", "{done}");
    assert!(done.get("sources_status").is_none(), "{done}");
    let turn = format!("/v1/turns/{}", done["turn_id"].as_str().unwrap());
    let status = async || {
        let answer = get(&system, &turn).await;
        let conversation = get(&system, path.trim_end_matches("/messages")).await;
        let messages = conversation["messages"].as_array().unwrap();
        assert!(messages[0].get("sources_status").is_none(), "a question");
        assert_eq!(messages[1]["sources_status"], answer["sources_status"]);
        answer["sources_status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status().await, "current");

    let expire = "UPDATE documents SET expires_at = now()";
    system.database().execute(expire).await;
    assert_eq!(status().await, "withdrawn");
    let prolong = "UPDATE documents SET expires_at = now() + interval '1 day'";
    system.database().execute(prolong).await;
    assert_eq!(status().await, "current");

    let later = LEAFLET.replace("8 pm", "6 pm");
    system.put("visiting.md", "text/markdown", later).await;
    system.settled("visiting.md").await;
    assert_eq!(status().await, "replaced");

    let url = system.document_url("visiting.md");
    let withdraw = system.http.post(format!("{url}/withdraw"));
    for (request, expected) in [
        (withdraw, "withdrawn"),
        (system.http.delete(url), "restricted"),
    ] {
        let answer = request.bearer_auth(&system.key).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(status().await, expected);
    }

    // An answer that cites nothing has no sources that could go.
    let done = system.ask(&path, "What is the capital of Mongolia?").await;
    let turn = format!("/v1/turns/{}", done["turn_id"].as_str().unwrap());
    let answer = get(&system, &turn).await;
    assert!(answer.get("sources_status").is_none(), "{answer}");
}

async fn get(system: &System, path: &str) -> Value {
    let url = format!("{}{path}", system.orchestrator.url);
    let request = system.http.get(url).bearer_auth(&system.key);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_streams_and_can_be_read_again() {
    let system = System::start().await;
    system.put("visiting.md", "text/markdown", LEAFLET).await;
    system.settled("visiting.md").await;
    let path = system.conversation().await;
    let send = || {
        system
            .post(&path, &json!({ "content": "May children visit?" }))
            .header("accept", "text/event-stream")
            .header("idempotency-key", "one")
            .send()
    };
    let first = send().await.unwrap();
    assert_eq!(first.headers()["x-accel-buffering"], "no");
    let first = first.text().await.unwrap();
    let names: Vec<&str> = first
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names[..3], ["turn", "triage", "sources"], "{first}");
    assert!(
        names.contains(&"delta") && names.contains(&"citation"),
        "{names:?}"
    );
    assert_eq!(names.iter().filter(|name| **name == "done").count(), 1);
    assert_eq!(names.last(), Some(&"done"));

    // The same key again is the same turn; with another body it is a conflict.
    let again = send().await.unwrap().text().await.unwrap();
    let data = |text: &str| {
        text.lines()
            .rev()
            .find(|line| line.starts_with("data:"))
            .map(str::to_owned)
    };
    assert_eq!(data(&first), data(&again));
    let conflict = system
        .post(&path, &json!({ "content": "Something else" }))
        .header("idempotency-key", "one")
        .send()
        .await
        .unwrap();
    assert_eq!(conflict.status(), 409);
    let messages = "SELECT count(*) AS n FROM messages WHERE role = 'user'";
    assert_eq!(system.database().number(messages).await, 1);
}
