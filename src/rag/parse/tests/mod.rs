//! Tests of whole documents in every format.

mod archive;
mod encodings;
mod figures;
mod hidden;
mod hidden_docx;
mod hostile;
mod hostile_archives;
mod legibility;
mod letters;
mod offices;
mod pages;
mod properties;
pub(crate) mod render;
pub(crate) mod render_books;
pub(crate) mod render_office;
mod scripts;
mod surroundings;

use super::*;
use render::{Element, Model};

fn parsed(media: MediaType, bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    parse(media, bytes, &ParseLimits::default())
}

fn text(words: &str) -> String {
    words.to_owned()
}

fn leaflet() -> Model {
    Model {
        title: text("Asthma at home"),
        pages: vec![
            vec![
                Element::Heading(1, text("Asthma at home")),
                Element::Paragraph(vec![
                    text("Use your inhaler twice a day, 2.5 mg each time."),
                    text("Ask Dr. Miller if it does not help within an hour or so."),
                ]),
                Element::Heading(2, text("Steps")),
                Element::List(true, vec![text("Shake it"), text("Breathe out")]),
            ],
            vec![
                Element::Heading(2, text("Doses")),
                Element::Table(vec![
                    vec![text("Age"), text("Puffs")],
                    vec![text("Adult"), text("Two")],
                ]),
                Element::List(false, vec![text("Rest"), text("Drink water")]),
            ],
        ],
    }
}

fn kinds(doc: &ParsedDocument) -> Vec<(BlockKind, &str)> {
    doc.blocks
        .iter()
        .map(|b| {
            let text = crate::domain::text::slice_chars(&doc.text, b.start, b.end).unwrap();
            (b.kind, text)
        })
        .collect()
}

#[test]
fn every_format_gives_the_same_structure() {
    let model = leaflet();
    let expected = vec![
        (BlockKind::Heading(1), "Asthma at home"),
        (
            BlockKind::Paragraph,
            "Use your inhaler twice a day, 2.5 mg each time. Ask Dr. Miller if it does not help \
             within an hour or so.",
        ),
        (BlockKind::Heading(2), "Steps"),
        (BlockKind::ListItem, "1. Shake it"),
        (BlockKind::ListItem, "2. Breathe out"),
        (BlockKind::Heading(2), "Doses"),
        (BlockKind::TableHeader, "Age | Puffs"),
        (BlockKind::TableRow, "Adult | Two"),
        (BlockKind::ListItem, "- Rest"),
        (BlockKind::ListItem, "- Drink water"),
    ];
    for media in [
        MediaType::Markdown,
        MediaType::Html,
        MediaType::Docx,
        MediaType::Odt,
        MediaType::Epub,
        MediaType::Rtf,
    ] {
        let doc = parsed(media, &render::render(media, &model)).unwrap();
        assert_eq!(kinds(&doc), expected, "{media}");
        assert_eq!(doc.title.as_deref(), Some("Asthma at home"), "{media}");
    }
    let doc = parsed(MediaType::Pdf, &render::pdf(&model)).unwrap();
    assert_eq!(kinds(&doc)[..5], expected[..5]);
    assert_eq!(doc.title.as_deref(), Some("Asthma at home"));
    assert_eq!(doc.pages.len(), 2);
    let doc = parsed(MediaType::Text, &render::text(&model)).unwrap();
    assert_eq!(kinds(&doc)[..2], expected[..2]);
}

#[test]
fn media_types_have_one_name_each() {
    for media in MediaType::ALL {
        assert_eq!(MediaType::from_mime(media.as_mime()), Some(media));
        let json = serde_json::to_string(&media).unwrap();
        assert_eq!(json, format!("\"{}\"", media.as_mime()));
        assert_eq!(media.as_mime().parse::<MediaType>().unwrap(), media);
    }
    assert_eq!(
        MediaType::from_mime("Text/HTML; charset=utf-8"),
        Some(MediaType::Html)
    );
    assert_eq!(MediaType::from_extension(".PDF"), Some(MediaType::Pdf));
    assert_eq!(MediaType::from_extension("exe"), None);
}

#[test]
fn wrapped_plain_text_is_joined_and_lists_are_not() {
    let doc = parsed(
        MediaType::Text,
        b"\xEF\xBB\xBFAfter your operation\r\n\r\nKeep the wound dry for two days and change the\r\n\
          dressing daily. Call us if\r\nit hurts.\r\n\r\nBring:\r\n- your card\r\n- a list of\x00 drugs\r\n\r\n\
          WHEN TO CALL\r\n\r\n1) fever",
    )
    .unwrap();
    assert_eq!(
        doc.text,
        "After your operation\n\nKeep the wound dry for two days and change the dressing daily. \
         Call us if\nit hurts.\n\nBring:\n- your card\n- a list of drugs\n\nWHEN TO CALL\n\n1) fever"
    );
    assert_eq!(doc.title.as_deref(), Some("After your operation"));
    assert_eq!(kinds(&doc)[5].0, BlockKind::Heading(2));
}

#[test]
fn docx_pages_come_from_breaks() {
    let doc = parsed(MediaType::Docx, &render::docx(&leaflet())).unwrap();
    let second = doc.text.find("Doses").unwrap();
    assert_eq!(doc.pages.len(), 2);
    assert!(doc.pages[1] <= second && doc.pages[1] >= second - 2);
}

#[test]
fn a_pdf_anyone_can_open_is_decrypted() {
    let open = render::encrypted_pdf(&leaflet(), "");
    let doc = parsed(MediaType::Pdf, &open).unwrap();
    assert!(doc.text.contains("Use your inhaler"));
}

#[test]
fn latin_1_html_is_read() {
    let html = b"<meta charset=\"iso-8859-1\"><p>Fi\xE8vre \x96 39</p>";
    assert_eq!(parsed(MediaType::Html, html).unwrap().text, "Fièvre – 39");
    let undeclared = parsed(MediaType::Html, b"<p>Fi\xE8vre</p>").unwrap();
    assert_eq!(undeclared.text, "Fièvre");
    assert_eq!(undeclared.notes.len(), 1);
}

#[test]
fn errors_survive_the_pipe_and_are_readable() {
    let errors = [
        ParseError::Encrypted,
        ParseError::Empty,
        sniff::mismatch(MediaType::Pdf, "HTML"),
    ];
    for error in errors {
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<ParseError>(&json).unwrap(), error);
        assert!(error.to_string().ends_with('.'));
    }
}
