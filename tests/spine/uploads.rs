//! Uploads that come together, slowly, or far too large.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::system::{System, authority};

/// The number of uploads of one owner that are read at once; one more waits.
const AT_ONCE: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn one_upload_too_many_waits_until_another_ends() {
    let system = System::start().await;
    let put = |name: &str| system.document(name).put();
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
async fn slow_uploads_of_one_owner_keep_nobody_out_and_are_ended() {
    let mut system = System::start().await;
    let mut slow = Vec::new();
    for number in 0..4 {
        let mut socket = TcpStream::connect(authority(&system.rag.url))
            .await
            .unwrap();
        let head = format!(
            "PUT /v1/documents/patients/slow-{number}.txt HTTP/1.1\r\nhost: rag\r\n\
             authorization: Bearer {}\r\ncontent-type: text/plain\r\ncontent-length: 1000000\r\n\r\n\
             A few bytes.",
            system.key
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        slow.push(socket);
    }
    system.key = system.setup.key("another", &["documents"]);
    let begun = Instant::now();
    for name in ["first.txt", "second.txt"] {
        system.document(name).text("Text.").upload().await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4));
    // Those that had room arrive too slowly; the others come to it after them.
    for mut socket in slow {
        let mut answer = [0; 12];
        let read = timeout(Duration::from_secs(30), socket.read_exact(&mut answer));
        read.await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_says_what_was_left_out_of_it() {
    let system = System::start().await;
    let pages = [
        "Visiting hours are from 2 pm to 8 pm.",
        "Take 2 5 0 mg of Calmadol at night.",
    ];
    let mixed = system.document("mixed.pdf").bytes(pdf(&pages));
    let view = mixed.indexed().await;
    let warning = view["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("Page 2 is left out: digits"),
        "{warning}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_which_nothing_is_left_fails_and_says_why() {
    let system = System::start().await;
    let page = "Take 2 5 0 mg of Calmadol at night.";
    let bad = system.document("bad.pdf").bytes(pdf(&[page]));
    bad.upload().await;
    let view = bad.settled().await;
    assert_eq!(view["version_status"], "failed", "{view}");
    let reason = view["reason"].as_str().unwrap();
    assert!(reason.contains("numbers could be read wrongly"), "{reason}");
    assert_eq!(view["warnings"], serde_json::json!([]));
}

/// A line a page, in a font that every reader has.
fn pdf(pages: &[&str]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len())
        .map(|n| format!("{} 0 R", 4 + 2 * n))
        .collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!(
            "<</Type/Pages/Count {}/Kids[{}]>>",
            pages.len(),
            kids.join(" ")
        ),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    for (nth, line) in pages.iter().enumerate() {
        let show = format!("BT /F1 12 Tf 72 700 Td ({line}) Tj ET");
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/Contents {} 0 R/Resources<</Font<</F1 3 0 R>>>>>>",
            5 + 2 * nth
        ));
        objects.push(format!(
            "<</Length {}>>stream\n{show}\nendstream",
            show.len()
        ));
    }
    let mut out = "%PDF-1.4\n".to_owned();
    let mut table = String::new();
    for (nth, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        writeln!(out, "{} 0 obj\n{object}\nendobj", nth + 1).unwrap();
    }
    let (start, size) = (out.len(), objects.len() + 1);
    write!(
        out,
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n\
         startxref\n{start}\n%%EOF"
    )
    .unwrap();
    out.into_bytes()
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
    let put = async |media_type| {
        let visiting = system
            .document("visiting")
            .text(text)
            .media_type(media_type);
        let put = visiting.upload().await;
        visiting.until_indexed().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_read_in_the_encoding_that_came_with_it() {
    let system = System::start().await;
    // "Приём с 14:00" in KOI8-R, which a guess would need more of.
    let bytes = b"\xF0\xD2\xC9\xA3\xCD \xD3 14:00";
    let declared = system
        .document("hours.txt")
        .media_type("text/plain; charset=koi8-r")
        .bytes(*bytes);
    let put = declared.upload().await;
    assert_eq!(put["document"]["media_type"], "text/plain; charset=koi8-r");
    let indexed = declared.until_indexed().await;
    assert_eq!(indexed["warnings"], serde_json::json!([]));
    assert_eq!(declared.upload().await["outcome"], "unchanged");
    // A declaration that says no more than the bytes makes no new version.
    for media_type in [
        "text/plain",
        "text/plain; charset=utf-8",
        "text/plain; charset=UTF-8",
    ] {
        let hours = system
            .document("plain.txt")
            .media_type(media_type)
            .text("Приём с 14:00");
        let put = hours.upload().await;
        assert_eq!(put["document"]["media_type"], "text/plain");
        assert_eq!(put["document"]["version"], 1, "{media_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_uploader_sees_that_the_encoding_was_guessed() {
    let system = System::start().await;
    let guessed = system
        .document("cafe.html")
        .bytes(*b"<p>The caf\xE9 closes at 19:30.");
    guessed.upload().await;
    let indexed = guessed.until_indexed().await;
    let warning = indexed["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("read as windows-1252, which was guessed"),
        "{warning}"
    );
}
