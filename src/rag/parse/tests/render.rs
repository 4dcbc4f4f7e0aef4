//! A small document model, rendered in each format.

use std::fmt::Write as _;

use lopdf::content::{Content, Operation};
use lopdf::{
    Dictionary, Document, EncryptionState, EncryptionVersion, Object, Permissions, Stream,
    StringFormat,
};

use super::super::MediaType;
pub(crate) use super::archive::archive;
use super::{render_books as books, render_office as office};

#[derive(Clone, Debug)]
pub(crate) enum Element {
    Heading(u8, String),
    /// Sentences.
    Paragraph(Vec<String>),
    /// Ordered or not, and the items.
    List(bool, Vec<String>),
    Table(Vec<Vec<String>>),
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) title: String,
    pub(crate) pages: Vec<Vec<Element>>,
}

impl Model {
    fn elements(&self) -> impl Iterator<Item = &Element> {
        self.pages.iter().flatten()
    }

    /// Every word in reading order.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |s: &String| words.extend(s.split_whitespace().map(str::to_owned));
        for element in self.elements() {
            match element {
                Element::Heading(_, text) => add(text),
                Element::Paragraph(parts) | Element::List(_, parts) => {
                    parts.iter().for_each(&mut add);
                }
                Element::Table(rows) => rows.iter().flatten().for_each(&mut add),
            }
        }
        words
    }
}

pub(crate) fn render(media: MediaType, model: &Model) -> Vec<u8> {
    match media {
        MediaType::Markdown => markdown(model),
        MediaType::Text => text(model),
        MediaType::Html => html(model),
        MediaType::Pdf => pdf(model),
        MediaType::Docx => docx(model),
        MediaType::Pptx => office::pptx(model),
        MediaType::Xlsx => office::xlsx(model),
        MediaType::Odt => office::odt(model),
        MediaType::Ods => office::ods(model),
        MediaType::Odp => office::odp(model),
        MediaType::Epub => books::epub(model),
        MediaType::Rtf => books::rtf(model),
        MediaType::Email => books::email(model),
    }
}

fn marker(ordered: bool, at: usize) -> String {
    if ordered {
        format!("{}. ", at + 1)
    } else {
        "- ".to_owned()
    }
}

pub(crate) fn markdown(model: &Model) -> Vec<u8> {
    let mut out = format!("---\ntitle: {}\n---\n\n", model.title);
    for element in model.elements() {
        match element {
            Element::Heading(level, text) => {
                writeln!(out, "{} {text}\n", "#".repeat((*level).into())).unwrap();
            }
            Element::Paragraph(parts) => writeln!(out, "{}\n", parts.join("\n")).unwrap(),
            Element::List(ordered, items) => {
                for (at, item) in items.iter().enumerate() {
                    writeln!(out, "{}{item}", marker(*ordered, at)).unwrap();
                }
                out.push_str("\n<!-- end -->\n\n");
            }
            Element::Table(rows) => {
                for (at, row) in rows.iter().enumerate() {
                    writeln!(out, "| {} |", row.join(" | ")).unwrap();
                    if at == 0 {
                        writeln!(out, "|{}", "---|".repeat(row.len())).unwrap();
                    }
                }
                out.push('\n');
            }
        }
    }
    out.into_bytes()
}

pub(crate) fn text(model: &Model) -> Vec<u8> {
    let mut out = String::new();
    for element in model.elements() {
        match element {
            Element::Heading(_, text) => out.push_str(text),
            Element::Paragraph(parts) => out.push_str(&parts.join(" ")),
            Element::List(ordered, items) => {
                for (at, item) in items.iter().enumerate() {
                    writeln!(out, "{}{item}", marker(*ordered, at)).unwrap();
                }
            }
            Element::Table(rows) => {
                for row in rows {
                    writeln!(out, "{}", row.join("\t")).unwrap();
                }
            }
        }
        out.push_str("\r\n\r\n");
    }
    out.into_bytes()
}

