//! How good the answers without a language model are: questions over the sample leaflets, asked
//! as people ask them, through the whole product.

mod documents;
mod safety;

use std::fmt::Write;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use serde_json::Value;

use self::documents::upload_samples;
use crate::support::system::{Setup, System};

const QUESTIONS: &str = include_str!("questions.toml");

/// Shares in per cent that each half must reach.
const MIN_ANSWERED: usize = 75;
/// The questions of a half whose person may need help more than an answer ("my baby is 2 months old
/// and has 38.5").
const MAX_ESCALATED: usize = 2;
const MIN_ABSTAINED: usize = 93;

#[derive(Deserialize)]
struct Questions {
    development: Half,
    held_out: Half,
}

#[derive(Deserialize)]
struct Half {
    answered: Vec<Answered>,
    unanswered: Vec<String>,
}

#[derive(Deserialize)]
struct Answered {
    ask: String,
    any: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
}

impl Answered {
    fn is_right(&self, done: &Value) -> bool {
        let answer = done["answer"].as_str().unwrap_or_default().to_lowercase();
        let holds = |fact: &String| answer.contains(&fact.to_lowercase());
        done["status"] == "completed" && self.any.iter().any(holds) && !self.not.iter().any(holds)
    }
}

/// How one half came out.
#[derive(Default)]
struct Tally {
    right: usize,
    abstained: usize,
    escalated: usize,
    /// Lines of an answer that no citation covers.
    uncited: usize,
    failures: String,
}

impl Tally {
    fn count(&mut self, question: &str, done: &Value, right: bool) {
        self.escalated += usize::from(done["status"] == "escalated");
        if done["status"] == "completed" {
            self.uncited += uncited_lines(done);
        }
        if !right {
            let (status, answer) = (&done["status"], &done["answer"]);
            let _ = writeln!(self.failures, "  {question} -> {status} {answer}");
        }
    }
}

/// Every line of an answer stands in a document and says where.
fn uncited_lines(done: &Value) -> usize {
    let mut at = 0;
    let mut uncited = 0;
    for line in done["answer"].as_str().unwrap_or_default().split('\n') {
        let end = at + line.chars().count();
        let cited = done["citations"].as_array().is_some_and(|citations| {
            citations.iter().any(|citation| {
                let place = |key: &str| citation[key].as_u64().unwrap_or(u64::MAX);
                place("answer_start") >= at as u64 && place("answer_end") <= end as u64
            })
        });
        uncited += usize::from(!line.trim().is_empty() && !cited);
        at = end + 1;
    }
    uncited
}

async fn ask_all(system: &System, half: &Half) -> Tally {
    let mut tally = Tally::default();
    let conversation = system.conversation().await;
    for question in &half.answered {
        let done = conversation.ask(&question.ask).json().await;
        let right = question.is_right(&done);
        tally.right += usize::from(right);
        tally.count(&question.ask, &done, right);
    }
    for question in &half.unanswered {
        let done = conversation.ask(question).json().await;
        let right = done["status"] == "abstained";
        tally.abstained += usize::from(right);
        tally.count(question, &done, right);
    }
    tally
}

#[tokio::test(flavor = "multi_thread")]
async fn the_samples_are_answered_from_and_nothing_else_is() {
    let questions: Questions = Figment::from(Toml::string(QUESTIONS)).extract().unwrap();
    let setup = Setup::new()
        .await
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "10000");
    let system = System::start_with(setup).await;
    upload_samples(&system).await;
    let mut report = String::new();
    let mut reached = true;
    for (name, half) in [
        ("development", &questions.development),
        ("held out", &questions.held_out),
    ] {
        let tally = ask_all(&system, half).await;
        let (answered, unanswered) = (half.answered.len(), half.unanswered.len());
        let _ = write!(
            report,
            "{name}: {} of {answered} answered right, {} of {unanswered} abstained, \
             {} escalated, {} lines uncited\n{}",
            tally.right, tally.abstained, tally.escalated, tally.uncited, tally.failures
        );
        reached &= tally.right * 100 >= answered * MIN_ANSWERED
            && tally.abstained * 100 >= unanswered * MIN_ABSTAINED
            && tally.escalated <= MAX_ESCALATED
            && tally.uncited == 0;
    }
    eprintln!("{report}");
    assert!(reached, "worse than the floor:\n{report}");
}
