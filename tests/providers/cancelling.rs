//! A person who no longer wants an answer ends the call that makes it.

use std::time::{Duration, Instant};

use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::until;

const DIALECT: Dialect = Dialect::OpenAi;

/// Cancels a turn whose provider has said this, and no more; a second later the call is over.
async fn assert_cancelled(script: Script, shown: Option<&str>) {
    let provider = Provider::start([script.silence()]).await;
    let setup = Setup::new().await.asking(DIALECT, &provider);
    let system = System::informed(setup).await;
    let mut turn = system.ask(QUESTION).turn().await;
    until("the provider is called", async || {
        provider.requests().len() == 1
    })
    .await;
    if let Some(shown) = shown {
        turn.until(shown).await;
    }
    let begun = Instant::now();
    system.cancel(&turn.id).await;
    provider.hung_up(1).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    turn.end().await;
    assert_eq!(system.turn(&turn.id).await["status"], "cancelled");
    assert_eq!((system.answers().await, system.open_turns().await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_an_answer() {
    let begun = Script::begin(DIALECT, &SENTENCES[..1]);
    assert_cancelled(begun, Some("2 pm to 8 pm")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_an_answer_begins() {
    assert_cancelled(Script::default(), None).await;
}
