//! A turn sends few statements to PostgreSQL and wakes few threads. The counts do not depend on the
//! machine.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::wire::Wire;

/// The most statements of a turn, from the key of its caller to the stored answer, in both roles.
const STATEMENTS: usize = 9;
/// The most of them that wait for the disk.
const DURABLE: usize = 2;
/// How often a turn may wake a thread of the orchestrator.
const WAKE_UPS: f64 = 25.0;
/// Turns in a row, so that one that is disturbed counts little.
const TURNS: u32 = 20;
/// Long enough to see what the clock alone wakes.
const CALM: Duration = Duration::from_secs(3);
/// Parts of the statements that belong to no turn: they come by the clock, and one serves all turns.
const BY_THE_CLOCK: [&str; 10] = [
    "consumer_members",
    "partition_leases",
    "pg_try_advisory_xact_lock",
    "\"outbox\".\"published_at\" IS NULL",
    "SET \"published_at\"",
    "lease_expires_at < now()",
    "\"deadline_at\" < CURRENT_TIMESTAMP",
    "AS r (id) LEFT JOIN turns",
    "pg_catalog",
    // A slow answer looks again every half second whether its sources stand.
    "SELECT id FROM standing",
];

/// The statements of one turn in this conversation.
async fn of_a_turn(system: &System, wire: &Wire) -> Vec<String> {
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).ends("completed").await;
    wire.take();
    conversation.ask(QUESTION).ends("completed").await;
    // A relay's batch is the only transaction; the pool opens connections and tests those that were
    // idle.
    let is_shared =
        |text: &str| ["BEGIN", "COMMIT", "SELECT 1"].contains(&text) || text.starts_with("SET ");
    let is_of_a_turn =
        |text: &String| !is_shared(text) && !BY_THE_CLOCK.iter().any(|part| text.contains(part));
    let mut executed = wire.take().executed;
    executed.retain(is_of_a_turn);
    executed
}

fn writes(text: &str) -> bool {
    ["INSERT", "UPDATE", "DELETE", "COMMIT"]
        .iter()
        .any(|word| text.contains(word))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_costs_few_statements_and_two_commits() {
    let dialect = Dialect::OpenAi;
    let said = "Visiting hours are from 2 pm to 8 pm every day [1].\n";
    let provider = Provider::choosing(move |_| Script::answer(dialect, &[said])).await;
    let setup = Setup::new().await.asking(dialect, &provider);
    let wire = Wire::before(&setup.database.url).await;
    let system = System::informed(setup.with("DATABASE_URL", &wire.url)).await;
    let executed = of_a_turn(&system, &wire).await;
    let count = executed.len();
    let begin = |text: &String| -> String { text.chars().take(200).collect() };
    let begins: Vec<String> = executed.iter().map(begin).collect();
    assert!(count <= STATEMENTS, "{count}: {begins:#?}");
    let waits = |text: &&String| writes(text) && !text.contains("set_config");
    let durable: Vec<&String> = executed.iter().filter(waits).collect();
    assert!(durable.len() <= DURABLE, "{durable:#?}");
}

/// How often the threads of a process have gone to sleep of themselves; each sleep ends with a
/// wake-up.
fn sleeps(process: u32) -> u32 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of_thread = |thread: fs::DirEntry| {
        // A thread may end meanwhile.
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let count = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        count.trim().parse::<u32>().ok()
    };
    threads.flatten().filter_map(of_thread).sum()
}

/// The wake-ups of a process during some work, and those that come by the clock in that time.
async fn woken(process: u32, work: impl Future<Output = ()>) -> (f64, f64) {
    let (begun, before) = (Instant::now(), sleeps(process));
    work.await;
    let (count, took) = (sleeps(process).saturating_sub(before), begun.elapsed());
    let before = sleeps(process);
    tokio::time::sleep(CALM).await;
    let by_the_clock = f64::from(sleeps(process).saturating_sub(before)) / CALM.as_secs_f64();
    (f64::from(count), by_the_clock * took.as_secs_f64())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_wakes_few_threads() {
    let dialect = Dialect::OpenAi;
    let said = "Visiting hours are from 2 pm to 8 pm every day [1].\n";
    let provider = Provider::choosing(move |_| Script::answer(dialect, &[said])).await;
    // As in a pod with less than one processor: several workers would wake each other in vain.
    let setup = Setup::new().await.with("CHATBOT__SERVER__WORKERS", "1");
    let system = System::informed(setup.asking(dialect, &provider)).await;
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).ends("completed").await;
    let turns = async {
        for _ in 0..TURNS {
            conversation.ask(QUESTION).ends("completed").await;
        }
    };
    let (all, by_the_clock) = woken(system.orchestrator.child.id(), turns).await;
    let each = (all - by_the_clock) / f64::from(TURNS);
    assert!(
        each <= WAKE_UPS,
        "{each}: {all}, {by_the_clock} by the clock"
    );
}
