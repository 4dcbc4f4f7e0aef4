//! A TCP proxy before a dependency, for the faults that a network has.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What happens to connections, the open ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Everything passes.
    None,
    /// New connections are closed at once, open ones are cut: the process behind is gone.
    Gone,
    /// Connections stay open and nothing passes: a host that froze, a network that drops.
    Silent,
}

/// Listens on a free port of 127.0.0.1; ends when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    fault: watch::Sender<Fault>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// A proxy that passes everything on to `upstream` (`host:port`).
    pub async fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (fault, state) = watch::channel(Fault::None);
        let upstream: Arc<str> = upstream.into();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            // The connections end with the proxy.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(pass(client, Arc::clone(&upstream), state.clone()));
            }
        });
        Self {
            address,
            fault,
            _accepting: accepting,
        }
    }

    /// Changes what happens from now on.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

async fn pass(client: TcpStream, upstream: Arc<str>, mut fault: watch::Receiver<Fault>) {
    if *fault.borrow() == Fault::Gone {
        return;
    }
    if fault
        .wait_for(|fault| *fault != Fault::Silent)
        .await
        .is_err()
    {
        return;
    }
    let Ok(server) = TcpStream::connect(&*upstream).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cut = fault.clone();
    tokio::select! {
        () = copy(from_client, to_server, fault.clone()) => {}
        () = copy(from_server, to_client, fault) => {}
        _ = cut.wait_for(|fault| *fault == Fault::Gone) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut fault: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 16_384];
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        if fault
            .wait_for(|fault| *fault != Fault::Silent)
            .await
            .is_err()
        {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
