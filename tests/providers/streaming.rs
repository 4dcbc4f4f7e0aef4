//! An answer of a provider, as it streams and as it is stored.

use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::until;

/// An answer that waits before each sentence but the first, and before its end.
fn paced(dialect: Dialect) -> Script {
    let script = Script::begin(dialect, &SENTENCES[..1]);
    let script = SENTENCES[1..].iter().fold(script, |script, sentence| {
        script.wait().send(dialect.delta(sentence))
    });
    script.wait().send(dialect.ending(dialect.stop()))
}

/// A system that asks a provider with this script.
async fn asking(dialect: Dialect, script: Script) -> (Provider, System) {
    let provider = Provider::start([script]).await;
    let setup = Setup::new().await.asking(dialect, &provider);
    let system = System::informed(setup).await;
    (provider, system)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_piece_is_seen_before_the_provider_sends_the_next_one() {
    for dialect in Dialect::ALL {
        let (provider, system) = asking(dialect, paced(dialect)).await;
        let mut turn = system.ask(QUESTION).turn().await;
        turn.until("2 pm to 8 pm").await;
        provider.release();
        turn.until("Children may visit").await;
        provider.release();
        turn.until("Please do not visit").await;
        assert_eq!(system.answers().await, 0);
        provider.release();
        let done = turn.ends("completed").await;
        assert_eq!(done["answer"], turn.text.as_str());
        assert_eq!(system.answers().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_stored_with_its_origin() {
    for dialect in Dialect::ALL {
        let (_provider, system) = asking(dialect, Script::answer(dialect, &SENTENCES)).await;
        let done = system.ask(QUESTION).json().await;
        let origin = ["rung", "provider", "model"].map(|name| done[name].as_str().unwrap());
        assert_eq!(origin, ["llm", dialect.provider(), "a-model"]);
        assert_eq!(done["usage"]["input_tokens"], 11);
        assert_eq!(done["usage"]["output_tokens"], 7);
        let turn = done["turn_id"].as_str().unwrap();
        assert_eq!(system.turn(turn).await, done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_how_long_it_took() {
    let dialect = Dialect::OpenAi;
    let (_provider, system) = asking(dialect, Script::answer(dialect, &SENTENCES)).await;
    let done = system.ask(QUESTION).json().await;
    let timing = |name: &str| done["timings"][name].as_u64().unwrap();
    assert!(timing("retrieval_ms") <= timing("first_token_ms"));
    assert!(timing("first_token_ms") <= timing("total_ms"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prompt_has_question_and_evidence() {
    for dialect in Dialect::ALL {
        let (provider, system) = asking(dialect, Script::answer(dialect, &SENTENCES)).await;
        system.ask(QUESTION).ends("completed").await;
        let prompt = provider.requests().remove(0).body.to_string();
        assert!(prompt.contains(QUESTION) && prompt.contains("2 pm to 8 pm"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_model_is_cited_sentence_by_sentence() {
    let dialect = Dialect::OpenAi;
    let (_provider, system) = asking(dialect, Script::answer(dialect, &SENTENCES[..2])).await;
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
    data: [{"document_id":"[id 3]","end":125,"external_id":"visiting.md","id":1,"page":null,"score":"[score]","start":0,"text":"Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. Children may visit with an adult. Please do not visit with a fever.","title":"visiting.md","version":1,"version_id":"[id 4]"}]

    id: [id 1]:3
    event: delta
    data: {"grounded":true,"text":"Visiting hours are from 2 pm to 8 pm every day [1]."}

    id: [id 1]:4
    event: citation
    data: {"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":57,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":10,"version_id":"[id 4]"}

    id: [id 1]:5
    event: delta
    data: {"grounded":true,"text":" Children may visit with an adult [1]."}

    id: [id 1]:6
    event: citation
    data: {"answer_end":89,"answer_start":52,"document_id":"[id 3]","end":91,"quote":"Children may visit with an adult.","source_id":1,"start":58,"version_id":"[id 4]"}

    id: [id 1]:7
    event: done
    data: {"answer":"Visiting hours are from 2 pm to 8 pm every day [1]. Children may visit with an adult [1].","citations":[{"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":57,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":10,"version_id":"[id 4]"},{"answer_end":89,"answer_start":52,"document_id":"[id 3]","end":91,"quote":"Children may visit with an adult.","source_id":1,"start":58,"version_id":"[id 4]"}],"grounded":true,"language":"en","message_id":"[id 5]","model":"a-model","provider":"openai","reason":null,"rung":"llm","sentences":[{"end":51,"grounded":true,"start":0},{"end":89,"grounded":true,"start":52}],"status":"completed","timings":{"first_token_ms":"[measured]","retrieval_ms":"[measured]","total_ms":"[measured]"},"turn_id":"[id 1]","understanding":{"kind":"question","language":"en"},"usage":{"input_tokens":11,"output_tokens":7}}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_are_not_part_of_an_answer() {
    let dialect = Dialect::OpenAi;
    let odd = "Visiting\0 hours are from 2 pm\u{1b} to 8 pm every day [1].\0";
    let (provider, system) = asking(dialect, Script::answer(dialect, &[odd])).await;
    let done = system.ask(QUESTION).ends("completed").await;
    assert_eq!(done["answer"], SENTENCES[0].trim_end());
    assert_eq!(done["citations"].as_array().unwrap().len(), 1);
    assert_eq!((system.answers().await, provider.requests().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_does_not_need_its_reader() {
    let dialect = Dialect::OpenAi;
    let (provider, system) = asking(dialect, paced(dialect)).await;
    let mut turn = system.ask(QUESTION).turn().await;
    turn.until("2 pm to 8 pm").await;
    let id = turn.id.clone();
    drop(turn);
    let mut again = system.follow(&id).await;
    provider.release();
    again.until("Children may visit").await;
    drop(again);
    provider.release();
    provider.release();
    until("the answer is stored", async || {
        system.turn(&id).await["status"] == "completed"
    })
    .await;
    assert_eq!(system.answers().await, 1);
    let mut late = system.follow(&id).await;
    let done = late.ends("completed").await;
    assert_eq!(done["answer"], SENTENCES.concat());
    assert_eq!(done["answer"], late.text.as_str());
}
