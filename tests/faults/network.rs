//! The proxy's faults are those of a network: what a client sees of each.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::proxy::{Fault, Proxy};

const SHORT: Duration = Duration::from_millis(200);

/// A server that says everything back, and a proxy before it.
async fn echo() -> (Proxy, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to(&listener.local_addr().unwrap().to_string()).await;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = socket.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    (proxy, serving)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address).await.unwrap()
}

/// Sends and reads so many bytes back.
async fn echoed(socket: &mut TcpStream, bytes: usize) -> std::io::Result<()> {
    socket.write_all(&vec![7; bytes]).await?;
    socket.read_exact(&mut vec![0; bytes]).await.map(|_| ())
}

#[tokio::test]
async fn what_is_gone_refuses_and_what_is_reset_comes_back() {
    let (proxy, _serving) = echo().await;
    let mut open = connect(&proxy).await;
    echoed(&mut open, 10).await.unwrap();
    proxy.reset();
    let cut = open.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
    let mut open = connect(&proxy).await;
    echoed(&mut open, 10).await.unwrap();
    proxy.set(Fault::Gone);
    let cut = open.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
    assert!(echoed(&mut connect(&proxy).await, 10).await.is_err());
    proxy.set(Fault::None);
    echoed(&mut connect(&proxy).await, 10).await.unwrap();
}

#[tokio::test]
async fn silence_loses_nothing() {
    let (proxy, _serving) = echo().await;
    let mut open = connect(&proxy).await;
    echoed(&mut open, 10).await.unwrap();
    proxy.set(Fault::Silent);
    open.write_all(&[7; 10]).await.unwrap();
    let mut answer = [0; 10];
    assert!(timeout(SHORT, open.read_exact(&mut answer)).await.is_err());
    proxy.set(Fault::None);
    open.read_exact(&mut answer).await.unwrap();
}

#[tokio::test]
async fn a_delay_is_one_for_all_that_was_sent_together() {
    let (proxy, _serving) = echo().await;
    proxy.set(Fault::Delay(SHORT));
    let mut open = connect(&proxy).await;
    let begun = Instant::now();
    let (mut from, mut to) = open.split();
    let send = async {
        for number in 0..20_u8 {
            to.write_all(&[number; 1_000]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let mut answer = vec![0; 20_000];
    let (read, ()) = tokio::join!(from.read_exact(&mut answer), send);
    read.unwrap();
    assert!(answer.is_sorted(), "out of order");
    // Twenty delays one after the other would take twenty times as long.
    let took = begun.elapsed();
    assert!(took >= SHORT * 2 && took < SHORT * 10, "{took:?}");
}

#[tokio::test]
async fn a_connection_is_cut_after_so_many_bytes() {
    let (proxy, _serving) = echo().await;
    proxy.set(Fault::CutAfter(50_000));
    let mut open = connect(&proxy).await;
    echoed(&mut open, 49_999).await.unwrap();
    open.write_all(&[7; 10]).await.unwrap();
    assert_eq!(open.read(&mut [0; 10]).await.unwrap(), 1);
    let cut = open.read(&mut [0; 10]).await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn half_of_a_connection_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to(&listener.local_addr().unwrap().to_string()).await;
    let mut client = connect(&proxy).await;
    let (mut server, _) = listener.accept().await.unwrap();
    proxy.set(Fault::HalfClosed);
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    client.write_all(&[7; 10]).await.unwrap();
    server.read_exact(&mut [0; 10]).await.unwrap();
}
