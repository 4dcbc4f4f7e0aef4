//! Files that are broken, mislabelled or malicious.

use std::time::{Duration, Instant};

use super::properties::{check_blocks, check_chunks};
use super::render;
use super::*;
use crate::rag::chunk::{ChunkingConfig, chunk};

fn mismatch_of(media: MediaType, bytes: &[u8]) -> String {
    match parsed(media, bytes) {
        Err(ParseError::Mismatch { found, .. }) => found,
        other => panic!(
            "expected a mismatch, got {:?}",
            other.map(|d| d.blocks.len())
        ),
    }
}

#[test]
fn files_of_another_type_are_named() {
    let pdf = render::pdf(&leaflet());
    let docx = render::docx(&leaflet());
    let html = render::html(&leaflet());
    assert_eq!(mismatch_of(MediaType::Pdf, &html), "HTML");
    assert_eq!(mismatch_of(MediaType::Text, &pdf), "PDF");
    assert_eq!(
        mismatch_of(MediaType::Markdown, &docx),
        "a ZIP archive or Office file"
    );
    for image in [
        &b"\x89PNG\r\n\x1a\n"[..],
        b"\xFF\xD8\xFF\xE0",
        b"RIFF\x10\0\0\0WEBPVP8 ",
    ] {
        for media in [
            MediaType::Html,
            MediaType::Pdf,
            MediaType::Text,
            MediaType::Epub,
        ] {
            assert_eq!(parsed(media, image), Err(ParseError::Image), "{media}");
        }
    }
    let sheet = render::archive(&[("xl/workbook.xml", "<x/>")]);
    assert_eq!(mismatch_of(MediaType::Docx, &sheet), "an Excel workbook");
    assert_eq!(mismatch_of(MediaType::Docx, b"hello"), "something else");
}

#[test]
fn encrypted_files_are_named() {
    let pdf = render::encrypted_pdf(&leaflet(), "secret");
    assert_eq!(parsed(MediaType::Pdf, &pdf), Err(ParseError::Encrypted));
    let mut docx = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....".to_vec();
    docx.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(parsed(MediaType::Docx, &docx), Err(ParseError::Encrypted));
}

#[test]
fn truncated_files_are_damaged() {
    let docx = render::docx(&leaflet());
    for share in [3, 5, 9] {
        let cut = &docx[..docx.len() * share / 10];
        assert_eq!(parsed(MediaType::Docx, cut), Err(ParseError::Damaged));
    }
    let half = "<w:document><w:body><w:p><w:r><w:t>half";
    let docx = render::archive(&[("word/document.xml", half)]);
    assert_eq!(parsed(MediaType::Docx, &docx), Err(ParseError::Damaged));
    let pdf = render::pdf(&leaflet());
    let cut = parsed(MediaType::Pdf, &pdf[..pdf.len() / 3]);
    assert!(matches!(cut, Err(ParseError::Damaged | ParseError::Empty)));
}

#[test]
fn nothing_readable_is_empty() {
    assert_eq!(
        parsed(MediaType::Text, b" \n\0\x01 "),
        Err(ParseError::Empty)
    );
    assert_eq!(parsed(MediaType::Markdown, b""), Err(ParseError::Empty));
    assert_eq!(
        parsed(MediaType::Html, b"<html><script>x</script>"),
        Err(ParseError::Empty)
    );
    let scan = Model {
        title: String::new(),
        pages: vec![vec![], vec![]],
    };
    assert_eq!(
        parsed(MediaType::Pdf, &render::pdf(&scan)),
        Err(ParseError::Empty)
    );
}

#[test]
fn zip_bombs_stop_at_the_budget() {
    let big = " ".repeat(8 << 20);
    let docx = render::archive(&[("word/document.xml", &big)]);
    assert!(docx.len() < 100_000);
    let limits = ParseLimits {
        max_expanded_bytes: 1 << 20,
        max_archive_entries: 3,
        ..ParseLimits::default()
    };
    let result = parse(MediaType::Docx, &docx, &limits);
    assert_eq!(result, Err(ParseError::TooLarge));
    let many = render::archive(&[("a", ""), ("b", ""), ("c", ""), ("d", "")]);
    assert_eq!(
        parse(MediaType::Docx, &many, &limits),
        Err(ParseError::TooLarge)
    );
}

#[test]
fn a_small_file_with_too_many_pieces_is_refused() {
    let document = |body: &str| {
        let xml = format!("<w:document><w:body>{body}</w:body></w:document>");
        render::archive(&[("word/document.xml", &xml)])
    };
    let paragraphs = "<w:p><w:r><w:t>a</w:t></w:r></w:p>".repeat(200_001);
    let pages = format!(
        "<w:p>{}<w:r><w:t>a</w:t></w:r></w:p>",
        "<w:r><w:br w:type=\"page\"/></w:r>".repeat(5_001)
    );
    for body in [paragraphs, pages] {
        let docx = document(&body);
        assert!(docx.len() < 60_000);
        assert_eq!(parsed(MediaType::Docx, &docx), Err(ParseError::TooLarge));
    }
}

#[test]
fn billions_of_laughs_do_not_expand() {
    let xml = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
               <w:document><w:body><w:p><w:r><w:t>ok &b; &#8364; &amp;</w:t></w:r></w:p></w:body></w:document>";
    let docx = render::archive(&[("word/document.xml", xml)]);
    assert_eq!(parsed(MediaType::Docx, &docx).unwrap().text, "ok € &");
}