pub(crate) fn html(model: &Model) -> Vec<u8> {
    let mut out = format!(
        "<!DOCTYPE html><html><head><title>{}</title><style>p {{}}</style></head><body><nav>menu</nav>",
        model.title
    );
    for element in model.elements() {
        match element {
            Element::Heading(level, text) => write!(out, "<h{level}>{text}</h{level}>").unwrap(),
            Element::Paragraph(parts) => {
                write!(out, "<div><p>{}</div>", parts.join("\n  ")).unwrap();
            }
            Element::List(ordered, items) => {
                let tag = if *ordered { "ol" } else { "ul" };
                let items = items.join("</li>\n<li>");
                write!(out, "<{tag}><li>{items}</li></{tag}>").unwrap();
            }
            Element::Table(rows) => {
                out.push_str("<table>");
                for row in rows {
                    write!(out, "<tr><td>{}</td></tr>", row.join("</td> <td>")).unwrap();
                }
                out.push_str("</table>");
            }
        }
    }
    out.into_bytes()
}

fn docx_paragraph(properties: &str, text: &str) -> String {
    // Word splits runs anywhere.
    let middle = text
        .char_indices()
        .nth(text.chars().count() / 2)
        .map_or(0, |(at, _)| at);
    let (a, b) = text.split_at(middle);
    format!(
        "<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space=\"preserve\">{a}</w:t></w:r>\
         <w:r><w:rPr><w:b/></w:rPr><w:t xml:space=\"preserve\">{b}</w:t></w:r></w:p>"
    )
}

