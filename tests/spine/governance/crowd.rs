//! Fifty people ask while somebody decides. No answer that starts after the decision cites what may
//! not answer any more.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chatbot::domain::time::now;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::future::join_all;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Governed;
use crate::support::conversation::Document;
use crate::support::leaflet::{HOURS, NAME, QUESTION};

const PEOPLE: usize = 50;

/// An answer: when its question was asked, and the text that it cites.
struct Answer {
    asked: Instant,
    complete: bool,
    /// Whether it ended because its source was stopped.
    cut: bool,
    quotes: Vec<String>,
}

/// One crowd at a time, so that the others' tests have a machine to run on.
static CROWD: Mutex<()> = Mutex::const_new(());

/// Fifty people ask again and again while something happens, and some more questions after it.
/// Returns the answers, and the moment at which it had happened.
async fn crowd<T>(governed: &Governed, happens: impl Future<Output = T>) -> (Vec<Answer>, Instant) {
    let over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let person = async || {
        let mut answers = Vec::new();
        loop {
            let last = over.load(Ordering::Relaxed);
            let asked = Instant::now();
            let (status, done) = governed.system.ask(QUESTION).outcome().await;
            // An answer whose source is stopped while it is written ends in sight; others may find a
            // busy machine.
            let cut = done["reason"] == "citation_unresolved";
            assert!(status == 200 || status == 503, "{status}: {done}");
            let citations = done["citations"].as_array();
            let quote = |citation: &Value| citation["quote"].as_str().unwrap().to_owned();
            answers.push(Answer {
                asked,
                complete: status == 200,
                cut,
                quotes: citations.into_iter().flatten().map(quote).collect(),
            });
            answered.fetch_add(1, Ordering::Relaxed);
            if last {
                return answers;
            }
        }
    };
    let decide = async {
        // Everybody has asked, and is asking again.
        while answered.load(Ordering::Relaxed) < PEOPLE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        happens.await;
        let moment = Instant::now();
        over.store(true, Ordering::Relaxed);
        moment
    };
    let people = join_all((0..PEOPLE).map(|_| person()));
    let (answers, moment) = tokio::join!(people, decide);
    (answers.into_iter().flatten().collect(), moment)
}

/// Before the decision the words are cited, and never by a question that was asked after it.
async fn assert_silent<T>(governed: &Governed, words: &str, happens: impl Future<Output = T>) {
    let (answers, moment) = crowd(governed, happens).await;
    let cites = |answer: &&Answer| answer.quotes.iter().any(|quote| quote.contains(words));
    let (later, earlier): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.asked > moment);
    assert!(earlier.iter().any(&cites), "{words}: cited before");
    assert!(later.len() >= PEOPLE, "{} questions after it", later.len());
    let complete = later.iter().filter(|answer| answer.complete).count();
    assert!(complete * 2 > later.len(), "{complete} of {}", later.len());
    let wrong = later.iter().filter(|answer| cites(answer)).count();
    assert!(later.iter().all(|answer| !answer.cut), "{words}: cut late");
    assert_eq!(
        wrong, 0,
        "{words}: cited by questions that were asked after it"
    );
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn leaflet<'a>(governed: &'a Governed, closing: &str) -> Document<'a> {
    let text = HOURS.replace("8 pm", closing);
    governed.system.document(NAME).text(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_cites_a_version_after_it_was_stopped() {
    let _crowd = CROWD.lock().await;
    let governed = Governed::start().await;
    let document = leaflet(&governed, "8 pm");
    governed.approved(&document).await;
    assert_silent(&governed, "8 pm", governed.decided(&document, 1, "revoke")).await;
    governed.decided(&document, 1, "approve").await;
    assert_silent(
        &governed,
        "8 pm",
        governed.decided(&document, 1, "quarantine"),
    )
    .await;
    governed.decided(&document, 1, "release").await;
    document.settled().await;
    governed.decided(&document, 1, "approve").await;
    assert_silent(&governed, "8 pm", document.withdraw()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_cites_a_version_after_the_next_one_was_approved() {
    let _crowd = CROWD.lock().await;
    let governed = Governed::start().await;
    governed.approved(&leaflet(&governed, "8 pm")).await;
    let next = leaflet(&governed, "6 pm");
    governed.drafted(&next).await;
    assert_silent(&governed, "8 pm", governed.decided(&next, 2, "approve")).await;
    assert_eq!(governed.found(QUESTION).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_cites_a_version_after_it_has_expired() {
    let _crowd = CROWD.lock().await;
    let governed = Governed::start().await;
    let expires = now() + Duration::from_secs(20);
    let document = leaflet(&governed, "8 pm").query(&format!("expires_at={}", time(expires)));
    governed.approved(&document).await;
    let expiry = async {
        let left = (expires - now()).to_std().unwrap();
        tokio::time::sleep(left + Duration::from_millis(1)).await;
    };
    assert_silent(&governed, "8 pm", expiry).await;
    let view = document.view().await;
    assert_eq!(view["answers"], false, "{view}");
}

/// The next version was approved before; at its time it takes over, without a gap.
#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_version_takes_over_at_its_time() {
    let _crowd = CROWD.lock().await;
    let governed = Governed::start().await;
    governed.approved(&leaflet(&governed, "8 pm")).await;
    let effective = now() + Duration::from_secs(20);
    let next = leaflet(&governed, "6 pm").query(&format!("effective_from={}", time(effective)));
    let view = governed.approved(&next).await;
    assert_eq!(
        (&view["current_version"], &view["scheduled_version"]),
        (&serde_json::json!(1), &serde_json::json!(2))
    );
    let takes_over = async {
        let left = (effective - now()).to_std().unwrap();
        tokio::time::sleep(left + Duration::from_millis(1)).await;
    };
    let (answers, moment) = crowd(&governed, takes_over).await;
    for answer in answers.iter().filter(|answer| answer.complete) {
        let cites = |words: &str| answer.quotes.iter().any(|quote| quote.contains(words));
        if answer.asked > moment {
            assert!(cites("6 pm") && !cites("8 pm"), "{:?}", answer.quotes);
        } else {
            assert!(cites("8 pm") || cites("6 pm"), "no gap");
        }
    }
    crate::support::until("the scheduled version is the current one", async || {
        let view = next.view().await;
        view["current_version"] == 2 && governed.system.database().count("chunks").await == 1
    })
    .await;
    assert_eq!(governed.found(QUESTION).await, [2]);
}
