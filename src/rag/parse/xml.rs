//! What the readers of XML formats share.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Returns the character that a reference stands for. Entities that a document defines itself are
/// not expanded.
pub(super) fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Some(c);
    }
    match reference.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Appends the text of an event, if it is text.
pub(super) fn append_text(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(content) => text.push_str(&content.xml10_content()),
        Event::CData(content) => text.push_str(&content.xml10_content()),
        Event::GeneralRef(reference) => text.extend(resolve(reference)),
        _ => {}
    }
}

/// Returns the text of the first element with a local name; `None` if it has none.
pub(super) fn text_of(xml: &str, name: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut text = String::new();
    let mut inside = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(e) if e.local_name().into_inner() == name => inside = true,
            Event::End(e) if e.local_name().into_inner() == name => break,
            Event::Eof => break,
            event if inside => append_text(&mut text, &event),
            _ => {}
        }
    }
    (!text.trim().is_empty()).then_some(text)
}

/// Returns the value of an attribute of another namespace, such as `r:id`.
pub(super) fn foreign_attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = e.attributes().flatten();
    let found =
        attributes.find(|a| a.key.prefix().is_some() && a.key.local_name().into_inner() == name)?;
    let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0);
    value.ok().map(std::borrow::Cow::into_owned)
}

/// Whether an element tells how the characters before it are pronounced.
pub(super) fn is_phonetic(e: &BytesStart<'_>) -> bool {
    e.local_name().into_inner() == "rPh"
}
