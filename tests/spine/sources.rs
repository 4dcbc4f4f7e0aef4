//! Whether the documents that an answer cites still stand.

use serde_json::Value;

use crate::support::conversation::Conversation;
use crate::support::leaflet::{NAME, QUESTION, TEXT, UNKNOWN};
use crate::support::system::{Setup, System};

/// An answer, and where it can be read.
struct Answer<'a> {
    system: &'a System,
    conversation: Conversation<'a>,
    turn: String,
}

impl<'a> Answer<'a> {
    async fn to(system: &'a System, question: &str, status: &str) -> Self {
        let conversation = system.conversation().await;
        let done = conversation.ask(question).ends(status).await;
        assert!(done.get("sources_status").is_none(), "{done}");
        Self {
            system,
            turn: done["turn_id"].as_str().unwrap().to_owned(),
            conversation,
        }
    }

    /// As the turn and the message in its conversation say it; a question has none.
    async fn sources(&self) -> Option<String> {
        let turn = self.system.read(&format!("/v1/turns/{}", self.turn)).await;
        let conversation = self.conversation.read().await;
        let status = |value: &Value| Some(value.get("sources_status")?.as_str()?.to_owned());
        let [question, answer] = [0, 1].map(|at| status(&conversation["messages"][at]));
        assert_eq!((question, answer), (None, status(&turn)));
        status(&turn)
    }

    async fn assert_sources(&self, expected: &str) {
        assert_eq!(self.sources().await.as_deref(), Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_withdrawn_while_they_are_expired() {
    let system = System::informed(Setup::new().await).await;
    let answer = Answer::to(&system, QUESTION, "completed").await;
    answer.assert_sources("current").await;
    for (expires_at, expected) in [
        ("now()", "withdrawn"),
        ("now() + interval '1 day'", "current"),
    ] {
        let expire = format!("UPDATE documents SET expires_at = {expires_at}");
        system.database().execute(&expire).await;
        answer.assert_sources(expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_replaced_then_withdrawn_then_restricted_like_their_document() {
    let system = System::informed(Setup::new().await).await;
    let answer = Answer::to(&system, QUESTION, "completed").await;
    let leaflet = system.document(NAME).text(TEXT.replace("8 pm", "6 pm"));
    leaflet.indexed().await;
    answer.assert_sources("replaced").await;
    leaflet.withdraw().await;
    answer.assert_sources("withdrawn").await;
    leaflet.delete().await;
    answer.assert_sources("restricted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cites_nothing_has_no_sources_that_could_go() {
    let system = System::informed(Setup::new().await).await;
    let answer = Answer::to(&system, UNKNOWN, "abstained").await;
    assert_eq!(answer.sources().await, None);
}
