//! From an upload to a cited answer, over HTTP.

use serde_json::{Value, json};

use crate::support::leaflet::{HOURS, NAME, QUESTION, UNKNOWN};
use crate::support::stable::stable;
use crate::support::system::System;

/// A system that knows a leaflet of one sentence.
async fn informed() -> System {
    let system = System::start().await;
    system.document(NAME).text(HOURS).indexed().await;
    system
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_received_once_and_then_indexed() {
    let system = System::start().await;
    let leaflet = system.document(NAME).text(HOURS);
    assert_eq!(leaflet.upload().await["outcome"], "received");
    assert_eq!(leaflet.settled().await["version_status"], "indexed");
    assert_eq!(leaflet.upload().await["outcome"], "unchanged");
    insta::assert_json_snapshot!(stable(&leaflet.view().await), @r#"
    {
      "answers": true,
      "approved_at": "[time]",
      "approved_by": null,
      "audience": null,
      "chunks": 1,
      "collection": "patients",
      "conflicts": [],
      "created_at": "[time]",
      "current_version": 1,
      "effective_from": null,
      "expires_at": null,
      "external_id": "visiting.md",
      "findings": [],
      "id": "[id 1]",
      "jurisdiction": null,
      "media_type": "text/markdown",
      "owner": null,
      "reason": null,
      "review_by": null,
      "review_due_at": null,
      "review_overdue": false,
      "scheduled_version": null,
      "sha256": "265d30e68b5fd1fda5dc9a757eeaf1f92c421262e857b9c3ecc0a736c7c6bd95",
      "size_bytes": 48,
      "status": "active",
      "supersedes": null,
      "title": "visiting.md",
      "updated_at": "[time]",
      "uploaded_by": "anna",
      "version": 1,
      "version_id": "[id 2]",
      "version_status": "indexed",
      "warnings": []
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_a_cited_answer() {
    let system = informed().await;
    let done = system.ask(QUESTION).json().await;
    insta::assert_json_snapshot!(stable(&done), @r#"
    {
      "answer": "Visiting hours are from 2 pm to 8 pm every day. [1]\n",
      "citations": [
        {
          "answer_end": 51,
          "answer_start": 0,
          "document_id": "[id 1]",
          "end": 47,
          "quote": "Visiting hours are from 2 pm to 8 pm every day.",
          "source_id": 1,
          "start": 0,
          "version_id": "[id 2]"
        }
      ],
      "grounded": true,
      "language": "en",
      "message_id": "[id 3]",
      "model": "verbatim-sentences",
      "provider": "extractive",
      "reason": null,
      "rung": "extractive",
      "sentences": [
        {
          "end": 51,
          "grounded": true,
          "start": 0
        }
      ],
      "status": "completed",
      "timings": {
        "first_token_ms": "[measured]",
        "retrieval_ms": "[measured]",
        "total_ms": "[measured]"
      },
      "turn_id": "[id 4]",
      "understanding": {
        "kind": "question",
        "language": "en"
      },
      "usage": {
        "input_tokens": 0,
        "output_tokens": 0
      }
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_stands_where_its_citation_says() {
    let system = informed().await;
    let done = system.ask(QUESTION).ends("completed").await;
    let citations = done["citations"].as_array().unwrap();
    assert!(!citations.is_empty(), "{done}");
    for citation in citations {
        let (start, end) = (&citation["start"], &citation["end"]);
        let same = format!(
            "document_versions WHERE id = '{}' AND substr(text, {start} + 1, {end} - {start}) = '{}'",
            citation["version_id"].as_str().unwrap(),
            citation["quote"].as_str().unwrap()
        );
        assert_eq!(system.database().count(&same).await, 1, "{citation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_holds_its_questions_and_answers() {
    let system = informed().await;
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).json().await;
    insta::assert_json_snapshot!(stable(&conversation.read().await), @r#"
    {
      "created_at": "[time]",
      "id": "[id 1]",
      "messages": [
        {
          "content": "When are visiting hours?",
          "created_at": "[time]",
          "id": "[id 2]",
          "role": "user",
          "turn_id": "[id 3]"
        },
        {
          "content": "Visiting hours are from 2 pm to 8 pm every day. [1]\n",
          "created_at": "[time]",
          "id": "[id 4]",
          "role": "assistant",
          "sources_status": "current",
          "turn_id": "[id 3]"
        }
      ],
      "title": null,
      "updated_at": "[time]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_the_passage() {
    let system = informed().await;
    insta::assert_json_snapshot!(stable(&system.search(QUESTION).await), @r#"
    {
      "degraded": null,
      "results": [
        {
          "collection": "patients",
          "context": [],
          "document_id": "[id 1]",
          "end": 47,
          "external_id": "visiting.md",
          "page": null,
          "score": "[score]",
          "scores": {
            "dense": "[score]",
            "lexical": "[score]"
          },
          "start": 0,
          "text": "Visiting hours are from 2 pm to 8 pm every day.",
          "title": "visiting.md",
          "version": 1,
          "version_id": "[id 2]"
        }
      ]
    }
    "#);
}

/// The answer to a question of a client of OpenAI.
async fn completion() -> Value {
    let system = informed().await;
    let request = system.complete(&system.key, QUESTION, &json!({}));
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    stable(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_says_how_it_came_about() {
    let body = completion().await;
    insta::assert_json_snapshot!(body["chatbot"], @r#"
    {
      "contacts": [],
      "grounded": true,
      "language": "en",
      "model": "verbatim-sentences",
      "provider": "extractive",
      "removed": {},
      "rung": "extractive",
      "sentences": [
        {
          "end": 51,
          "grounded": true,
          "start": 0
        }
      ],
      "sources": [
        {
          "external_id": "visiting.md",
          "page": null,
          "score": "[score]",
          "title": "visiting.md"
        }
      ],
      "status": "completed",
      "timings": {
        "first_token_ms": "[measured]",
        "retrieval_ms": "[measured]",
        "total_ms": "[measured]"
      },
      "turn_id": "[id 1]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_is_what_clients_of_openai_expect() {
    let mut body = completion().await;
    body.as_object_mut().unwrap().remove("chatbot");
    insta::assert_json_snapshot!(body, @r#"
    {
      "choices": [
        {
          "finish_reason": "stop",
          "index": 0,
          "message": {
            "content": "Visiting hours are from 2 pm to 8 pm every day. [1]\n",
            "role": "assistant"
          }
        }
      ],
      "citations": [
        {
          "answer_end": 51,
          "answer_start": 0,
          "document_id": "[id 2]",
          "end": 47,
          "quote": "Visiting hours are from 2 pm to 8 pm every day.",
          "source_id": 1,
          "start": 0,
          "version_id": "[id 3]"
        }
      ],
      "created": "[measured]",
      "id": "chatcmpl-[id 1]",
      "model": "chatbot",
      "object": "chat.completion",
      "usage": {
        "completion_tokens": 0,
        "prompt_tokens": 0,
        "total_tokens": 0
      }
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_turn_ends_whatever_is_asked() {
    let system = informed().await;
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).ends("completed").await;
    conversation.ask(UNKNOWN).ends("abstained").await;
    let stroke = "my dad's face is drooping and he can't lift his arm";
    conversation.ask(stroke).ends("escalated").await;
    assert_eq!(system.open_turns().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_is_not_found_from_the_moment_the_call_returns() {
    let system = informed().await;
    system.document(NAME).delete().await;
    system.ask(QUESTION).ends("abstained").await;
}
