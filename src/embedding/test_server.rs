//! A small HTTP server for tests, with one scripted reply per request, in order.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The reply to a request.
pub(super) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Sends only this many bytes of the body, then closes.
    cut_at: Option<usize>,
    silent: bool,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            cut_at: None,
            silent: false,
        }
    }

    pub fn ok(body: &str) -> Self {
        Self::status(200).body(body.as_bytes())
    }

    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    pub fn silence() -> Self {
        Self {
            silent: true,
            ..Self::status(200)
        }
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        if self.silent {
            std::thread::sleep(Duration::from_secs(1));
            return Ok(());
        }
        let mut head = vec![
            format!("HTTP/1.1 {} x", self.status),
            "Connection: close".to_owned(),
            format!("Content-Length: {}", self.body.len()),
        ];
        for (name, value) in &self.headers {
            head.push(format!("{name}: {value}"));
        }
        let head = head.join("\r\n") + "\r\n\r\n";
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body[..self.cut_at.unwrap_or(self.body.len())])
    }
}

/// Answers on a free port until it is dropped.
pub(super) struct TestServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (Arc::clone(&requests), Arc::clone(&stopped));
        let thread = std::thread::spawn(move || {
            let mut replies = replies.into_iter();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                seen.lock().unwrap().push(read_request(&mut stream));
                let reply = replies.next().unwrap_or_else(|| Reply::status(500));
                // The client may have gone by then.
                let _ = reply.send(&mut stream);
            }
        });
        Self {
            address,
            requests,
            stopped,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0_u8; 8_192];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(str::to_owned)
                })
                .map_or(0, |value| value.trim().parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        let read = stream.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            return text;
        }
        text += &String::from_utf8_lossy(&buffer[..read]);
    }
}
