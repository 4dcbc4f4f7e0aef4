//! Reads the messages of a client to PostgreSQL on their way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatbot::persistence::{Database, DatabaseSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// The messages since the last look.
#[derive(Debug, Default)]
pub struct Said {
    /// Texts that the server had to parse, `BEGIN` and `COMMIT` aside.
    pub parsed: Vec<String>,
    /// The texts of the statements that were executed, in this order.
    pub executed: Vec<String>,
    /// Times that the client waited for the server.
    pub round_trips: usize,
}

/// A stretch of wire before a server. Ends when it is dropped.
pub struct Wire {
    /// The server's, by way of this.
    pub url: String,
    said: Arc<Mutex<Said>>,
    _connections: JoinSet<()>,
}

impl Wire {
    pub async fn before(server: &str) -> Self {
        let mut url = Url::parse(server).unwrap();
        let upstream = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        let said = Arc::<Mutex<Said>>::default();
        let mut connections = JoinSet::new();
        let told = Arc::clone(&said);
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                open.spawn(listen(from_client, to_server, Arc::clone(&told)));
                open.spawn(async move {
                    let _ = copy(&mut from_server, &mut to_client).await;
                });
            }
        });
        Self {
            url: url.into(),
            said,
            _connections: connections,
        }
    }

    /// A pool of one connection by way of this.
    pub fn database(&self) -> Database {
        let minute = Duration::from_mins(1);
        Database::new(&DatabaseSettings {
            url: self.url.clone(),
            max_connections: 1,
            acquire_timeout: minute,
            statement_timeout: minute,
            generic_plans: false,
        })
        .unwrap()
    }

    /// Returns the messages since the last time.
    pub fn take(&self) -> Said {
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

/// The first two strings of a message.
fn strings(body: &[u8]) -> [&[u8]; 2] {
    let mut strings = body.split(|byte| *byte == 0);
    [strings.next().unwrap(), strings.next().unwrap()]
}

impl Said {
    /// Notes a message; `texts` are those of the connection's statements by name.
    fn note(&mut self, letter: u8, body: &[u8], texts: &mut HashMap<Vec<u8>, String>) {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        match letter {
            // Parse: a name and a text.
            b'P' => {
                let [name, parsed] = strings(body);
                texts.insert(name.to_vec(), text(parsed));
                self.parsed.push(text(parsed));
            }
            // Bind: a portal and the name of a statement.
            b'B' => {
                let [_, name] = strings(body);
                self.executed.push(texts[name].clone());
            }
            // Sync.
            b'S' => self.round_trips += 1,
            // A simple query.
            b'Q' => {
                self.executed.push(text(body.strip_suffix(&[0]).unwrap()));
                self.round_trips += 1;
            }
            _ => {}
        }
    }
}

/// Passes messages on until the client leaves. Only the first has no letter.
async fn listen(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, said: Arc<Mutex<Said>>) {
    let mut letter = None;
    let mut texts: HashMap<Vec<u8>, String> = HashMap::new();
    loop {
        if let Some(letter) = &mut letter {
            let Ok(next) = client.read_u8().await else {
                return;
            };
            *letter = next;
        }
        let Ok(length) = client.read_u32().await else {
            return;
        };
        let mut body = vec![0; length as usize - 4];
        if client.read_exact(&mut body).await.is_err() {
            return;
        }
        if let Some(letter) = letter {
            said.lock().unwrap().note(letter, &body, &mut texts);
        }
        let mut message = Vec::new();
        message.extend(letter);
        message.extend(length.to_be_bytes());
        message.extend(body);
        if server.write_all(&message).await.is_err() {
            return;
        }
        letter.get_or_insert(0);
    }
}
