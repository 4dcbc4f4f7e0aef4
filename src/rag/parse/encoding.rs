//! Finds the encoding of a text and decodes it.
//!
//! A byte order mark decides, then the charset that came with the upload, then the one that a page
//! declares; each counts only if the bytes agree with it. Text without a declaration is UTF-8, or is
//! guessed, which the uploader is told. Bytes that fit no encoding are refused, never replaced
//! silently.

use std::borrow::Cow;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, GB18030, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8};

use super::ParseError;
use super::charset::{Charset, declared_in};
use super::guess::{guess, wide_without_mark};
use super::note::Note;

/// The number of UTF-8 sequences that text in another encoding of several bytes a character does not
/// contain by chance.
const TELLING_SEQUENCES: usize = 8;
/// One character in as many may be damaged; with more of them the text is refused.
const MAX_DAMAGE: usize = 50;
/// One control character in as many means that the bytes are no text.
const MAX_CONTROLS: usize = 20;

/// Text, and the remarks about its encoding.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) notes: Vec<Note>,
}

/// Decodes a text. `is_page` says that the text may declare its own encoding, as HTML and XML do.
pub(super) fn decode(
    bytes: &[u8],
    declared: Option<Charset>,
    is_page: bool,
) -> Result<Decoded<'_>, ParseError> {
    let (marked, body) = Charset::of_mark(bytes);
    let own = if is_page { declared_in(body) } else { None };
    let mut contradicted = None;
    for claim in [marked, declared, own].into_iter().flatten() {
        if let Some(text) = read_as(claim, body) {
            return finish(text, claim, false, contradicted);
        }
        contradicted = contradicted.or(Some(claim));
    }
    let (charset, text) = undeclared(body)?;
    let guessed = charset != Charset::Known(UTF_8);
    finish(text, charset, guessed, contradicted)
}

/// Returns the text if the bytes agree with the charset that is claimed for them.
fn read_as(claim: Charset, bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = claim.decode(bytes)?;
    let is_plain = !text.chars().any(|c| matches!(c, '\u{80}'..='\u{9F}'));
    let fits = claim == Charset::Known(UTF_8) || (is_plain && !is_utf8_instead(claim, bytes));
    (fits && !is_binary(&text)).then_some(text)
}

/// Whether bytes that are claimed to have another encoding are UTF-8. Letters of a language with one
/// byte a character never form its sequences.
fn is_utf8_instead(claim: Charset, bytes: &[u8]) -> bool {
    let Charset::Known(encoding) = claim else {
        return false;
    };
    if !encoding.is_ascii_compatible() || std::str::from_utf8(bytes).is_err() {
        return false;
    }
    let sequences = bytes.iter().filter(|byte| **byte >= 0xC0).count();
    let wide = [BIG5, EUC_JP, EUC_KR, GB18030, GBK, SHIFT_JIS].contains(&encoding);
    sequences >= if wide { TELLING_SEQUENCES } else { 1 }
}

/// Decodes text for which no declaration holds.
fn undeclared(bytes: &[u8]) -> Result<(Charset, Cow<'_, str>), ParseError> {
    if let Some((charset, text)) = wide_without_mark(bytes).filter(|(_, text)| !is_binary(text)) {
        return Ok((charset, text));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Seven-bit Japanese text is ASCII with escapes.
        let escaped = bytes.contains(&0x1B).then(|| guess(bytes, true));
        let escaped = escaped.filter(|guess| *guess == Charset::Known(ISO_2022_JP));
        let japanese = escaped.and_then(|guess| Some((guess, guess.decode(bytes)?)));
        return seen(japanese.unwrap_or((Charset::Known(UTF_8), Cow::Borrowed(text))));
    }
    if let Some(text) = damaged_utf8(bytes) {
        return seen((Charset::Known(UTF_8), Cow::Owned(text)));
    }
    if bytes.contains(&0) {
        return Err(ParseError::Binary);
    }
    let charset = guess(bytes, false);
    let text = charset.decode(bytes).ok_or(ParseError::NotUtf8)?;
    let (charset, text) = seen((charset, text))?;
    if text.chars().any(|c| matches!(c, '\u{80}'..='\u{9F}')) {
        return Err(ParseError::NotUtf8);
    }
    Ok((charset, text))
}

/// Refuses a text that cannot be seen.
fn seen(read: (Charset, Cow<'_, str>)) -> Result<(Charset, Cow<'_, str>), ParseError> {
    if is_binary(&read.1) {
        return Err(ParseError::Binary);
    }
    Ok(read)
}

/// Decodes UTF-8 in which few bytes are damaged. Read in another encoding, all its letters beyond
/// ASCII would come out wrong.
fn damaged_utf8(bytes: &[u8]) -> Option<String> {
    let (mut sequences, mut errors) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sequences += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        errors += usize::from(!chunk.invalid().is_empty());
    }
    (sequences > errors * 2).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Whether most of a text cannot be seen. Text that nobody can see at all counts as empty instead.
fn is_binary(text: &str) -> bool {
    let (mut controls, mut seen) = (0_usize, 0_usize);
    for c in text.chars() {
        if c.is_control() {
            // The end mark of DOS and the escapes of terminals are found in text.
            controls += usize::from(!matches!(
                c,
                '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1A}' | '\u{1B}' | '\u{85}'
            ));
        } else if !c.is_whitespace() {
            seen += 1;
        }
    }
    seen > 0 && controls > 1 && controls * MAX_CONTROLS > seen
}

fn finish(
    text: Cow<'_, str>,
    charset: Charset,
    guessed: bool,
    contradicted: Option<Charset>,
) -> Result<Decoded<'_>, ParseError> {
    let mut notes = Vec::new();
    let name = charset.name().to_owned();
    match contradicted {
        Some(declared) => notes.push(Note::Contradicted {
            declared: declared.name().to_owned(),
            encoding: name,
            guessed,
        }),
        None if guessed => notes.push(Note::Guessed { encoding: name }),
        None => {}
    }
    let damaged = text.chars().filter(|c| *c == '\u{FFFD}').count();
    if damaged > 0 {
        if damaged > 1 && damaged * MAX_DAMAGE > text.chars().count() {
            return Err(ParseError::NotUtf8);
        }
        notes.push(Note::Damaged {
            characters: damaged,
        });
    }
    Ok(Decoded { text, notes })
}
