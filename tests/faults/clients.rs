//! Clients that misbehave: some read a byte a second, some stop reading, some vanish, and some come
//! all at once.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rustix::process::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::check::Findings;
use super::random::Random;
use super::report::report;
use super::{at_length, at_most, faults};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System, authority};
use crate::support::{until, until_within};

const LEAFLET: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
    Children may visit with an adult.\n";
const QUESTION: &str = "When are visiting hours?";
const SENTENCE: &str = "Visiting hours are from 2 pm to 8 pm every day [1].\n";
/// In a question that shall be answered at length.
const LONG: &str = "(in full)";
/// Sentences of an answer that no buffer of a socket holds.
const SENTENCES: usize = 1_000;
/// What a reader who hangs may cost.
const KIB_PER_READER: u64 = 64;

/// A system whose provider answers briefly, or at length and to the end only when it is told to.
struct House {
    system: System,
    provider: Provider,
}

impl House {
    async fn open(setup: Setup) -> Self {
        let provider = Provider::choosing(|request| {
            if request.body.to_string().contains(LONG) {
                long()
            } else {
                short()
            }
        })
        .await;
        let setup = setup
            .with("OPENAI_BASE_URL", &provider.url)
            .with("CHATBOT__LLM__PROVIDERS", "[\"openai\"]")
            .with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false")
            .with("CHATBOT__LLM__DEADLINES__IDLE_MS", "90000")
            .with("CHATBOT__ORCHESTRATOR__HEARTBEAT_SECONDS", "2")
            .with("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "1000")
            .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "100000");
        let system = System::start_with(setup).await;
        system.put("visiting.md", "text/markdown", LEAFLET).await;
        let view = system.settled("visiting.md").await;
        assert_eq!(view["version_status"], "indexed");
        Self { system, provider }
    }

    /// Asks and hangs up; the id of the turn, which goes on.
    async fn ask(&self, question: &str) -> String {
        let path = self.system.conversation().await;
        let body = json!({ "content": question }).to_string();
        let mut reader = Reader::connect(&self.system, 64 * 1024).await;
        reader.send("POST", &path, &body).await;
        reader.until("\"turn_id\":\"").await;
        let text = reader.text();
        let (_, id) = text.split_once("\"turn_id\":\"").unwrap();
        id[..36].to_owned()
    }

    /// A turn of which everything has been said but the end; one reader has had all of it.
    async fn ask_at_length(&self) -> String {
        let turn = self.ask(&format!("{QUESTION} {LONG}")).await;
        let mut quick = Reader::connect(&self.system, 64 * 1024).await;
        quick.follow(&turn).await;
        while quick.text().matches("event: citation").count() < SENTENCES {
            assert!(quick.read(64 * 1024).await);
        }
        turn
    }

    async fn turn(&self, id: &str) -> Value {
        let url = format!("{}/v1/turns/{id}", self.system.orchestrator.url);
        let request = self.system.http.get(url).bearer_auth(&self.system.key);
        request.send().await.unwrap().json().await.unwrap()
    }

    fn process(&self) -> Pid {
        let id = self.system.orchestrator.child.id();
        Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }

    /// Resident memory of the orchestrator in KiB.
    fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process().as_raw_nonzero());
        let status = fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse().unwrap()
    }

    /// Open file descriptors of the orchestrator.
    fn descriptors(&self) -> usize {
        let path = format!("/proc/{}/fd", self.process().as_raw_nonzero());
        fs::read_dir(path).unwrap().count()
    }

    /// Memory and descriptors once the connections of clients are closed and, at length, the
    /// allocator has given back what was not used since.
    async fn at_rest(&self) -> (u64, usize) {
        let quiet = Duration::from_secs(if at_length() { 15 } else { 2 });
        let mut descriptors = self.descriptors();
        let mut since = Instant::now();
        while since.elapsed() < quiet {
            sleep(Duration::from_millis(50)).await;
            if self.descriptors() != descriptors {
                descriptors = self.descriptors();
                since = Instant::now();
            }
        }
        (self.memory(), descriptors)
    }

    /// Questions as on any day, before the state that later ones are compared with; then a turn that
    /// can be followed.
    async fn warm_up(&self) -> String {
        let turns = join_all((0..USUAL).map(|_| self.ask(QUESTION))).await;
        for turn in turns {
            until("the turn is complete", async || {
                self.turn(&turn).await["status"] == "completed"
            })
            .await;
        }
        self.ask_at_length().await
    }

    /// Waits until memory and descriptors are what they were. The allocator gives back what has not
    /// been used for ten seconds.
    async fn until_back(&self, (memory, descriptors): (u64, usize)) {
        let limit = Duration::from_mins(1);
        let what = format!("back to {memory} KiB and {descriptors} descriptors");
        until_within(limit, &what, async || {
            // Connections to the database come and go.
            self.descriptors() <= descriptors + 16 && self.memory() <= memory + memory / 10
        })
        .await;
    }
}

/// Questions at once on a usual day.
const USUAL: usize = 50;

/// A client that does not read more than it is told to.
struct Reader {
    stream: TcpStream,
    authority: String,
    key: String,
    seen: Vec<u8>,
}

