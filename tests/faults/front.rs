//! One address for several replicas, as a Service gives them; and one for a broker behind a proxy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Between two looks who is ready.
const PROBE: Duration = Duration::from_millis(500);
/// How long a replica may take to say so, and how often in a row it may take longer.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
const SILENCES: u32 = 3;

struct Upstream {
    address: SocketAddr,
    ready: AtomicBool,
    /// Probes without an answer in time, one after the other.
    silences: AtomicU32,
}

/// Listens on a free port of 127.0.0.1; ends when it is dropped.
pub struct Front {
    pub address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Front {
    /// Each connection goes to the next replica that is ready and accepts it. Open connections
    /// stay where they are.
    pub async fn over(ports: &[u16], ready: &'static str) -> Self {
        let upstream = |port: &u16| Upstream {
            address: SocketAddr::from(([127, 0, 0, 1], *port)),
            ready: AtomicBool::new(false),
            silences: AtomicU32::new(0),
        };
        let upstreams: Arc<[Upstream]> = ports.iter().map(upstream).collect();
        let mut tasks = JoinSet::new();
        tasks.spawn(probe(Arc::clone(&upstreams), ready));
        let mut next = 0;
        let address = accept(&mut tasks, move |client| {
            next += 1;
            pass(client, Arc::clone(&upstreams), next)
        })
        .await;
        Self {
            address,
            _tasks: tasks,
        }
    }

    /// Passes a broker's bytes on. A broker tells its clients the address it `advertises`; here it
    /// tells them this one, or they would go past whatever stands between.
    pub async fn broker(upstream: SocketAddr, advertises: SocketAddr) -> Self {
        let mut tasks = JoinSet::new();
        let address = accept(&mut tasks, move |client| {
            translate(client, upstream, advertises)
        })
        .await;
        Self {
            address,
            _tasks: tasks,
        }
    }
}

/// Spawns the listener; its connections end with it.
async fn accept<F>(
    tasks: &mut JoinSet<()>,
    mut serve: impl FnMut(TcpStream) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            while connections.try_join_next().is_some() {}
            client.set_nodelay(true).unwrap();
            connections.spawn(serve(client));
        }
    });
    address
}

async fn probe(upstreams: Arc<[Upstream]>, path: &'static str) {
    let http = reqwest::Client::new();
    loop {
        let looks = upstreams.iter().map(|upstream| async {
            let request = http.get(format!("http://{}{path}", upstream.address));
            let answer = request.timeout(PROBE_LIMIT).send().await;
            let silent = answer.as_ref().is_err_and(reqwest::Error::is_timeout);
            let silences = upstream.silences.load(Ordering::Relaxed);
            let silences = if silent { silences + 1 } else { 0 };
            upstream.silences.store(silences, Ordering::Relaxed);
            // A replica that is slow once may be busy; a replica that refuses or is gone is not
            // ready.
            if !silent || silences >= SILENCES {
                let ready = answer.is_ok_and(|answer| answer.status().is_success());
                upstream.ready.store(ready, Ordering::Relaxed);
            }
        });
        futures::future::join_all(looks).await;
        tokio::time::sleep(PROBE).await;
    }
}

async fn pass(mut client: TcpStream, upstreams: Arc<[Upstream]>, first: usize) {
    for step in 0..upstreams.len() {
        let upstream = &upstreams[(first + step) % upstreams.len()];
        if !upstream.ready.load(Ordering::Relaxed) {
            continue;
        }
        if let Ok(mut server) = TcpStream::connect(upstream.address).await {
            server.set_nodelay(true).unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

async fn translate(client: TcpStream, upstream: SocketAddr, advertises: SocketAddr) {
    let here = wire(client.local_addr().unwrap());
    let there = wire(advertises);
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = async {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            let answer = &mut buffer[..length];
            for start in 0..length.saturating_sub(there.len() - 1) {
                if answer[start..].starts_with(&there) {
                    answer[start..start + here.len()].copy_from_slice(&here);
                }
            }
            if to_client.write_all(answer).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        () = answers => {}
    }
}

/// How Kafka's metadata writes an address: the host's name, then the port in four bytes.
fn wire(address: SocketAddr) -> Vec<u8> {
    let mut bytes = address.ip().to_string().into_bytes();
    bytes.extend(u32::from(address.port()).to_be_bytes());
    bytes
}
