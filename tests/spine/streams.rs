//! A turn as a client sees it come, event by event.

use crate::support::events::EventStream;
use crate::support::leaflet::{HOURS, NAME, QUESTION, UNKNOWN};
use crate::support::provider::Dialect;
use crate::support::stable::stable;
use crate::support::system::{Setup, System};

/// A system that knows a leaflet of one sentence.
async fn informed() -> System {
    informed_with(Setup::new().await).await
}

async fn informed_with(setup: Setup) -> System {
    let system = System::start_with(setup).await;
    system.document(NAME).text(HOURS).indexed().await;
    system
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_its_sources_its_text_and_its_citations() {
    let system = informed().await;
    let answer = system.ask(QUESTION).transcript().await;
    insta::assert_snapshot!(answer, @r#"
    id: [id 1]:0
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:1
    event: triage
    data: {"category":null,"level":"none","text":null}

    id: [id 1]:2
    event: sources
    data: [{"document_id":"[id 3]","end":47,"external_id":"visiting.md","id":1,"page":null,"score":"[score]","start":0,"text":"Visiting hours are from 2 pm to 8 pm every day.","title":"visiting.md","version":1,"version_id":"[id 4]"}]

    id: [id 1]:3
    event: delta
    data: {"grounded":true,"text":"Visiting hours are from 2 pm to 8 pm every day. [1]"}

    id: [id 1]:4
    event: citation
    data: {"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":47,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":0,"version_id":"[id 4]"}

    id: [id 1]:5
    event: delta
    data: {"text":"\n"}

    id: [id 1]:6
    event: done
    data: {"answer":"Visiting hours are from 2 pm to 8 pm every day. [1]\n","citations":[{"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":47,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":0,"version_id":"[id 4]"}],"grounded":true,"language":"en","message_id":"[id 5]","model":"verbatim-sentences","provider":"extractive","reason":null,"rung":"extractive","sentences":[{"end":51,"grounded":true,"start":0}],"status":"completed","timings":{"first_token_ms":"[measured]","retrieval_ms":"[measured]","total_ms":"[measured]"},"turn_id":"[id 1]","understanding":{"kind":"question","language":"en"},"usage":{"input_tokens":0,"output_tokens":0}}
    "#);
    let (_, done) = answer.end();
    assert_eq!(done["answer"], answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abstention_streams_what_to_do_instead() {
    let system = informed().await;
    insta::assert_snapshot!(system.ask(UNKNOWN).transcript().await, @r#"
    id: [id 1]:0
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:1
    event: triage
    data: {"category":null,"level":"none","text":null}

    id: [id 1]:2
    event: sources
    data: []

    id: [id 1]:3
    event: delta
    data: {"text":"I don't know. The documents I am allowed to use do not answer this question. Please ask a member of staff, or try to put the question in other words. In an emergency, call your local emergency number now."}

    id: [id 1]:4
    event: done
    data: {"answer":"I don't know. The documents I am allowed to use do not answer this question. Please ask a member of staff, or try to put the question in other words. In an emergency, call your local emergency number now.","citations":[],"contacts":[{"kind":"emergency","label":"your local emergency number"}],"grounded":false,"language":"en","message_id":"[id 3]","model":null,"provider":null,"reason":null,"rung":"abstain","status":"abstained","timings":{"first_token_ms":null,"retrieval_ms":"[measured]","total_ms":"[measured]"},"turn_id":"[id 1]","understanding":{"kind":"question","language":"en"},"usage":{"input_tokens":0,"output_tokens":0}}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_streams_its_advice_at_once() {
    let system = informed().await;
    insta::assert_snapshot!(system.ask("I can't breathe").transcript().await, @r#"
    id: [id 1]:0
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:1
    event: triage
    data: {"category":"breathing","contacts":[{"kind":"emergency","label":"your local emergency number"}],"language":"en","level":"emergency","text":"Trouble breathing can be a threat to life. Call your local emergency number now. Sit up straight and loosen tight clothes. If you have your own inhaler for sudden attacks, use it.","witness":"both"}

    id: [id 1]:2
    event: delta
    data: {"text":"Trouble breathing can be a threat to life. Call your local emergency number now. Sit up straight and loosen tight clothes. If you have your own inhaler for sudden attacks, use it."}

    id: [id 1]:3
    event: done
    data: {"answer":"Trouble breathing can be a threat to life. Call your local emergency number now. Sit up straight and loosen tight clothes. If you have your own inhaler for sudden attacks, use it.","citations":[],"contacts":[{"kind":"emergency","label":"your local emergency number"}],"grounded":false,"message_id":"[id 3]","model":null,"provider":null,"reason":null,"rung":"triage","status":"escalated","timings":{"first_token_ms":null,"retrieval_ms":null,"total_ms":"[measured]"},"triage":{"category":"breathing","contacts":[{"kind":"emergency","label":"your local emergency number"}],"language":"en","level":"emergency","text":"Trouble breathing can be a threat to life. Call your local emergency number now. Sit up straight and loosen tight clothes. If you have your own inhaler for sudden attacks, use it.","witness":"both"},"turn_id":"[id 1]","usage":{"input_tokens":0,"output_tokens":0}}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_streams_a_problem() {
    // Nobody listens there.
    let setup = Setup::new().await;
    let setup = setup.asking_at(Dialect::OpenAi, "http://127.0.0.1:1");
    let system = informed_with(setup).await;
    insta::assert_snapshot!(system.ask(QUESTION).transcript().await, @r#"
    id: [id 1]:0
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:1
    event: triage
    data: {"category":null,"level":"none","text":null}

    id: [id 1]:2
    event: sources
    data: [{"document_id":"[id 3]","end":47,"external_id":"visiting.md","id":1,"page":null,"score":"[score]","start":0,"text":"Visiting hours are from 2 pm to 8 pm every day.","title":"visiting.md","version":1,"version_id":"[id 4]"}]

    id: [id 1]:3
    event: error
    data: {"contacts":[{"kind":"emergency","label":"your local emergency number"}],"degraded":{"language":"en","notice":"The assistant cannot answer right now. Please try again later, or ask a member of staff. In an emergency, call your local emergency number now.","reason":"exhausted","rung":"contacts"},"detail":"The assistant cannot answer right now. Please try again later, or ask a member of staff. In an emergency, call your local emergency number now.","reason":"exhausted","request_id":"[id 5]","status":503,"title":"Temporarily unavailable","turn_id":"[id 1]","type":"urn:chatbot:problem:unavailable"}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_holds_a_stream_back() {
    let system = informed().await;
    let answer = system.ask(QUESTION).send("text/event-stream").await;
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let names = EventStream::of(answer).rest().await;
    assert_eq!(names.names()[..3], ["turn", "triage", "sources"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_under_the_same_key_is_the_same_turn() {
    let system = informed().await;
    let conversation = system.conversation().await;
    let send = async || conversation.ask(QUESTION).once("one").transcript().await;
    let (first, again) = (send().await, send().await);
    assert_eq!(first.end(), again.end());
    assert_eq!(first.end().0, "done");
    let questions = "messages WHERE role = 'user'";
    assert_eq!(system.database().count(questions).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_question_under_the_same_key_is_a_conflict() {
    let system = informed().await;
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).once("one").json().await;
    let other = conversation.ask("Something else").once("one");
    let (status, problem) = other.outcome().await;
    assert_eq!(status, 409);
    insta::assert_json_snapshot!(stable(&problem), @r#"
    {
      "detail": "This Idempotency-Key was used for another request.",
      "request_id": "[id 1]",
      "status": 409,
      "title": "Conflict",
      "type": "urn:chatbot:problem:conflict"
    }
    "#);
    let questions = "messages WHERE role = 'user'";
    assert_eq!(system.database().count(questions).await, 1);
}
