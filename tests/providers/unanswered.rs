//! No provider answers: the documents do, or the turn fails and says so.

use std::time::{Duration, Instant};

use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};

const DIALECT: Dialect = Dialect::OpenAi;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_the_documents_answer() {
    let scripts = [
        Script::default().silence(),
        Script::refuse(401, &[]),
        Script::refuse(429, &[("retry-after", "60")]),
        Script::answer(DIALECT, &["never asked for"]),
    ];
    let provider = Provider::start(scripts).await;
    let setup = Setup::new()
        .await
        .asking_first(DIALECT, &provider)
        .with("CHATBOT__LLM__DEADLINES__FIRST_TOKEN_MS", "1500");
    let system = System::informed(setup).await;
    let conversation = system.conversation().await;
    // Silence, a refused key, a full quota; then the provider is left alone as it asked.
    for asked in [1, 2, 3, 3] {
        let begun = Instant::now();
        let done = conversation.ask(QUESTION).ends("completed").await;
        assert!(begun.elapsed() < Duration::from_secs(20));
        for name in ["provider", "rung"] {
            assert_eq!(done[name], "extractive", "{done}");
        }
        assert_eq!(provider.requests().len(), asked);
    }
    provider.hung_up(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_anybody_the_turn_fails_and_says_so() {
    let provider = Provider::start([Script::refuse(401, &[])]).await;
    let setup = Setup::new().await.asking(DIALECT, &provider);
    let system = System::informed(setup).await;
    let mut turn = system.ask(QUESTION).turn().await;
    turn.fails("exhausted").await;
    assert_eq!(system.turn(&turn.id).await["status"], "failed");
    assert_eq!((system.answers().await, system.open_turns().await), (0, 0));
}
