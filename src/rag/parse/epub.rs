//! EPUB books: the chapters in their order, each read as a page of HTML.

use std::collections::{HashMap, HashSet};

use quick_xml::events::{BytesEnd, Event};
use quick_xml::{Reader, Writer};

use super::builder::Builder;
use super::package::{Package, resolve_path};
use super::xml::{attribute, text_of};
use super::{MediaType, ParseError, ParseLimits, ParsedDocument, html};

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, limits)?;
    let Some(container) = package.part("META-INF/container.xml")? else {
        return Err(package.mismatch(MediaType::Epub));
    };
    let root = root_file(&container)?.ok_or(ParseError::Damaged)?;
    let book = Book::read(&package.needed(&root)?)?;
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let locked = package.part("META-INF/encryption.xml")?;
    let locked = locked.as_deref().map(locked_parts).transpose()?;
    let locked = locked.unwrap_or_default();
    let mut builder = Builder::new(limits);
    let mut title = book.title;
    let mut read = HashSet::new();
    for chapter in &book.chapters {
        let part = resolve_path(folder, &percent_decoded(chapter));
        // A book that names a chapter again does not repeat it.
        if !read.insert(part.clone()) {
            continue;
        }
        if locked.contains(&part) {
            return Err(ParseError::Encrypted);
        }
        let Some(page) = package.part(&part)? else {
            return Err(ParseError::Damaged);
        };
        match html::parse(&as_html(&page), limits) {
            Ok(chapter) => {
                builder.append_document(&chapter)?;
                title = title.or(chapter.title);
            }
            // A page with a picture only, such as the cover.
            Err(ParseError::Empty) => {}
            Err(error) => return Err(error),
        }
    }
    builder.finish(title.as_deref())
}

fn root_file(xml: &str) -> Result<Option<String>, ParseError> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|_| ParseError::Damaged)? {
            Event::Start(e) | Event::Empty(e) if e.local_name().into_inner() == "rootfile" => {
                return Ok(attribute(&e, "full-path").map(|path| resolve_path("", &path)));
            }
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}

/// Returns the parts that are encrypted, as in a book that is bought.
fn locked_parts(xml: &str) -> Result<HashSet<String>, ParseError> {
    let mut parts = HashSet::new();
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|_| ParseError::Damaged)? {
            Event::Start(e) | Event::Empty(e)
                if e.local_name().into_inner() == "CipherReference" =>
            {
                let target = attribute(&e, "URI").unwrap_or_default();
                parts.insert(resolve_path("", &percent_decoded(&target)));
            }
            Event::Eof => return Ok(parts),
            _ => {}
        }
    }
}

/// The package document: the title, and the chapters in reading order.
#[derive(Default)]
struct Book {
    title: Option<String>,
    chapters: Vec<String>,
}

impl Book {
    fn read(xml: &str) -> Result<Self, ParseError> {
        let mut items: HashMap<String, String> = HashMap::new();
        let mut contents = HashSet::new();
        let mut spine = Vec::new();
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e) => {
                    let get = |name| attribute(&e, name).unwrap_or_default();
                    match e.local_name().into_inner() {
                        "item" if is_page(&get("media-type")) => {
                            if get("properties").split_whitespace().any(|p| p == "nav") {
                                contents.insert(get("id"));
                            }
                            items.insert(get("id"), get("href"));
                        }
                        "itemref" => spine.push(get("idref")),
                        _ => {}
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let chapters = spine
            .iter()
            // The table of contents repeats the headings.
            .filter(|id| !contents.contains(*id))
            .filter_map(|id| items.get(id).cloned())
            .collect();
        Ok(Self {
            title: text_of(xml, "title"),
            chapters,
        })
    }
}

fn is_page(media_type: &str) -> bool {
    matches!(media_type, "application/xhtml+xml" | "text/html" | "")
}

/// Decodes the `%20` of a reference, and leaves out its fragment.
fn percent_decoded(reference: &str) -> String {
    let reference = reference.split(['#', '?']).next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(reference.len());
    let mut rest = reference.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone().map(|byte| char::from(byte).to_digit(16));
        let code = match (byte, ahead.next(), ahead.next()) {
            (b'%', Some(Some(high)), Some(Some(low))) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        if code.is_some() {
            rest.nth(1);
        }
        bytes.push(code.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes the closing tags that XHTML may leave out and HTML may not: after `<title/>` everything
/// would be the title.
fn as_html(page: &str) -> String {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut writer = Writer::new(Vec::with_capacity(page.len()));
    loop {
        let written = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(Event::Empty(e)) if !is_void(e.local_name().into_inner()) => {
                let end = BytesEnd::new(e.name().into_inner().to_owned());
                writer
                    .write_event(Event::Start(e))
                    .and_then(|()| writer.write_event(Event::End(end)))
            }
            Ok(Event::CData(text)) => match text.escape() {
                Ok(text) => writer.write_event(Event::Text(text)),
                Err(_) => Ok(()),
            },
            Ok(event) => writer.write_event(event),
            // A page that is not XML is read as HTML.
            Err(_) => return page.to_owned(),
        };
        if written.is_err() {
            return page.to_owned();
        }
    }
    String::from_utf8(writer.into_inner()).unwrap_or_else(|_| page.to_owned())
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}
