//! Clients that read a byte a second, or not at all.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::house::House;
use super::reader::Reader;
use super::{KIB_PER_READER, tell};
use crate::faults::faults;
use crate::support::events::Transcript;
use crate::support::system::Setup;
use crate::support::until_within;

/// Readers of a byte a second, until they are dropped; each has received something.
async fn slow_readers(house: &House, turn: &str, count: usize) -> JoinSet<()> {
    let readers = (0..count).map(async |_| {
        let mut reader = Reader::connect(&house.system, 1).await;
        reader.follow(turn).await;
        assert!(reader.read(1).await);
        reader
    });
    let mut tasks = JoinSet::new();
    for mut reader in join_all(readers).await {
        tasks.spawn(async move {
            while reader.read(1).await {
                sleep(Duration::from_secs(1)).await;
            }
        });
    }
    tasks
}

/// So many readers hang for a while; the most memory meanwhile, in KiB.
async fn hang(house: &House, turn: &str, count: usize) -> u64 {
    let before = house.descriptors();
    let readers = slow_readers(house, turn, count).await;
    let begun = Instant::now();
    let mut most = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        most = most.max(house.memory());
        sleep(Duration::from_millis(50)).await;
    }
    let hanging = house.descriptors().saturating_sub(before);
    assert!(hanging >= count * 9 / 10, "{hanging} of {count} hang");
    drop(readers);
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_byte_a_second_cost_little() {
    let count = faults(100);
    let house = House::open(Setup::new().await).await;
    let turn = house.warm_up().await;
    let before = house.at_rest().await;
    let most = hang(&house, &turn, count).await;
    let each = most.saturating_sub(before.0) / u64::try_from(count).unwrap();
    house.until_back(before).await;
    let after = house.memory();
    println!(
        "{count} readers: {each} KiB each; {}, {most}, {after} KiB",
        before.0
    );
    tell(
        &format!("{count} readers at a byte a second: {each} KiB each"),
        count,
    );
    assert!(each <= KIB_PER_READER, "{each} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_stops_is_disconnected_and_can_go_on() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__SERVER__STALLED_CLIENT_SECONDS", "2");
    let house = House::open(setup).await;
    let turn = house.ask_at_length().await;
    let mut reader = Reader::connect(&house.system, 1).await;
    reader.follow(&turn).await;
    reader.until("event: citation").await;
    assert!(reader.is_served());
    until_within(Duration::from_secs(20), "it is disconnected", async || {
        !reader.is_served()
    })
    .await;
    // The bytes that had arrived can still be read; then the connection is closed, but the turn
    // goes on.
    while reader.read(64 * 1024).await {}
    let mut events = Transcript::parse(&reader.text());
    assert!(!events.names().contains(&"done"));
    house.provider.release();
    let last = events.0.last().unwrap().id.clone();
    let rest = house.system.events(&turn, Some(&last)).await;
    events.0.extend(rest.0);
    let (name, done) = events.end();
    assert_eq!((name, &done["status"]), ("done", &json!("completed")));
    assert_eq!(events.text(), done["answer"].as_str().unwrap());
}
