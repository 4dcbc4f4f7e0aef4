//! E-mails: the subject, who wrote when, and the message.

use std::borrow::Cow;
use std::fmt::Write as _;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{
    Address, Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use super::builder::Builder;
use super::charset::Charset;
use super::encoding::{Decoded, decode};
use super::note::Note;
use super::sniff::mismatch;
use super::{BlockKind, MediaType, ParseError, ParseLimits, ParsedDocument, html, plain};
use crate::domain::name;

/// The most attachments that are named, and the most characters of each name.
const MAX_NAMES: usize = 10;
const MAX_NAME_CHARS: usize = 100;

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let message = MessageParser::default()
        .parse(bytes)
        .filter(is_mail)
        .ok_or_else(|| mismatch(MediaType::Email, "something else"))?;
    if message.parts.len() > limits.max_archive_entries {
        return Err(ParseError::TooLarge);
    }
    if message.parts.iter().any(is_encrypted) {
        return Err(ParseError::Encrypted);
    }
    let mut builder = Builder::new(limits);
    let mut notes = Vec::new();
    let mut bodies = Vec::new();
    for id in &message.html_body {
        let part = message
            .parts
            .get(usize::try_from(*id).unwrap_or(usize::MAX));
        if let Some(part) = part {
            bodies.extend(body(part, &message, limits, &mut notes)?);
        }
    }
    if bodies.is_empty() {
        return Err(ParseError::Empty);
    }
    builder.push(BlockKind::Heading(1), message.subject().unwrap_or_default())?;
    builder.push(BlockKind::Paragraph, &header(&message))?;
    for body in &bodies {
        builder.append_document(body)?;
    }
    let mut document = builder.finish(message.subject())?;
    document.notes = notes;
    document.notes.extend(attachments(&message));
    Ok(document)
}

/// Whether the file begins with the headers of a mail.
fn is_mail(message: &Message<'_>) -> bool {
    let is_known = |header: &HeaderName<'_>| !matches!(header, HeaderName::Other(_));
    message
        .headers()
        .iter()
        .any(|header| is_known(&header.name))
}

/// Reads a part of the message that is text.
fn body(
    part: &MessagePart<'_>,
    message: &Message<'_>,
    limits: &ParseLimits,
    notes: &mut Vec<Note>,
) -> Result<Option<ParsedDocument>, ParseError> {
    let (text, is_page) = match &part.body {
        PartType::Text(text) => (text, false),
        PartType::Html(text) => (text, true),
        _ => return Ok(None),
    };
    let decoded = decoded(part, text, message, is_page)?;
    notes.extend(decoded.notes);
    let read = if is_page {
        html::parse(&decoded.text, limits)
    } else {
        plain::parse(&decoded.text, limits)
    };
    match read {
        Ok(body) => Ok(Some(body)),
        Err(ParseError::Empty) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the text of a part. If its charset is missing or wrong, the bytes decide.
fn decoded<'a>(
    part: &MessagePart<'a>,
    text: &'a str,
    message: &Message<'_>,
    is_page: bool,
) -> Result<Decoded<'a>, ParseError> {
    let start = usize::try_from(part.offset_body).unwrap_or(usize::MAX);
    let end = usize::try_from(part.offset_end).unwrap_or(usize::MAX);
    let raw = message.raw_message.get(start..end);
    let raw = raw.filter(|_| text.contains('\u{FFFD}'));
    let raw = raw.and_then(|raw| match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    });
    let Some(raw) = raw else {
        return decode(text.as_bytes(), None, false);
    };
    let label = part
        .content_type()
        .and_then(|kind| kind.attribute("charset"));
    let decoded = decode(&raw, label.and_then(Charset::for_label), is_page)?;
    Ok(Decoded {
        text: Cow::Owned(decoded.text.into_owned()),
        notes: decoded.notes,
    })
}

fn is_encrypted(part: &MessagePart<'_>) -> bool {
    part.content_type().is_some_and(|kind| {
        let subtype = kind.subtype().unwrap_or_default().to_ascii_lowercase();
        let enveloped = kind
            .attribute("smime-type")
            .is_none_or(|t| !t.starts_with("signed"));
        subtype == "encrypted"
            || (matches!(subtype.as_str(), "pkcs7-mime" | "x-pkcs7-mime") && enveloped)
    })
}

/// Returns who wrote to whom, and when.
fn header(message: &Message<'_>) -> String {
    let mut lines = String::new();
    for (label, address) in [("From", message.from()), ("To", message.to())] {
        let people = address.map(people).unwrap_or_default();
        if !people.is_empty() {
            let _ = writeln!(lines, "{label}: {people}");
        }
    }
    if let Some(date) = message.date().filter(|date| date.is_valid()) {
        let _ = writeln!(
            lines,
            "Date: {:04}-{:02}-{:02} {:02}:{:02}",
            date.year, date.month, date.day, date.hour, date.minute
        );
    }
    lines
}

fn people(address: &Address<'_>) -> String {
    let people: Vec<String> = address
        .iter()
        .take(20)
        .filter_map(|person| {
            let shown = person.name().or(person.address())?;
            Some(name::plain(shown))
        })
        .collect();
    people.join(", ")
}

/// Names the attachments, which are left out.
fn attachments(message: &Message<'_>) -> Option<Note> {
    let count = message.attachment_count();
    let mut names: Vec<String> = message
        .attachments()
        .take(MAX_NAMES)
        .map(|part| {
            let given = part.attachment_name().map(name::plain).unwrap_or_default();
            let name: String = given.chars().take(MAX_NAME_CHARS).collect();
            if name.is_empty() {
                let is_message = matches!(part.body, PartType::Message(_));
                Cow::Borrowed(if is_message {
                    "an e-mail"
                } else {
                    "a file without a name"
                })
            } else {
                Cow::Owned(name)
            }
        })
        .map(Cow::into_owned)
        .collect();
    if count > names.len() {
        names.push(format!("{} more", count - names.len()));
    }
    (!names.is_empty()).then_some(Note::Attachments { names })
}
