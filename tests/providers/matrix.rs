//! Every way in which a provider may fail, with and without another one behind it, on the running
//! system: something to read or an honest error in time, and never half an answer as a whole one.

use std::time::{Duration, Instant};

use chatbot::llm::BreakerState;
use futures::future::join_all;
use serde_json::json;

use super::{begin, chain, nobody, other, read, with};
use crate::support::leaflet::{NAME, QUESTION, SENTENCES, TEXT};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Role, Setup, System};
use crate::support::until;

/// To the first piece of an answer, or to the error that says there is none.
const LIMIT: Duration = Duration::from_secs(20);

/// A way to fail.
struct Fault {
    name: &'static str,
    /// Why the turn fails if nobody can help; `None`: all that was tried failed before a token.
    reason: Option<&'static str>,
    script: Script,
}

fn faults(dialect: Dialect) -> Vec<Fault> {
    let started = || Script::begin(dialect, &SENTENCES[..2]);
    let line = || vec![b'x'; 1 << 20];
    let fault = |name, reason, script| Fault {
        name,
        reason,
        script,
    };
    vec![
        fault("429", None, Script::refuse(429, &[])),
        fault("500", None, Script::refuse(500, &[])),
        fault("529", None, Script::refuse(529, &[])),
        fault("silence", None, Script::default().silence()),
        fault("a stall", Some("idle_timeout"), started().silence()),
        fault("an early end", Some("truncated"), started()),
        fault("nothing", None, Script::begin(dialect, &[])),
        fault(
            "an error at once",
            None,
            Script::head().send(dialect.error()),
        ),
        fault(
            "an error later",
            Some("rate_limited"),
            started().send(dialect.error()),
        ),
        fault(
            "bad UTF-8 at once",
            None,
            Script::head().send(b"data: \xff\n\n".as_slice()),
        ),
        fault(
            "bad UTF-8 later",
            Some("malformed"),
            started().send(b"data: \"\xff\xfe\"\n\n".as_slice()),
        ),
        fault("a huge line at once", None, Script::head().send(line())),
        fault(
            "a huge line later",
            Some("oversized"),
            started().send("data: ").send(line()),
        ),
    ]
}

/// The words that distinguish a question; the provider finds them in the prompt.
fn mark(index: usize) -> String {
    format!("({index})")
}

/// A replica that asks a provider with all the faults, and then, if there is one, the other.
struct Subject {
    dialect: Dialect,
    faulty: Provider,
    second: Option<Provider>,
    replica: Role,
}

impl Subject {
    async fn start(system: &System, dialect: Dialect, fallback: bool) -> Self {
        let scripts: Vec<Script> = faults(dialect).into_iter().map(|f| f.script).collect();
        let faulty = Provider::choosing(move |request| {
            let prompt = request.body.to_string();
            let asked = |index: &usize| prompt.contains(&mark(*index));
            scripts[(0..scripts.len()).find(asked).unwrap()].clone()
        })
        .await;
        let second = if fallback {
            Some(Provider::start([Script::answer(other(dialect), &SENTENCES)]).await)
        } else {
            None
        };
        let mut names = vec![dialect.provider()];
        names.extend(second.as_ref().map(|_| other(dialect).provider()));
        let url = |wanted: Dialect| {
            let provider = if wanted == dialect {
                Some(&faulty)
            } else {
                second.as_ref()
            };
            provider.map_or("", |provider| provider.url.as_str())
        };
        let replica = system.setup.serve(
            "orchestrator",
            &[
                ("CHATBOT__ORCHESTRATOR__RAG_URL", &system.rag.url),
                ("CHATBOT__LLM__PROVIDERS", &json!(names).to_string()),
                ("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false"),
                ("OPENAI_BASE_URL", url(Dialect::OpenAi)),
                ("CHATBOT__LLM__ANTHROPIC__BASE_URL", url(Dialect::Anthropic)),
                ("ANTHROPIC_API_KEY", "key-of-a-test"),
            ],
        );
        Self {
            dialect,
            faulty,
            second,
            replica,
        }
    }

