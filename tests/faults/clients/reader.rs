//! A client on a bare socket.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::system::{System, authority};

/// A client that does not read more than it is told to.
pub struct Reader {
    pub stream: TcpStream,
    authority: String,
    key: String,
    seen: Vec<u8>,
}

impl Reader {
    /// A connection whose own buffer holds so many bytes, or a little more.
    pub async fn connect(system: &System, buffer: u32) -> Self {
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

    pub async fn send(&mut self, method: &str, path: &str, body: &str) {
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
    pub async fn follow(&mut self, turn: &str) {
        let path = format!("/v1/turns/{turn}/events");
        self.send("GET", &path, "").await;
    }

    /// Reads some bytes; false at the end of the connection.
    pub async fn read(&mut self, most: usize) -> bool {
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

    pub async fn until(&mut self, text: &str) {
        while !self.text().contains(text) {
            assert!(self.read(256).await, "closed: {}", self.text());
        }
    }

    /// Whether the server still has its end of the connection, as the kernel sees it.
    pub fn is_served(&self) -> bool {
        let port = |address: SocketAddr| format!(":{:04X}", address.port());
        let mine = port(self.stream.local_addr().unwrap());
        let theirs = port(self.stream.peer_addr().unwrap());
        let connections = fs::read_to_string("/proc/net/tcp").unwrap();
        connections.lines().any(|line| {
            let ends: Vec<&str> = line.split_whitespace().skip(1).take(2).collect();
            ends[0].ends_with(&theirs) && ends[1].ends_with(&mine)
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}
