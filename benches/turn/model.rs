//! A stand-in for a language model: OpenAI's interface, connections that stay, answers in pieces at
//! a pace. An answer quotes the first two passages of the prompt, so that it can be proven.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::provider::Dialect;

/// The letters of an answer, about four a token.
const LETTERS: usize = 256;
/// An answer to a prompt without passages; nothing proves it.
const UNPROVEN: &str = "According to the guidance, keep the package away from heat and light [1].";

/// How an answer comes.
#[derive(Clone, Copy)]
pub struct Pace {
    pub pieces: usize,
    pub between: Duration,
}

impl Pace {
    pub const fn new(pieces: usize, between_ms: u64) -> Self {
        let between = Duration::from_millis(between_ms);
        Self { pieces, between }
    }
}

#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    waiting: AtomicUsize,
}

/// The model, on a thread of its own until the process ends.
pub struct Model {
    pub url: String,
    pace: watch::Sender<Pace>,
    counts: Arc<Counts>,
}

impl Model {
    pub fn start() -> Self {
        let (pace, paces) = watch::channel(Pace::new(64, 0));
        let counts = Arc::<Counts>::default();
        let (tell, told) = mpsc::channel();
        let counting = Arc::clone(&counts);
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(serve(stream, paces.clone(), Arc::clone(&counting)));
                    while connections.try_join_next().is_some() {}
                }
            });
        });
        Self {
            url: format!("http://{}", told.recv().unwrap()),
            pace,
            counts,
        }
    }

    /// Answers at this pace from now on; those that wait go on.
    pub fn set(&self, pace: Pace) {
        self.pace.send_replace(pace);
    }

    /// The answers that were begun so far.
    pub fn calls(&self) -> usize {
        self.counts.calls.load(Ordering::Relaxed)
    }

    /// The answers that wait for their next piece.
    pub fn waiting(&self) -> usize {
        self.counts.waiting.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, paces: watch::Receiver<Pace>, counts: Arc<Counts>) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    while let Some(request) = read(&mut stream, &mut bytes).await {
        counts.calls.fetch_add(1, Ordering::Relaxed);
        if answer(&mut stream, &request, paces.clone(), &counts)
            .await
            .is_err()
        {
            return;
        }
    }
}

/// The body of the next request.
async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Value> {
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let all = end + 4 + length.unwrap_or(0_usize);
            if bytes.len() >= all {
                let body = serde_json::from_slice(&bytes[end + 4..all]);
                bytes.drain(..all);
                return body.ok();
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn answer(
    stream: &mut TcpStream,
    request: &Value,
    mut paces: watch::Receiver<Pace>,
    counts: &Counts,
) -> std::io::Result<()> {
    let dialect = Dialect::OpenAi;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    send(stream, &dialect.opening()).await?;
    let pieces = cut(&text(request), paces.borrow_and_update().pieces);
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            pause(&mut paces, counts).await;
        }
        send(stream, &dialect.delta(piece)).await?;
    }
    send(stream, &dialect.ending(dialect.stop())).await?;
    stream.write_all(b"0\r\n\r\n").await
}

/// Each piece leaves by itself, as a provider sends each token.
async fn send(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    stream.write_all(&chunk).await
}

async fn pause(paces: &mut watch::Receiver<Pace>, counts: &Counts) {
    let between = paces.borrow_and_update().between;
    if between.is_zero() {
        return tokio::task::yield_now().await;
    }
    counts.waiting.fetch_add(1, Ordering::Relaxed);
    tokio::select! {
        () = tokio::time::sleep(between) => {}
        _ = paces.changed() => {}
    }
    counts.waiting.fetch_sub(1, Ordering::Relaxed);
}

fn text(request: &Value) -> String {
    let messages = request["messages"].as_array();
    let last = messages.and_then(|all| all.last()?["content"].as_str());
    let quote = |number| passage(last?, number);
    match (quote(1), quote(2)) {
        (Some(first), Some(second)) => format!("{first} [1]. {second} [2]."),
        (Some(first), None) => format!("{first} [1]."),
        _ => UNPROVEN.to_owned(),
    }
}

/// The beginning of a passage of the prompt, up to the end of a sentence if one comes in time.
fn passage(prompt: &str, number: usize) -> Option<String> {
    let (_, rest) = prompt.split_once(&format!(" number=\"{number}\" "))?;
    let (_, text) = rest.split_once(">\n")?;
    let (text, _) = text.split_once("\n</")?;
    let mut quote = String::new();
    for word in text.split_whitespace() {
        quote.push_str(word);
        let is_end = word.ends_with(['.', '?', '!']) && quote.len() > LETTERS / 4;
        if is_end || quote.len() > LETTERS / 2 {
            break;
        }
        quote.push(' ');
    }
    Some(quote.trim_end_matches(['.', '?', '!', ' ']).to_owned())
}

/// So many pieces of about the same length.
fn cut(text: &str, pieces: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let at = |number: usize| letters.len() * number / pieces;
    (0..pieces)
        .map(|number| letters[at(number)..at(number + 1)].iter().collect())
        .collect()
}
