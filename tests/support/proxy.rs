//! A TCP proxy before a dependency, for the faults that a network has.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::system::{Setup, authority};

/// The treatment of connections, including open ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Everything passes.
    None,
    /// New connections are refused, open ones are cut (RST): the process behind is gone.
    Gone,
    /// Connections stay open and nothing passes: a host that froze, a network that drops.
    Silent,
    /// Everything arrives so much later, each way; what is sent meanwhile need not wait for it.
    Delay(Duration),
    /// A connection is cut (RST) once so many bytes came back through it.
    CutAfter(usize),
    /// The server's side says that nothing more will come; what the client sends still passes.
    HalfClosed,
}

#[derive(Clone, Copy)]
struct State {
    fault: Fault,
    resets: u64,
}

/// Listens on a free port of 127.0.0.1; ends when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    state: watch::Sender<State>,
    _accepting: JoinSet<()>,
}

/// The service of this URL behind a proxy, for a system that finds it in this variable.
pub async fn behind(variable: &str, url: &str, setup: Setup) -> (Proxy, Setup) {
    let address = authority(url);
    let proxy = Proxy::to(&address).await;
    let url = url.replace(&address, &proxy.address.to_string());
    (proxy, setup.with(variable, url))
}

/// Chunks on their way, in one direction of one connection.
const CHUNKS: usize = 256;
const CHUNK_BYTES: usize = 16_384;

impl Proxy {
    /// A proxy that passes everything on to `upstream` (`host:port`).
    pub async fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, state) = watch::channel(State {
            fault: Fault::None,
            resets: 0,
        });
        let upstream: Arc<str> = upstream.into();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            // The connections end with the proxy.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(serve(client, Arc::clone(&upstream), state.clone()));
            }
        });
        Self {
            address,
            state: sender,
            _accepting: accepting,
        }
    }

    /// Changes what happens from now on.
    pub fn set(&self, fault: Fault) {
        self.state.send_modify(|state| state.fault = fault);
    }

    /// Cuts every open connection (RST); new ones fare as before.
    pub fn reset(&self) {
        self.state.send_modify(|state| state.resets += 1);
    }
}

type Watch = watch::Receiver<State>;

/// One connection, until it ends or is cut.
async fn serve(mut client: TcpStream, upstream: Arc<str>, mut state: Watch) {
    let resets = state.borrow().resets;
    let mut cut = state.clone();
    let ended = tokio::select! {
        biased;
        _ = cut.wait_for(|now| now.fault == Fault::Gone || now.resets != resets) => {
            Err(io::ErrorKind::ConnectionReset.into())
        }
        ended = pass(&mut client, &upstream, &mut state) => ended,
    };
    if ended.is_err() {
        let _ = client.set_zero_linger();
    }
}

async fn pass(client: &mut TcpStream, upstream: &str, state: &mut Watch) -> io::Result<()> {
    until(state, |fault| fault != Fault::Silent).await?;
    let mut server = TcpStream::connect(upstream).await?;
    // A connection that ends early ends hard, on both sides.
    server.set_zero_linger()?;
    for socket in [&*client, &server] {
        socket.set_nodelay(true)?;
    }
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    try_join(
        copy(from_client, to_server, state, false),
        copy(from_server, to_client, state, true),
    )
    .await?;
    Ok(())
}

async fn until(state: &mut Watch, condition: impl Fn(Fault) -> bool) -> io::Result<()> {
    let changed = state.wait_for(|now| condition(now.fault)).await;
    changed.map(|_| ()).map_err(io::Error::other)
}

/// One direction: `back` is the way to the client.
async fn copy(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    state: &Watch,
    back: bool,
) -> io::Result<((), ())> {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let reading = read(from, sender, state.clone());
    try_join(reading, write(to, chunks, state.clone(), back)).await
}

/// A piece of the stream and when it arrives.
type Chunk = (Instant, Vec<u8>);

async fn read(mut from: ReadHalf<'_>, to: mpsc::Sender<Chunk>, state: Watch) -> io::Result<()> {
    loop {
        let mut bytes = vec![0; CHUNK_BYTES];
        let length = from.read(&mut bytes).await?;
        bytes.truncate(length);
        let delay = match state.borrow().fault {
            Fault::Delay(delay) => delay,
            _ => Duration::ZERO,
        };
        let chunk = (Instant::now() + delay, bytes);
        // An empty chunk is the end: it is as late as the rest.
        if to.send(chunk).await.is_err() || length == 0 {
            return Ok(());
        }
    }
}

async fn write(
    mut to: WriteHalf<'_>,
    mut chunks: mpsc::Receiver<Chunk>,
    mut state: Watch,
    back: bool,
) -> io::Result<()> {
    let mut half = state.clone();
    let mut passed = 0;
    loop {
        let (due, mut bytes) = tokio::select! {
            biased;
            closed = until(&mut half, |fault| back && fault == Fault::HalfClosed) => {
                closed?;
                return to.shutdown().await;
            }
            chunk = chunks.recv() => chunk.unwrap_or((Instant::now(), Vec::new())),
        };
        sleep_until(due).await;
        until(&mut state, |fault| fault != Fault::Silent).await?;
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        let left = match state.borrow().fault {
            Fault::CutAfter(most) if back => most.saturating_sub(passed),
            _ => usize::MAX,
        };
        bytes.truncate(left);
        passed += bytes.len();
        to.write_all(&bytes).await?;
        if bytes.len() == left {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    }
}
