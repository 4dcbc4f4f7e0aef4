//! Uploads that come together, slowly, or far too large.

use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::system::{System, authority};
use crate::support::until;

/// What reads uploads at once; one more waits.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn one_upload_too_many_waits_until_another_ends() {
    let system = System::start().await;
    let put = |name: &str| {
        let request = system.http.put(system.document_url(name));
        let request = request.bearer_auth(&system.key);
        request.header("content-type", "text/plain")
    };
    let mut uploads = JoinSet::new();
    let mut bodies = Vec::new();
    for number in 0..AT_ONCE {
        let (sender, pieces) = mpsc::channel(1);
        let pieces = stream::unfold(pieces, async |mut pieces| {
            let piece: Vec<u8> = pieces.recv().await?;
            Some((Ok::<_, std::io::Error>(piece), pieces))
        });
        let body = reqwest::Body::wrap_stream(pieces.boxed());
        uploads.spawn(put(&format!("{number}.txt")).body(body).send());
        // More than waits in sockets: somebody reads it.
        for _ in 0..20 {
            sender.send(vec![b'x'; 1 << 20]).await.unwrap();
        }
        bodies.push(sender);
    }
    let mut last = Box::pin(put("last.txt").body("Text.").send());
    let early = tokio::time::timeout(Duration::from_secs(2), &mut last).await;
    assert!(early.is_err(), "{early:?}");
    uploads.shutdown().await;
    assert_eq!(last.await.unwrap().status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let system = System::start().await;
    let mut socket = TcpStream::connect(authority(&system.rag.url))
        .await
        .unwrap();
    let head = format!(
        "PUT /v1/documents/patients/huge.txt HTTP/1.1\r\nhost: rag\r\nauthorization: Bearer {}\r\n\
         content-type: text/plain\r\ncontent-length: 33554433\r\n\r\n",
        system.key
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_under_another_type_are_read_anew() {
    let system = System::start().await;
    let text = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm.\n";
    let put = async |media_type| -> Value {
        let put = system.put("visiting", media_type, text).await;
        until("it is indexed", async || {
            system.settled("visiting").await["version_status"] == "indexed"
        })
        .await;
        put
    };
    assert_eq!(put("text/plain").await["outcome"], "received");
    assert_eq!(put("text/plain").await["outcome"], "unchanged");
    assert_eq!(put("text/markdown").await["outcome"], "received");
    assert_eq!(
        put("text/markdown").await["document"]["media_type"],
        "text/markdown"
    );
}
