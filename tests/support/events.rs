//! Server-sent events as a client reads them: one at a time, or all of a turn's at once.

use std::collections::VecDeque;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use super::stable::Stable;

/// One event; comments, such as heartbeats, are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `{turn_id}:{seq}`.
    pub id: String,
    pub name: String,
    pub data: Value,
}

impl Event {
    /// `None`: a block of comments only.
    fn parse(block: &str) -> Option<Self> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let data = field("data: ")?;
        Some(Self {
            id: field("id: ").unwrap_or_default().to_owned(),
            name: field("event: ").unwrap_or_default().to_owned(),
            data: serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned())),
        })
    }

    /// Whether it is the last one of a turn.
    pub fn is_terminal(&self) -> bool {
        ["done", "error"].contains(&self.name.as_str())
    }
}

/// The events of an answer as they come.
pub struct EventStream {
    answer: Response,
    bytes: Vec<u8>,
    ready: VecDeque<Event>,
}

impl EventStream {
    /// Fails the test if the answer is no stream.
    pub fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200, "{}", answer.url());
        Self {
            answer,
            bytes: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next event, `None` at the end, or how the connection broke.
    pub async fn try_next(&mut self) -> reqwest::Result<Option<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let Some(more) = self.answer.chunk().await? else {
                return Ok(None);
            };
            self.bytes.extend_from_slice(&more);
            let end = |pair: &[u8]| pair == b"\n\n";
            while let Some(at) = self.bytes.windows(2).position(end) {
                let block: Vec<u8> = self.bytes.drain(..at + 2).collect();
                self.ready
                    .extend(Event::parse(std::str::from_utf8(&block).unwrap()));
            }
        }
    }

    /// The next event; fails the test if it does not come in time.
    pub async fn next(&mut self) -> Option<Event> {
        let next = tokio::time::timeout(Duration::from_mins(2), self.try_next());
        next.await.expect("an event in time").unwrap()
    }

    /// All that are left.
    pub async fn rest(mut self) -> Transcript {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        Transcript(events)
    }
}

/// The events of an answer, or the last of them.
#[derive(Clone, Debug)]
pub struct Transcript(pub Vec<Event>);

impl Transcript {
    /// The whole events in what was read.
    pub fn parse(text: &str) -> Self {
        let (whole, _) = text.rsplit_once("\n\n").unwrap_or_default();
        Self(whole.split("\n\n").filter_map(Event::parse).collect())
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|event| event.name.as_str()).collect()
    }

    /// The data of the first event of this name.
    pub fn data(&self, name: &str) -> &Value {
        let event = self.0.iter().find(|event| event.name == name);
        &event.unwrap_or_else(|| panic!("no {name}:\n{self}")).data
    }

    /// Name and data of the last event.
    pub fn end(&self) -> (&str, &Value) {
        let last = self.0.last().expect("an event");
        (last.name.as_str(), &last.data)
    }

    /// The deltas in one piece.
    pub fn text(&self) -> String {
        let deltas = self.0.iter().filter(|event| event.name == "delta");
        deltas
            .map(|event| event.data["text"].as_str().unwrap())
            .collect()
    }
}

/// As on the wire, with a stable name in place of each id, time and measurement.
impl Display for Transcript {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut stable = Stable::default();
        for Event { id, name, data } in &self.0 {
            let (id, data) = (stable.text(id), stable.value(data));
            writeln!(f, "id: {id}\nevent: {name}\ndata: {data}\n")?;
        }
        Ok(())
    }
}

/// The events of one turn as they come.
pub struct Turn {
    pub id: String,
    events: EventStream,
    /// The text so far, and in how many pieces it came.
    pub text: String,
    pub deltas: usize,
}

impl Turn {
    /// Reads up to the `turn` event.
    pub async fn read(answer: Response) -> Self {
        let mut turn = Self {
            id: String::new(),
            events: EventStream::of(answer),
            text: String::new(),
            deltas: 0,
        };
        let first = turn.next().await.expect("an event");
        assert_eq!(first.name, "turn");
        first.data["turn_id"]
            .as_str()
            .unwrap()
            .clone_into(&mut turn.id);
        turn
    }

    pub async fn next(&mut self) -> Option<Event> {
        let event = self.events.next().await?;
        if event.name == "delta" {
            self.deltas += 1;
            self.text.push_str(event.data["text"].as_str().unwrap());
        }
        Some(event)
    }

    /// Reads on until the text contains this.
    pub async fn until(&mut self, text: &str) {
        while !self.text.contains(text) {
            let event = self.next().await.expect("the turn goes on");
            assert!(!event.is_terminal(), "{event:?}");
        }
    }

    /// Reads on until there is something to show, or nothing more: the event.
    pub async fn until_shown(&mut self) -> Event {
        loop {
            let event = self.next().await.expect("the turn goes on");
            if event.name == "delta" || event.is_terminal() {
                return event;
            }
        }
    }

    /// Reads on until an event of this name has come.
    pub async fn until_event(&mut self, name: &str) {
        while self.next().await.expect("the turn goes on").name != name {}
    }

    /// Reads to the one terminal event: its name and its data.
    pub async fn end(&mut self) -> (String, Value) {
        loop {
            let event = self.next().await.expect("a terminal event");
            if event.is_terminal() {
                assert!(self.next().await.is_none(), "something follows {event:?}");
                return (event.name, event.data);
            }
        }
    }

    /// Reads to the end, which is an `error` with this reason; its data.
    pub async fn fails(&mut self, reason: &str) -> Value {
        let (name, problem) = self.end().await;
        let found = (name.as_str(), problem["reason"].as_str());
        assert_eq!(found, ("error", Some(reason)), "{problem}");
        problem
    }

    /// Reads to the end, which is a `done` with this status; its data.
    pub async fn ends(&mut self, status: &str) -> Value {
        let (name, done) = self.end().await;
        let found = (name.as_str(), done["status"].as_str());
        assert_eq!(found, ("done", Some(status)), "{done}");
        done
    }
}

#[test]
fn events_are_told_from_comments() {
    let text = ": heartbeat\n\nid: a:0\nevent: turn\ndata: {\"x\":1}\n\n: more\n\nid: a:1\nevent";
    let turn = Event {
        id: "a:0".to_owned(),
        name: "turn".to_owned(),
        data: serde_json::json!({ "x": 1 }),
    };
    assert_eq!(Transcript::parse(text).0, [turn]);
}
