//! Clients that vanish, and clients that come all at once.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use super::house::{House, LONG};
use super::reader::Reader;
use super::{KIB_PER_READER, tell};
use crate::faults::random::Random;
use crate::faults::{at_most, faults};
use crate::support::leaflet::QUESTION;
use crate::support::system::{Setup, System};
use crate::support::until;

/// So many clients come, a hundred a second, and vanish in the middle: every fourth right after its
/// question, the others while they follow a turn.
async fn vanish(house: &House, turn: &str, count: usize, random: &mut Random) {
    let clients = (0_u32..).take(count).map(|number| {
        let (asks, resets) = (random.below(4) == 0, random.below(2) == 0);
        async move {
            sleep(Duration::from_millis(10) * number).await;
            if asks {
                house.ask(QUESTION).await;
                return;
            }
            let mut reader = Reader::connect(&house.system, 4 * 1024).await;
            reader.follow(turn).await;
            assert!(reader.read(512).await);
            if resets {
                reader.stream.set_zero_linger().unwrap();
            }
        }
    });
    join_all(clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_vanish_leave_nothing_behind() {
    let count = faults(200);
    let mut random = Random::of("clients vanish");
    let house = House::open(Setup::new().await).await;
    let turn = house.warm_up().await;
    let before = house.at_rest().await;
    let begun = Instant::now();
    vanish(&house, &turn, count, &mut random).await;
    let took = begun.elapsed();
    let most = house.memory();
    house.until_back(before).await;
    house.provider.release();
    let database = house.system.database();
    until("every question is answered", async || {
        database.count("turns WHERE status <> 'completed'").await == 0
    })
    .await;
    let each = most.saturating_sub(before.0) / u64::try_from(count).unwrap();
    let after = house.memory();
    println!(
        "{count} in {took:?}: {each} KiB each; {}, {most}, {after} KiB",
        before.0
    );
    tell(
        &format!("{count} clients vanish in {} s", took.as_secs()),
        count,
    );
    assert!(each <= KIB_PER_READER, "{each} KiB");
}

/// This many questions are refused, each with when to come back.
async fn assert_refused(system: &System, messages: &str, count: usize) {
    let ask = async || {
        let body = json!({ "content": QUESTION });
        let answer = system.post(messages, &body).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        let after = answer.headers()["retry-after"].to_str().unwrap();
        assert!(after.parse::<u64>().unwrap() >= 1);
    };
    for _ in 0..count.div_ceil(25) {
        join_all((0..25).map(|_| ask())).await;
    }
}

/// How long it takes at most to say how it is.
async fn slowest_probe(system: &System) -> Duration {
    let mut slowest = Duration::ZERO;
    let paths = ["/health", "/health/ready", "/metrics"];
    for path in paths.iter().cycle().take(60) {
        let begun = Instant::now();
        let probe = system.get(path).timeout(Duration::from_secs(5));
        assert_eq!(probe.send().await.unwrap().status(), 200, "{path}");
        slowest = slowest.max(begun.elapsed());
    }
    slowest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_says_so_and_goes_on_telling_how_it_is() {
    const ROOM: usize = 8;
    let count = faults(150);
    let setup = Setup::new().await;
    let room = ROOM.to_string();
    let house = House::open(setup.with("CHATBOT__ORCHESTRATOR__MAX_CONCURRENT_TURNS", room)).await;
    let long = format!("{QUESTION} {LONG}");
    let turns = join_all((0..ROOM).map(|_| house.ask(&long))).await;
    let system = &house.system;
    let conversation = system.conversation().await;
    let messages = conversation.messages();
    let refused = assert_refused(system, &messages, count);
    let ((), slowest) = tokio::join!(refused, slowest_probe(system));
    println!("slowest probe {slowest:?}");
    assert!(slowest < at_most(Duration::from_secs(1)), "{slowest:?}");
    // An emergency always has room.
    let pain = "I have crushing chest pain and cannot breathe";
    conversation.ask(pain).ends("escalated").await;
    for _ in &turns {
        house.provider.release();
    }
    for turn in &turns {
        until("the turn is complete", async || {
            system.turn(turn).await["status"] == "completed"
        })
        .await;
    }
    tell(
        &format!("{count} questions to a full replica, {ROOM} at once"),
        count,
    );
}
