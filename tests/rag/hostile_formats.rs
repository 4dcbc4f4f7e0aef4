//! Hostile files of other formats than PDF, parsed by the real binary within its limits.

#![allow(clippy::unwrap_used, reason = "a test may fail at any line")]

use std::io::{Cursor, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chatbot::rag::parse::sandbox::SandboxConfig;
use chatbot::rag::parse::{MediaType, ParseLimits, WorkerLimits};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The limits for one file: the memory of the child with its program, and its time.
const MAX_KIB: u64 = 512 << 10;
const MAX_TIME: Duration = Duration::from_secs(30);

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of one sheet.
fn workbook(sheet: &str, strings: &str) -> Vec<u8> {
    archive(&[
        ("xl/workbook.xml", b"<w><sheet name=\"a\" r:id=\"s\"/></w>"),
        (
            "xl/_rels/workbook.xml.rels",
            b"<r><Relationship Id=\"s\" Type=\"x/worksheet\" Target=\"worksheets/a.xml\"/>\
              <Relationship Id=\"t\" Type=\"x/sharedStrings\" Target=\"t.xml\"/></r>",
        ),
        ("xl/worksheets/a.xml", sheet.as_bytes()),
        ("xl/t.xml", strings.as_bytes()),
    ])
}

fn odf(kind: &str, content: &[u8]) -> (MediaType, Vec<u8>) {
    let mime = format!("application/vnd.oasis.opendocument.{kind}");
    let media = MediaType::from_mime(&mime).unwrap();
    (
        media,
        archive(&[("mimetype", mime.as_bytes()), ("content.xml", content)]),
    )
}

fn book(page: &[u8]) -> Vec<u8> {
    archive(&[
        ("META-INF/container.xml", b"<c><rootfile full-path=\"b.opf\"/></c>"),
        (
            "b.opf",
            b"<p><item id=\"a\" href=\"a.xhtml\" media-type=\"text/html\"/><itemref idref=\"a\"/></p>",
        ),
        ("a.xhtml", page),
    ])
}

fn deck(slide: &[u8]) -> Vec<u8> {
    archive(&[
        ("ppt/presentation.xml", b"<p><p:sldId r:id=\"a\"/></p>"),
        (
            "ppt/_rels/presentation.xml.rels",
            b"<r><Relationship Id=\"a\" Type=\"x/slide\" Target=\"a.xml\"/></r>",
        ),
        ("ppt/a.xml", slide),
    ])
}

/// The places of the entries in an archive's directory.
fn entries(bytes: &[u8]) -> Vec<usize> {
    let found = bytes.windows(4).enumerate();
    found
        .filter(|(_, window)| window == b"PK\x01\x02")
        .map(|(at, _)| at)
        .collect()
}

/// Changes the size that the archive's directory states for each part.
fn with_wrong_sizes(mut bytes: Vec<u8>, size: u32) -> Vec<u8> {
    for at in entries(&bytes) {
        bytes[at + 24..at + 28].copy_from_slice(&size.to_le_bytes());
    }
    bytes
}

/// Lets every entry of the directory start at the first part, so that all overlap.
fn with_overlap(mut bytes: Vec<u8>) -> Vec<u8> {
    for at in entries(&bytes) {
        bytes[at + 42..at + 46].fill(0);
    }
    bytes
}

/// Files that unpack to far more than they are.
fn bombs() -> Vec<(MediaType, Vec<u8>)> {
    let blank = vec![b' '; 300 << 20];
    let markup = b"<a><b>x</b></a>".repeat(12 << 20);
    let mut bombs = Vec::new();
    for content in [blank, markup] {
        bombs.push((
            MediaType::Docx,
            archive(&[("word/document.xml", content.as_slice())]),
        ));
        bombs.push((MediaType::Pptx, deck(&content)));
        bombs.push((MediaType::Epub, book(&content)));
        bombs.push(odf("text", &content));
        bombs.push(odf("spreadsheet", &content));
    }
    let inner = archive(&[("a", &vec![0; 200 << 20])]);
    let outer: Vec<(String, &[u8])> = (0..100)
        .map(|at| (format!("{at}.zip"), inner.as_slice()))
        .collect();
    let outer: Vec<(&str, &[u8])> = outer
        .iter()
        .map(|(name, part)| (name.as_str(), *part))
        .collect();
    bombs.push((MediaType::Xlsx, archive(&outer)));
    let small = deck(b"<p:sld><a:p><a:t>text</a:t></a:p></p:sld>");
    bombs.push((MediaType::Pptx, with_wrong_sizes(small.clone(), 1)));
    bombs.push((
        MediaType::Pptx,
        with_wrong_sizes(small.clone(), u32::MAX - 1),
    ));
    bombs.push((MediaType::Pptx, with_overlap(small)));
    bombs
}

/// Files whose markup is deep, repeated or endless.
fn mazes() -> Vec<(MediaType, Vec<u8>)> {
    let million = 1_000_000;
    let mut mazes = vec![
        (
            MediaType::Rtf,
            format!("{{\\rtf1 {}", "{".repeat(10 * million)).into_bytes(),
        ),
        (
            MediaType::Rtf,
            format!("{{\\rtf1 {}}}", "\\cell\\row ".repeat(3 * million)).into_bytes(),
        ),
        (
            MediaType::Rtf,
            format!("{{\\rtf1 {}}}", "\\'e9 ".repeat(10 * million)).into_bytes(),
        ),
        (MediaType::Epub, book(&b"<div>".repeat(20 * million))),
        (MediaType::Pptx, deck(&b"<p:grpSp>".repeat(10 * million))),
        odf("text", &b"<text:list><text:list-item>".repeat(3 * million)),
        odf(
            "text",
            &b"<table:table><table:table-row><table:table-cell>".repeat(2 * million),
        ),
    ];
    for cell in [
        "table:number-columns-repeated=\"16384\"",
        "table:number-columns-repeated=\"4294967295\"",
        "table:number-rows-spanned=\"4294967295\" table:number-columns-spanned=\"4294967295\"",
    ] {
        let row = format!(
            "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell {cell}>\
             <text:p>x</text:p></table:table-cell></table:table-row>"
        );
        for kind in ["text", "spreadsheet"] {
            let content = format!(
                "<office:document-content><table:table>{}</table:table></office:document-content>",
                row.repeat(1_000)
            );
            mazes.push(odf(kind, content.as_bytes()));
        }
    }
    mazes.extend(sheets(million));
    mazes
}

/// Workbooks of a million values, texts or merged cells.
fn sheets(million: usize) -> Vec<(MediaType, Vec<u8>)> {
    let cells = "<c t=\"s\"><v>0</v></c>".repeat(16_000);
    let rows = format!("<row>{cells}</row>").repeat(50);
    let long = format!("<si><t>{}</t></si>", "long ".repeat(million));
    let mut sheets = vec![(MediaType::Xlsx, workbook(&rows, &long))];
    let values = "<row><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c></row>".repeat(million);
    sheets.push((MediaType::Xlsx, workbook(&values, "")));
    let merges = (1..100_000).map(|at| format!("<mergeCell ref=\"A{at}:XFD1048576\"/>"));
    let merges: String = std::iter::once("<row><c><v>1</v></c></row>".to_owned())
        .chain(merges)
        .collect();
    sheets.push((MediaType::Xlsx, workbook(&merges, "")));
    sheets.push((
        MediaType::Xlsx,
        workbook("", &"<si><t>x</t></si>".repeat(7 * million)),
    ));
    sheets
}

/// Mails and texts that are large or nested.
fn letters() -> Vec<(MediaType, Vec<u8>)> {
    let head = "From: a@b.test\r\nSubject: x\r\n";
    let nested = (0..200_000)
        .map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n"))
        .collect::<Vec<_>>()
        .concat();
    let forwarded = format!("{head}Content-Type: message/rfc822\r\n\r\n").repeat(200_000);
    let parts = "--b\r\n\r\nx\r\n".repeat(3_000_000);
    let many = format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}");
    let coded = format!(
        "{head}Content-Transfer-Encoding: base64\r\n\r\n{}",
        "QUFB".repeat(15 << 20)
    );
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(
            "一"
                .repeat(15 << 20)
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        )
        .collect();
    let latin = b"caf\xE9 ".repeat(12 << 20);
    vec![
        (MediaType::Email, format!("{head}{nested}").into_bytes()),
        (MediaType::Email, forwarded.into_bytes()),
        (MediaType::Email, many.into_bytes()),
        (MediaType::Email, coded.into_bytes()),
        (MediaType::Text, wide),
        (MediaType::Html, latin.clone()),
        (MediaType::Markdown, latin),
    ]
}