impl Reader {
    /// A connection whose own buffer holds so many bytes, or a little more.
    async fn connect(system: &System, buffer: u32) -> Self {
        let authority = authority(&system.orchestrator.url);
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(buffer).unwrap();
        Self {
            stream: socket.connect(authority.parse().unwrap()).await.unwrap(),
            authority,
            key: system.key.clone(),
            seen: Vec::new(),
        }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             accept: text/event-stream\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.authority,
            self.key,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// Follows a turn from its beginning.
    async fn follow(&mut self, turn: &str) {
        let path = format!("/v1/turns/{turn}/events");
        self.send("GET", &path, "").await;
    }

    /// Reads some bytes; false at the end of the connection.
    async fn read(&mut self, most: usize) -> bool {
        let mut bytes = vec![0; most];
        match timeout(Duration::from_secs(30), self.stream.read(&mut bytes)).await {
            Ok(Ok(length @ 1..)) => {
                self.seen.extend_from_slice(&bytes[..length]);
                true
            }
            Ok(_) => false,
            Err(late) => panic!("silence after {} bytes: {late}", self.seen.len()),
        }
    }

    async fn until(&mut self, text: &str) {
        while !self.text().contains(text) {
            assert!(self.read(256).await, "closed: {}", self.text());
        }
    }

    /// Whether the server still has its end of the connection, as the kernel sees it.
    fn is_served(&self) -> bool {
        let port = |address: SocketAddr| format!(":{:04X}", address.port());
        let mine = port(self.stream.local_addr().unwrap());
        let theirs = port(self.stream.peer_addr().unwrap());
        let connections = fs::read_to_string("/proc/net/tcp").unwrap();
        connections.lines().any(|line| {
            let ends: Vec<&str> = line.split_whitespace().skip(1).take(2).collect();
            ends[0].ends_with(&theirs) && ends[1].ends_with(&mine)
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}

/// An answer of many sentences that ends when the provider is released.
fn long() -> Script {
    let dialect = Dialect::OpenAi;
    let begun = Script::begin(dialect, &[]);
    (0..SENTENCES)
        .fold(begun, |script, _| script.send(dialect.delta(SENTENCE)))
        .wait()
        .send(dialect.ending(dialect.stop()))
}

/// An answer of three sentences in a moment.
fn short() -> Script {
    let dialect = Dialect::OpenAi;
    let begun = Script::begin(dialect, &[]);
    (0..3)
        .fold(begun, |script, _| {
            let pause = Duration::from_millis(50);
            script.send(dialect.delta(SENTENCE)).pause(pause)
        })
        .send(dialect.ending(dialect.stop()))
}

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

fn tell(scenario: &str, clients: usize) {
    let findings = Findings {
        chats: clients,
        ..Findings::default()
    };
    report(scenario, clients, &findings);
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

/// The whole events in what was read: their ids, names and data.
fn whole_events(text: &str) -> Vec<(String, String, Value)> {
    let (whole, _) = text.rsplit_once("\n\n").unwrap();
    let field = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().to_owned()
    };
    whole
        .split("\n\n")
        .filter(|event| event.contains("data: "))
        .map(|event| {
            let data = serde_json::from_str(&field(event, "data: ")).unwrap();
            (field(event, "id: "), field(event, "event: "), data)
        })
        .collect()
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
    // What had arrived can still be read; then the connection is over, and the turn is not.
    while reader.read(64 * 1024).await {}
    let mut events = whole_events(&reader.text());
    assert!(events.iter().all(|(_, name, _)| name != "done"));
    house.provider.release();
    let (last, ..) = events.last().unwrap().clone();
    let url = format!("{}/v1/turns/{turn}/events", house.system.orchestrator.url);
    let request = house.system.http.get(url).bearer_auth(&house.system.key);
    let rest = request.header("last-event-id", last).send().await.unwrap();
    events.extend(whole_events(&rest.text().await.unwrap()));
    let (_, name, done) = events.last().unwrap();
    assert_eq!(
        (name.as_str(), &done["status"]),
        ("done", &json!("completed"))
    );
    let deltas = events.iter().filter(|(_, name, _)| name == "delta");
    let text: String = deltas
        .map(|(_, _, data)| data["text"].as_str().unwrap())
        .collect();
    assert_eq!(&text, done["answer"].as_str().unwrap());
}

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
    let open = "SELECT count(*) AS n FROM turns WHERE status <> 'completed'";
    until("every question is answered", async || {
        database.number(open).await == 0
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
    let messages = system.conversation().await;
    let refused = async {
        let ask = async || {
            let body = json!({ "content": QUESTION });
            let answer = system.post(&messages, &body).send().await.unwrap();
            assert_eq!(answer.status(), 503);
            let after = answer.headers()["retry-after"].to_str().unwrap();
            assert!(after.parse::<u64>().unwrap() >= 1);
        };
        for _ in 0..count.div_ceil(25) {
            join_all((0..25).map(|_| ask())).await;
        }
    };
    let probed = async {
        let mut slowest = Duration::ZERO;
        for path in ["/health", "/health/ready", "/metrics"]
            .iter()
            .cycle()
            .take(60)
        {
            let url = format!("{}{path}", system.orchestrator.url);
            let begun = Instant::now();
            let answer = system
                .http
                .get(url)
                .timeout(Duration::from_secs(5))
                .send()
                .await;
            assert_eq!(answer.unwrap().status(), 200, "{path}");
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    };
    let ((), slowest) = tokio::join!(refused, probed);
    println!("slowest probe {slowest:?}");
    assert!(slowest < at_most(Duration::from_secs(1)), "{slowest:?}");
    // An emergency always has room.
    let pain = "I have crushing chest pain and cannot breathe";
    assert_eq!(system.ask(&messages, pain).await["status"], "escalated");
    for _ in &turns {
        house.provider.release();
    }
    for turn in &turns {
        until("the turn is complete", async || {
            house.turn(turn).await["status"] == "completed"
        })
        .await;
    }
    tell(
        &format!("{count} questions to a full replica, {ROOM} at once"),
        count,
    );
}
