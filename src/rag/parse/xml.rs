//! Events, text and attributes of XML parts, for the readers of every format made of them.

use std::borrow::Cow;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::ParseError;

/// The events of a part, without the elements that must not be read.
pub(super) struct Events<'a> {
    reader: Reader<&'a [u8]>,
    /// The depth inside an element that is skipped.
    skipped: usize,
}

impl<'a> Events<'a> {
    pub(super) fn of(xml: &'a str) -> Self {
        Self {
            reader: Reader::from_str(xml),
            skipped: 0,
        }
    }

    /// Returns the next event that is not skipped; [`Event::Eof`] at the end, however many elements
    /// are open there.
    pub(super) fn next(
        &mut self,
        mut is_skipped: impl FnMut(&BytesStart<'a>) -> bool,
    ) -> Result<Event<'a>, ParseError> {
        loop {
            let event = self.reader.read_event().map_err(|_| ParseError::Damaged)?;
            match &event {
                Event::Start(e) if self.skipped > 0 || is_skipped(e) => self.skipped += 1,
                Event::End(_) if self.skipped > 0 => self.skipped -= 1,
                Event::Eof => return Ok(event),
                _ if self.skipped > 0 => {}
                Event::Empty(e) if is_skipped(e) => {}
                _ => return Ok(event),
            }
        }
    }
}

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

/// Returns an attribute's value by local name.
pub(super) fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    value(e, |a| a.key.local_name().into_inner() == name)
}

/// Returns the value of an attribute of another namespace, such as `r:id`.
pub(super) fn foreign_attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    value(e, |a| {
        a.key.prefix().is_some() && a.key.local_name().into_inner() == name
    })
}

fn value(e: &BytesStart<'_>, is_it: impl Fn(&Attribute<'_>) -> bool) -> Option<String> {
    let found = e.attributes().flatten().find(is_it)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0);
    value.ok().map(Cow::into_owned)
}

/// Returns a non-negative number by local name.
pub(super) fn number(e: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(e, name)?.trim().parse().ok()
}

/// Whether a switch element is on, which it is unless its value says otherwise.
pub(super) fn is_on(e: &BytesStart<'_>) -> bool {
    !matches!(attribute(e, "val").as_deref(), Some("0" | "false" | "off"))
}

/// Whether an element tells how the characters before it are pronounced.
pub(super) fn is_phonetic(e: &BytesStart<'_>) -> bool {
    e.local_name().into_inner() == "rPh"
}