/// The most memory that a process had so far, in KiB.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Parses a file as the sandbox does, and checks what the child took.
pub(crate) fn check(media: MediaType, document: Vec<u8>) {
    let defaults = SandboxConfig::default();
    let limits = WorkerLimits {
        parse: ParseLimits::default(),
        memory_bytes: defaults.memory_bytes,
        cpu_seconds: defaults.cpu_seconds,
    };
    let length = document.len();
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .args(["parse-worker", "--media-type", media.as_mime()])
        .args(["--limits", &serde_json::to_string(&limits).unwrap()])
        .env(
            "_RJEM_MALLOC_CONF",
            "retain:false,dirty_decay_ms:0,narenas:1",
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&document)));
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_of(child.id()).map_or(peak, |now| now.max(peak));
        // The limit of processor time ends it; the clock runs on while others use the machine.
        assert!(
            begin.elapsed() < MAX_TIME * 6,
            "{media} of {length} bytes does not end"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    writer.join().unwrap();
    eprintln!("{media}: {length} bytes, {peak} KiB, {:?}", begin.elapsed());
    assert!(peak < MAX_KIB, "{media} of {length} bytes: {peak} KiB");
}

#[test]
fn bombs_of_every_format_stay_within_the_limits() {
    for (media, bytes) in bombs() {
        check(media, bytes);
    }
}

#[test]
fn mazes_of_every_format_stay_within_the_limits() {
    for (media, bytes) in mazes() {
        check(media, bytes);
    }
}

#[test]
fn large_letters_and_texts_stay_within_the_limits() {
    for (media, bytes) in letters() {
        check(media, bytes);
    }
}