#[test]
fn tracked_changes_text_boxes_and_hidden_text() {
    let xml = "<w:document><w:body><w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del>\
               <w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>\
               <w:r><w:t> text</w:t><w:tab/><w:t>end</w:t></w:r><w:r><mc:AlternateContent><mc:Choice>\
               <w:txbxContent><w:p><w:r><w:t>Box</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback>\
               <w:txbxContent><w:p><w:r><w:t>Box</w:t></w:r></w:p></w:txbxContent></mc:Fallback>\
               </mc:AlternateContent></w:r></w:p></w:body></w:document>";
    let docx = render::archive(&[("word/document.xml", xml)]);
    assert_eq!(
        parsed(MediaType::Docx, &docx).unwrap().text,
        "Box\n\nnew text end"
    );
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    let depth = 20_000;
    let begin = Instant::now();
    for (open, close) in [
        ("<div>", "</div>"),
        ("<b><i>", "</i></b>"),
        ("<ul><li>", ""),
        ("<table><tr><td>", ""),
        ("<div></body><!-- -->", ""),
    ] {
        let html = |count| format!("{}deep{}", open.repeat(count), close.repeat(count));
        let text = parsed(MediaType::Html, html(100).as_bytes()).unwrap().text;
        assert!(text.contains("deep"));
        assert_eq!(
            parsed(MediaType::Html, html(depth).as_bytes()),
            Err(ParseError::TooDeep { most: 512 }),
            "{open}"
        );
    }
    // Unclosed paragraphs do not nest.
    let flat = "<p>deep".repeat(depth);
    assert!(parsed(MediaType::Html, flat.as_bytes()).is_ok());
    for opening in [
        "> ", "- ", "* [", "[", "![", "**", "_a ", "`", "1. ", "<div>\n", "[^a]: ", "|",
    ] {
        let markdown = format!("{}deep", opening.repeat(depth));
        if let Ok(doc) = parsed(MediaType::Markdown, markdown.as_bytes()) {
            check_blocks(&doc);
        }
    }
    let nested = format!("<w:document>{}", "<w:p><w:r>".repeat(depth));
    let docx = render::archive(&[("word/document.xml", &nested)]);
    assert_eq!(parsed(MediaType::Docx, &docx), Err(ParseError::Damaged));
    assert!(begin.elapsed() < Duration::from_mins(1));
}

/// A small generator that returns the same bytes in every run.
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    })
}

#[test]
fn random_and_flipped_bytes_never_escape() {
    // Silences the caught panics, which would fill the test's output.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let originals: Vec<(MediaType, Vec<u8>)> = MediaType::ALL
        .map(|media| (media, render::render(media, &leaflet())))
        .into();
    let mut outcomes = Vec::new();
    for seed in 1..120_u64 {
        for (media, original) in &originals {
            let mut bytes = original.clone();
            let mut noise = noise(seed);
            let flips = 1 + seed % 9;
            for _ in 0..flips {
                let at = noise
                    .by_ref()
                    .take(4)
                    .fold(0, |n, b| n * 256 + usize::from(b))
                    % bytes.len();
                bytes[at] = noise.next().unwrap();
            }
            outcomes.push(std::panic::catch_unwind(|| parsed(*media, &bytes)));
            let random: Vec<u8> = noise.take(600).collect();
            let magic: &[u8] = match media {
                MediaType::Pdf => b"%PDF-1.4\n",
                MediaType::Rtf => b"{\\rtf1 ",
                media if media.is_archive() => b"PK\x03\x04",
                _ => b"",
            };
            let random = [magic, random.as_slice()].concat();
            outcomes.push(std::panic::catch_unwind(|| parsed(*media, &random)));
        }
    }
    std::panic::set_hook(hook);
    for outcome in outcomes {
        if let Ok(doc) = outcome.expect("a parser let a panic out") {
            check_blocks(&doc);
        }
    }
}

#[test]
fn twenty_megabytes_of_text_take_seconds() {
    let sentence = "Take 2.5 mg of Größe twice a day, e.g. with water, and ask Dr. Miller first. ";
    let paragraph = format!("{}\n\n", sentence.repeat(8));
    let text = paragraph.repeat((20 << 20) / paragraph.len());
    let begin = Instant::now();
    let doc = parsed(MediaType::Text, text.as_bytes()).unwrap();
    let count = |s: &str| s.len() / 4 + 1;
    let chunks = chunk(&doc, &ChunkingConfig::default(), &count);
    assert!(chunks.len() > 10_000);
    assert!(chunks.iter().all(|c| c.text.ends_with('.')));
    assert!(
        begin.elapsed() < Duration::from_mins(1),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn endless_words_sentences_and_headings_are_cut() {
    let cfg = ChunkingConfig::default();
    let count = |s: &str| {
        s.split_whitespace()
            .map(|w| w.chars().count().div_ceil(5))
            .sum()
    };
    let begin = Instant::now();
    for text in [
        "x".repeat(2 << 20),
        "word ".repeat(400_000),
        "漢".repeat(500_000),
        "# a\n\n".repeat(200_000),
        "- a\n".repeat(200_000),
    ] {
        let doc = parsed(MediaType::Markdown, text.as_bytes()).unwrap();
        check_chunks(&doc, &chunk(&doc, &cfg, &count), &cfg);
    }
    assert!(
        begin.elapsed() < Duration::from_mins(1),
        "{:?}",
        begin.elapsed()
    );
}
