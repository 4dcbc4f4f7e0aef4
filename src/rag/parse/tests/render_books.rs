//! The document model of the tests as books, RTF and mail.

use std::fmt::Write as _;

use super::render::{Element, Model, archive, html};

/// Wraps pages as a book, in the order given.
pub(crate) fn book(title: &str, pages: &[String], spine: &[usize]) -> Vec<u8> {
    let mut items = String::new();
    let mut parts = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        write!(
            items,
            "<item id=\"c{at}\" href=\"text/c%20{at}.xhtml\" media-type=\"application/xhtml+xml\"/>"
        )
        .unwrap();
        parts.push((format!("OEBPS/text/c {at}.xhtml"), page.clone()));
    }
    let spine: Vec<String> = spine
        .iter()
        .map(|at| format!("<itemref idref=\"c{at}\"/>"))
        .collect();
    parts.push((
        "OEBPS/book.opf".to_owned(),
        format!(
            "<package><metadata><dc:title>{title}</dc:title></metadata><manifest>{items}</manifest>\
             <spine>{}</spine></package>",
            spine.concat()
        ),
    ));
    parts.push((
        "META-INF/container.xml".to_owned(),
        "<container><rootfiles><rootfile full-path=\"OEBPS/book.opf\"/></rootfiles></container>"
            .to_owned(),
    ));
    parts.push(("mimetype".to_owned(), "application/epub+zip".to_owned()));
    archive(&parts)
}

pub(crate) fn epub(model: &Model) -> Vec<u8> {
    let pages: Vec<String> = model
        .pages
        .iter()
        .map(|page| {
            let chapter = Model {
                title: String::new(),
                pages: vec![page.clone()],
            };
            let html = String::from_utf8(html(&chapter)).unwrap();
            // XHTML may leave this out.
            html.replace("<title></title>", "<title/><script src=\"x\"/>")
        })
        .collect();
    let spine: Vec<usize> = (0..pages.len()).collect();
    book(&model.title, &pages, &spine)
}

/// Writes text in the escapes of RTF.
pub(crate) fn rtf_text(text: &str) -> String {
    let mut out = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => out.push(char::from(byte)),
            _ => write!(out, "\\u{}?", i32::from(unit.cast_signed())).unwrap(),
        }
    }
    out
}

pub(crate) fn rtf(model: &Model) -> Vec<u8> {
    let body = super::render_office::joined(model, |out, element| match element {
        Element::Heading(level, text) => {
            writeln!(out, "\\pard\\s{level} {}\\par", rtf_text(text)).unwrap();
        }
        Element::Paragraph(parts) => {
            writeln!(out, "\\pard\\plain {}\\par", rtf_text(&parts.join(" "))).unwrap();
        }
        Element::List(ordered, items) => {
            for (at, item) in items.iter().enumerate() {
                let marker = if *ordered {
                    format!("{}.", at + 1)
                } else {
                    "\\bullet".to_owned()
                };
                writeln!(
                    out,
                    "{{\\listtext\\tab {marker}\\tab}}\\pard\\ls1\\ilvl0 {}\\par",
                    rtf_text(item)
                )
                .unwrap();
            }
        }
        Element::Table(rows) => {
            for row in rows {
                out.push_str("\\trowd");
                for at in 1..=row.len() {
                    write!(out, "\\cellx{}", at * 2_000).unwrap();
                }
                out.push_str("\\pard\\intbl ");
                for cell in row {
                    write!(out, "{}\\cell ", rtf_text(cell)).unwrap();
                }
                out.push_str("\\row\n");
            }
            out.push_str("\\pard\\par\n");
        }
    });
    let styles: String = (1..=6)
        .map(|n| format!("{{\\s{n}\\b heading {n};}}"))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0\\fswiss Arial;}}}}{{\\stylesheet{styles}}}\
         {{\\info{{\\title {}}}{{\\author nobody}}}}\n{body}}}",
        rtf_text(&model.title)
    )
    .into_bytes()
}

pub(crate) fn email(model: &Model) -> Vec<u8> {
    let html = String::from_utf8(html(model)).unwrap();
    format!(
        "From: Ward 7 <w@home.test>\r\nTo: all@home.test\r\nSubject: {}\r\n\
         Date: Mon, 2 Feb 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
         The text.\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n--b--\r\n",
        model.title
    )
    .into_bytes()
}
