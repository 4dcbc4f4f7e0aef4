//! A turn sends few statements to PostgreSQL. The counts do not depend on the machine.

use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::wire::Wire;

/// The most statements of a turn, from the key of its caller to the stored answer, in both roles.
const STATEMENTS: usize = 9;
/// The most of them that wait for the disk.
const DURABLE: usize = 2;
/// Parts of the statements that belong to no turn: they come by the clock, and one serves all turns.
const BY_THE_CLOCK: [&str; 9] = [
    "consumer_members",
    "partition_leases",
    "pg_try_advisory_xact_lock",
    "\"outbox\".\"published_at\" IS NULL",
    "SET \"published_at\"",
    "lease_expires_at < now()",
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
