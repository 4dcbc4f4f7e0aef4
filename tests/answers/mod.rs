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
/// Questions whose writers saw the samples and not the program.
const OF_OTHERS: &str = include_str!("questions_held_out.toml");

/// The floor of a set of questions: per cent answered rightly, and per cent of the others answered
/// with "I don't know".
struct Floor(usize, usize);

const OWN: Floor = Floor(75, 93);
/// For questions that nobody read while the program was written.
const BLIND: Floor = Floor(50, 90);
/// The questions of a set whose person may need help more than an answer ("my baby is 2 months old
/// and has 38.5").
const MAX_ESCALATED: usize = 3;

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
    /// Answerable questions that were answered with "I don't know".
    withheld: usize,
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

/// The beginnings of prepared sentences beside an answer.
const REMARKS: [&str; 2] = [
    "I also looked for ",
    "Our documents do not answer this part: ",
];

/// Every line of an answer stands in a document and says where, but for remarks.
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
        let is_remark = REMARKS.iter().any(|remark| line.starts_with(remark));
        uncited += usize::from(!line.trim().is_empty() && !cited && !is_remark);
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
        tally.withheld += usize::from(done["status"] == "abstained");
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
    let of_others: Half = Figment::from(Toml::string(OF_OTHERS)).extract().unwrap();
    let setup = Setup::new()
        .await
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "10000");
    let system = System::start_with(setup).await;
    upload_samples(&system).await;
    let mut report = String::new();
    let mut reached = true;
    for (name, half, Floor(least_right, least_abstained)) in [
        ("development", &questions.development, OWN),
        ("held out", &questions.held_out, OWN),
        ("of others", &of_others, BLIND),
    ] {
        let tally = ask_all(&system, half).await;
        let (answered, unanswered) = (half.answered.len(), half.unanswered.len());
        let _ = write!(
            report,
            "{name}: {} of {answered} answered right, {} withheld, {} of {unanswered} abstained, \
             {} escalated, {} lines uncited\n{}",
            tally.right,
            tally.withheld,
            tally.abstained,
            tally.escalated,
            tally.uncited,
            tally.failures
        );
        reached &= tally.right * 100 >= answered * least_right
            && tally.abstained * 100 >= unanswered * least_abstained
            && tally.escalated <= MAX_ESCALATED
            && tally.uncited == 0;
    }
    eprintln!("{report}");
    assert!(reached, "worse than the floor:\n{report}");
}
