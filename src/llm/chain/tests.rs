//! Tests of the chain over scripted models.

use std::sync::Mutex;

use async_trait::async_trait;

use super::super::FinishReason;
use super::super::scripted::Scripted;
use super::*;

#[expect(clippy::unnecessary_wraps, reason = "a step may also be a hang")]
fn delta(text: &str) -> Option<Result<Chunk, LlmError>> {
    Some(Ok(Chunk::Delta(text.into())))
}

#[expect(clippy::unnecessary_wraps, reason = "a step may also be a hang")]
fn finished() -> Option<Result<Chunk, LlmError>> {
    Some(Ok(Chunk::Finished {
        usage: Usage::default(),
        finish: FinishReason::Stop,
    }))
}

/// Records nothing.
struct Unrecorded;

#[async_trait]
impl Attempts for Unrecorded {
    fn failed(&self) -> usize {
        0
    }

    async fn begin(&self, _: &'static str, _: &str) -> bool {
        true
    }

    fn first_token(&self) {}

    fn end(&self, _: &'static str, _: Usage) {}
}

fn unrecorded() -> Arc<dyn Attempts> {
    Arc::new(Unrecorded)
}

type Script = Vec<Option<Result<Chunk, LlmError>>>;

fn chain(scripts: Vec<Script>) -> ProviderChain {
    let models = scripts
        .into_iter()
        .map(|steps| Arc::new(Scripted { steps }) as Arc<dyn ChatModel>)
        .collect();
    ProviderChain::new(models, DeadlinesConfig::default(), BreakerConfig::default())
}

async fn run(scripts: Vec<Script>) -> Result<Vec<Result<Chunk, LlmError>>, LlmError> {
    let serving = chain(scripts)
        .stream(&Prompt::default, &unrecorded())
        .await?;
    Ok(serving.stream.collect().await)
}

#[tokio::test(start_paused = true)]
async fn falls_back_before_the_first_token() {
    let items = run(vec![
        vec![Some(Err(LlmError::from_status(500, None)))],
        vec![delta("b"), finished()],
    ])
    .await
    .unwrap();
    assert_eq!(items[0], Ok(Chunk::Delta("b".into())));
}

#[tokio::test(start_paused = true)]
async fn a_silent_provider_gives_way_to_the_next() {
    let items = run(vec![vec![None], vec![delta("b"), finished()]])
        .await
        .unwrap();
    assert_eq!(items.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn never_falls_back_after_the_first_token() {
    let items = run(vec![
        vec![delta("a"), Some(Err(LlmError::Transport)), delta("x")],
        vec![delta("b"), finished()],
    ])
    .await
    .unwrap();
    assert_eq!(
        items,
        [Ok(Chunk::Delta("a".into())), Err(LlmError::Transport)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_early_end_is_truncation() {
    let items = run(vec![vec![delta("a")]]).await.unwrap();
    assert_eq!(items.last(), Some(&Err(LlmError::Truncated)));
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_noticed() {
    let items = run(vec![vec![delta("a"), None]]).await.unwrap();
    assert_eq!(items.last(), Some(&Err(LlmError::IdleTimeout)));
}

#[tokio::test(start_paused = true)]
async fn three_attempts_at_most() {
    let failing = || vec![Some(Err(LlmError::Transport))];
    let error = run(vec![
        failing(),
        failing(),
        failing(),
        vec![delta("d"), finished()],
    ])
    .await;
    assert_eq!(error.unwrap_err(), LlmError::Exhausted);
}

#[tokio::test(start_paused = true)]
async fn silence_everywhere_ends_in_time_and_everybody_gets_a_chance() {
    for silent in 1..=4 {
        let begun = Instant::now();
        let error = run(vec![vec![None]; silent]).await.unwrap_err();
        assert_eq!(error, LlmError::Exhausted);
        assert!(
            begun.elapsed() <= Duration::from_secs(17),
            "{silent} silent providers"
        );
    }
    let mut scripts = vec![vec![None]; 2];
    scripts.push(vec![delta("c"), finished()]);
    assert_eq!(run(scripts).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_keeps_failing_is_left_alone_for_a_while() {
    let failing = vec![delta("a"), Some(Err(LlmError::Transport))];
    let chain = chain(vec![failing, vec![delta("b"), finished()]]);
    let first = || async {
        let mut serving = chain.stream(&Prompt::default, &unrecorded()).await.unwrap();
        let first = serving.stream.next().await;
        assert!(serving.stream.next().await.is_some());
        first
    };
    for _ in 0..5 {
        assert_eq!(first().await, delta("a"));
    }
    assert_eq!(first().await, delta("b"));
    let states: Vec<_> = chain.breakers().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["open", "closed"]);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(first().await, delta("a"));
    assert_eq!(first().await, delta("b"));
}

/// Records everything that happens.
#[derive(Default)]
struct Books {
    failed: usize,
    closed: bool,
    lines: Mutex<Vec<String>>,
}

impl Books {
    fn note(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }
}

#[async_trait]
impl Attempts for Books {
    fn failed(&self) -> usize {
        self.failed
    }

    async fn begin(&self, provider: &'static str, _: &str) -> bool {
        self.note(provider);
        !self.closed
    }

    fn first_token(&self) {
        self.note("first token");
    }

    fn end(&self, outcome: &'static str, _: Usage) {
        self.note(outcome);
    }
}

async fn booked(scripts: Vec<Script>, books: Books) -> (Result<usize, LlmError>, Vec<String>) {
    let books = Arc::new(books);
    let attempts: Arc<dyn Attempts> = books.clone();
    let outcome = match chain(scripts).stream(&Prompt::default, &attempts).await {
        Ok(serving) => Ok(serving.stream.count().await),
        Err(error) => Err(error),
    };
    let lines = books.lines.lock().unwrap().clone();
    (outcome, lines)
}

#[tokio::test(start_paused = true)]
async fn every_call_is_booked_with_its_end() {
    let refusing = vec![Some(Err(LlmError::from_status(400, None)))];
    let whole = vec![delta("b"), finished()];
    let (outcome, lines) = booked(vec![refusing, whole], Books::default()).await;
    assert_eq!(outcome, Ok(2));
    let expected = [
        "scripted",
        "rejected",
        "scripted",
        "first token",
        "completed",
    ];
    assert_eq!(lines, expected);
    let (_, lines) = booked(vec![vec![delta("a")]], Books::default()).await;
    assert_eq!(lines, ["scripted", "first token", "truncated"]);
}

#[tokio::test(start_paused = true)]
async fn failures_of_earlier_runs_count() {
    let failing = || vec![Some(Err(LlmError::Transport))];
    for failed in 0..=3 {
        let books = Books {
            failed,
            ..Books::default()
        };
        let (outcome, lines) = booked(vec![failing(), failing(), failing()], books).await;
        assert_eq!(outcome, Err(LlmError::Exhausted));
        assert_eq!(lines.len(), 2 * (3 - failed), "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_wanted_any_more_costs_no_call() {
    let books = Books {
        closed: true,
        ..Books::default()
    };
    let (outcome, lines) = booked(vec![vec![delta("a"), finished()]], books).await;
    assert_eq!(outcome, Err(LlmError::Abandoned));
    assert_eq!(lines, ["scripted"]);
}