pub(crate) fn docx(model: &Model) -> Vec<u8> {
    let mut body = String::new();
    for (at, page) in model.pages.iter().enumerate() {
        if at > 0 {
            body.push_str(
                "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>\
                 <w:p><w:r><w:lastRenderedPageBreak/></w:r></w:p>",
            );
        }
        for (nth, element) in page.iter().enumerate() {
            docx_element(&mut body, element, at * 1_000 + nth + 10);
        }
    }
    let lists: String = (0..model.pages.len() * 1_000 + 1_000)
        .filter(|id| id % 1_000 < 200)
        .map(|id| {
            format!(
                "<w:num w:numId=\"{id}\"><w:abstractNumId w:val=\"{}\"/></w:num>",
                id % 2
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let numbering = format!(
        "<w:numbering><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"bullet\"/>\
         </w:lvl></w:abstractNum><w:abstractNum w:abstractNumId=\"1\"><w:lvl w:ilvl=\"0\">\
         <w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/></w:lvl></w:abstractNum>{lists}</w:numbering>"
    );
    let styles: String = (1..=6)
        .map(|n| {
            format!(
                "<w:style w:styleId=\"berschrift{n}\"><w:name w:val=\"heading {n}\"/></w:style>"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    archive(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "word/document.xml",
            &format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>"),
        ),
        ("word/numbering.xml", &numbering),
        ("word/styles.xml", &format!("<w:styles>{styles}</w:styles>")),
        (
            "docProps/core.xml",
            &format!(
                "<cp:coreProperties><dc:title>{}</dc:title></cp:coreProperties>",
                model.title
            ),
        ),
    ])
}

fn docx_element(body: &mut String, element: &Element, id: usize) {
    match element {
        Element::Heading(level, text) => {
            let style = format!(
                "<w:pStyle w:val=\"berschrift{level}\"/><w:tabs><w:tab w:val=\"left\"/></w:tabs>"
            );
            body.push_str(&docx_paragraph(&style, text));
        }
        Element::Paragraph(parts) => body.push_str(&docx_paragraph("", &parts.join(" "))),
        Element::List(ordered, items) => {
            // Odd instances use the decimal definition.
            let id = id * 2 % 1_000 + usize::from(*ordered) + id / 1_000 * 1_000;
            let list = format!("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"{id}\"/></w:numPr>");
            for item in items {
                body.push_str(&docx_paragraph(&list, item));
            }
        }
        Element::Table(rows) => {
            body.push_str("<w:tbl>");
            for row in rows {
                body.push_str("<w:tr>");
                for cell in row {
                    write!(body, "<w:tc>{}</w:tc>", docx_paragraph("", cell)).unwrap();
                }
                body.push_str("</w:tr>");
            }
            body.push_str("</w:tbl>");
        }
    }
}

pub(crate) fn pdf(model: &Model) -> Vec<u8> {
    save(pdf_document(model))
}

/// Encrypts a document; with the empty password anyone can open it.
pub(crate) fn encrypted_pdf(model: &Model, password: &str) -> Vec<u8> {
    let mut document = pdf_document(model);
    let id = Object::String(vec![7; 16], StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let state = EncryptionState::try_from(EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: password,
        key_length: 128,
        permissions: Permissions::all(),
    })
    .unwrap();
    document.encrypt(&state).unwrap();
    save(document)
}

fn save(mut document: Document) -> Vec<u8> {
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

fn pdf_document(model: &Model) -> Document {
    let mut document = Document::with_version("1.5");
    let mut font = Dictionary::new();
    font.set("Type", "Font");
    font.set("Subtype", "Type1");
    font.set("BaseFont", "Helvetica");
    font.set("Encoding", "WinAnsiEncoding");
    let font = document.add_object(font);
    let mut fonts = Dictionary::new();
    fonts.set("F1", font);
    let mut resources = Dictionary::new();
    resources.set("Font", fonts);
    let resources = document.add_object(resources);
    let root = document.new_object_id();
    let mut kids = Vec::new();
    for page in &model.pages {
        let content = Content {
            operations: pdf_operations(page),
        };
        let content =
            document.add_object(Stream::new(Dictionary::new(), content.encode().unwrap()));
        let mut page = Dictionary::new();
        page.set("Type", "Page");
        page.set("Parent", root);
        page.set("Contents", content);
        page.set("Resources", resources);
        page.set("MediaBox", [0, 0, 1_600, 2_100].map(Object::from).to_vec());
        kids.push(Object::from(document.add_object(page)));
    }
    let mut pages = Dictionary::new();
    pages.set("Type", "Pages");
    pages.set("Count", i64::try_from(kids.len()).unwrap());
    pages.set("Kids", kids);
    document.objects.insert(root, Object::Dictionary(pages));
    let mut catalog = Dictionary::new();
    catalog.set("Type", "Catalog");
    catalog.set("Pages", root);
    let catalog = document.add_object(catalog);
    let mut info = Dictionary::new();
    info.set("Title", Object::string_literal(model.title.clone()));
    let info = document.add_object(info);
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", info);
    document
}

/// Renders each element as a paragraph, wrapped at about 60 chars.
fn pdf_operations(page: &[Element]) -> Vec<Operation> {
    // The things that an office program draws around text: a colour space, a picture, a line.
    let mut operations = vec![
        Operation::new("cs", vec![Object::Name(b"Missing".to_vec())]),
        Operation::new("Do", vec![Object::Name(b"Im1".to_vec())]),
    ];
    let mut y = 2_000.0_f32;
    let mut line = |y: f32, size: i64, text: &str| {
        operations.extend([
            Operation::new("BT", vec![]),
            Operation::new("Tf", vec![Object::Name(b"F1".to_vec()), size.into()]),
            Operation::new(
                "Tm",
                vec![1.into(), 0.into(), 0.into(), 1.into(), 72.into(), y.into()],
            ),
            Operation::new("Tj", vec![Object::string_literal(text)]),
            Operation::new("ET", vec![]),
        ]);
    };
    for element in page {
        y -= 14.0;
        let (size, paragraphs) = match element {
            Element::Heading(1, text) => (24, vec![text.clone()]),
            Element::Heading(_, text) => (17, vec![text.clone()]),
            Element::Paragraph(parts) => (11, vec![parts.join(" ")]),
            Element::List(ordered, items) => {
                let items = items.iter().enumerate();
                (
                    11,
                    items
                        .map(|(at, i)| format!("{}{i}", marker(*ordered, at)))
                        .collect(),
                )
            }
            Element::Table(rows) => (11, rows.iter().map(|r| r.join("  ")).collect()),
        };
        for paragraph in paragraphs {
            for wrapped in wrap(&paragraph) {
                y -= if size == 11 { 13.0 } else { 30.0 };
                line(y, size, &wrapped);
            }
        }
    }
    operations
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().unwrap();
        if line.len() + word.len() > 60 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