    async fn check(&self, system: &System, index: usize, fault: &Fault) {
        let what = format!(
            "{:?}, {}, fallback: {}",
            self.dialect,
            fault.name,
            self.second.is_some()
        );
        let question = format!("{QUESTION} {}", mark(index));
        let begun = Instant::now();
        let mut turn = system.ask(&question).at(&self.replica.url).turn().await;
        let end = turn.until_shown().await;
        assert!(begun.elapsed() <= LIMIT, "{what}: {:?}", begun.elapsed());
        let end = if end.is_terminal() {
            (end.name, end.data)
        } else {
            turn.end().await
        };
        if fault.reason.is_none() && self.second.is_some() {
            let found = (end.0.as_str(), end.1["status"].as_str());
            assert_eq!(found, ("done", Some("completed")), "{what}");
            assert_eq!(end.1["provider"], other(self.dialect).provider(), "{what}");
        } else {
            let reason = fault.reason.unwrap_or("exhausted");
            let found = (end.0.as_str(), end.1["reason"].as_str());
            assert_eq!(found, ("error", Some(reason)), "{what}");
            let kept = system.turn(&turn.id).await;
            let found = (&kept["status"], &kept["answer"]);
            assert_eq!(found, (&json!("failed"), &json!("")), "{what}");
        }
        let calls = self.calls(index);
        assert!((1..=3).contains(&calls), "{what}: {calls} calls");
        let noted = format!("turn_attempts WHERE turn_id = '{}'", turn.id);
        let noted = system.database().count(&noted).await;
        assert_eq!(usize::try_from(noted).unwrap(), calls, "{what}");
    }

    /// How often anybody was asked this question.
    fn calls(&self, index: usize) -> usize {
        let asked = |provider: &Provider| {
            let requests = provider.requests().into_iter();
            requests
                .filter(|request| request.body.to_string().contains(&mark(index)))
                .count()
        };
        asked(&self.faulty) + self.second.as_ref().map_or(0, asked)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_does_there_is_an_answer_or_an_honest_error_in_time() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__LLM__OPENAI__MODEL", "a-model")
        .with("CHATBOT__LLM__ANTHROPIC__MODEL", "a-model")
        // Every call shall go out here; that it would not is another test.
        .with("CHATBOT__LLM__BREAKER__FAILURES", "1000")
        .with("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "1000")
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "10000")
        .with("CHATBOT__ORCHESTRATOR__RETRIEVAL_TIMEOUT_MS", "10000");
    let system = System::start_with(setup).await;
    system.document(NAME).text(TEXT).indexed().await;
    let mut subjects = Vec::new();
    for dialect in Dialect::ALL {
        for fallback in [false, true] {
            subjects.push(Subject::start(&system, dialect, fallback).await);
        }
    }
    for subject in &subjects {
        let url = format!("{}/health/ready", subject.replica.url);
        until("a replica is ready", async || {
            let answer = system.http.get(&url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }
    // All at once: the slow ones take as long as a deadline.
    let checks = subjects.iter().flat_map(|subject| {
        let faults = faults(subject.dialect).into_iter().enumerate();
        let system = &system;
        faults.map(async move |(index, fault)| subject.check(system, index, &fault).await)
    });
    join_all(checks).await;
    let whole = "turn_attempts WHERE outcome = 'completed'";
    let answered = "turns WHERE status = 'completed'";
    let database = system.database();
    until("every whole call is noted", async || {
        database.count(whole).await == database.count(answered).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_a_failing_provider_is_left_alone_within_ten_seconds() {
    let all = Dialect::ALL.into_iter().flat_map(|dialect| {
        let faults = faults(dialect).into_iter();
        faults.map(move |fault| (dialect, fault))
    });
    join_all(all.map(async |(dialect, fault)| {
        let provider = Provider::start([fault.script]).await;
        let mut config = with(nobody(), dialect, &provider.url);
        config.deadlines.first_token_ms = 2_000;
        config.deadlines.idle_ms = 2_000;
        let chain = chain(&config);
        let open = || {
            chain
                .breakers()
                .all(|(_, state)| state == BreakerState::Open)
        };
        let begun = Instant::now();
        let callers = (0..4).map(async |_| {
            let mut failed = None;
            while !open() && begun.elapsed() < LIMIT {
                if let Ok(serving) = begin(&chain).await {
                    assert!(read(serving).await.1.is_err());
                }
                failed.get_or_insert(Instant::now());
            }
            failed
        });
        let failed: Vec<Option<Instant>> = join_all(callers).await;
        let first = failed.into_iter().flatten().min().unwrap();
        let what = format!("{dialect:?}, {}", fault.name);
        assert!(open(), "{what}");
        assert!(
            first.elapsed() <= Duration::from_secs(10),
            "{what}: {:?}",
            first.elapsed()
        );
        // From now on it costs nothing.
        let calls = provider.requests().len();
        assert!(begin(&chain).await.is_err());
        assert_eq!(provider.requests().len(), calls, "{what}");
    }))
    .await;
}
