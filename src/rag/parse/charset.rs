//! Charsets: their names, their byte order marks, and the declarations inside pages.

use std::borrow::Cow;
use std::cell::RefCell;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::{LocalName, local_name};

/// How far into a page its declaration may stand. The standard says 1,024 bytes; browsers look
/// through the whole head.
const DECLARATION_WINDOW: usize = 4_096;

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// An encoding of the Encoding Standard.
    Known(&'static Encoding),
    Utf32 {
        big_endian: bool,
    },
}

impl Charset {
    /// Returns the charset with a label; `None` if there is no such charset.
    pub fn for_label(label: &str) -> Option<Self> {
        let label = label.trim().trim_matches(['"', '\'']).trim();
        match label.to_ascii_lowercase().as_str() {
            "utf-32" | "utf-32le" | "utf32" | "ucs-4" => Some(Self::Utf32 { big_endian: false }),
            "utf-32be" => Some(Self::Utf32 { big_endian: true }),
            _ => Encoding::for_label(label.as_bytes())
                .filter(|encoding| *encoding != REPLACEMENT)
                .map(Self::Known),
        }
    }

    /// Returns the name that other programs know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known(encoding) => encoding.name(),
            Self::Utf32 { big_endian: true } => "UTF-32BE",
            Self::Utf32 { big_endian: false } => "UTF-32LE",
        }
    }

    /// Returns the charset that a byte order mark shows, and the bytes after it.
    pub(super) fn of_mark(bytes: &[u8]) -> (Option<Self>, &[u8]) {
        let marks: [(&[u8], Self); 5] = [
            (b"\xEF\xBB\xBF", Self::Known(UTF_8)),
            // Before the mark of UTF-16, which begins with the same bytes.
            (b"\xFF\xFE\0\0", Self::Utf32 { big_endian: false }),
            (b"\0\0\xFE\xFF", Self::Utf32 { big_endian: true }),
            (b"\xFF\xFE", Self::Known(UTF_16LE)),
            (b"\xFE\xFF", Self::Known(UTF_16BE)),
        ];
        for (mark, charset) in marks {
            if let Some(rest) = bytes.strip_prefix(mark) {
                return (Some(charset), rest);
            }
        }
        (None, bytes)
    }

    /// Decodes bytes without a mark; `None` if some of them have no character.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Known(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
            Self::Utf32 { big_endian } => {
                let (units, rest) = bytes.as_chunks::<4>();
                let text: Option<String> = units
                    .iter()
                    .map(|unit| {
                        char::from_u32(if big_endian {
                            u32::from_be_bytes(*unit)
                        } else {
                            u32::from_le_bytes(*unit)
                        })
                    })
                    .collect();
                text.filter(|_| rest.is_empty()).map(Cow::Owned)
            }
        }
    }
}

/// Returns the charset that a page declares in its XML declaration or in a `meta` element.
pub(super) fn declared_in(page: &[u8]) -> Option<Charset> {
    let head = page.get(..DECLARATION_WINDOW).unwrap_or(page);
    let head: String = head.iter().copied().map(char::from).collect();
    of_xml(&head)
        .or_else(|| of_meta(&head))
        .map(|charset| match charset {
            // A declaration in ASCII characters disproves itself.
            Charset::Known(encoding) if !encoding.is_ascii_compatible() => Charset::Known(UTF_8),
            Charset::Utf32 { .. } => Charset::Known(UTF_8),
            Charset::Known(encoding) if encoding.name() == "x-user-defined" => {
                Charset::Known(WINDOWS_1252)
            }
            charset @ Charset::Known(_) => charset,
        })
}

fn of_xml(head: &str) -> Option<Charset> {
    let (declaration, _) = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Charset::for_label(value.split(quote).nth(1)?)
}

fn of_meta(head: &str) -> Option<Charset> {
    let tokenizer = Tokenizer::new(MetaSink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(head));
    let _ = tokenizer.feed(&input);
    tokenizer.sink.0.into_inner()
}

/// Keeps the first charset that a `meta` element declares.
#[derive(Default)]
struct MetaSink(RefCell<Option<Charset>>);

impl TokenSink for MetaSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        match tag.name {
            local_name!("meta") => {
                let mut found = self.0.borrow_mut();
                *found = found.or_else(|| charset_of_meta(&tag));
                TokenSinkResult::Continue
            }
            local_name!("title") | local_name!("textarea") => {
                TokenSinkResult::RawData(RawKind::Rcdata)
            }
            local_name!("style") | local_name!("noscript") => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            local_name!("script") => TokenSinkResult::RawData(RawKind::ScriptData),
            _ => TokenSinkResult::Continue,
        }
    }
}

fn charset_of_meta(tag: &Tag) -> Option<Charset> {
    let attribute = |name: LocalName| {
        let found = tag.attrs.iter().find(|a| a.name.local == name)?;
        Some(&*found.value)
    };
    if let Some(label) = attribute(local_name!("charset")) {
        return Charset::for_label(label);
    }
    let http = attribute(local_name!("http-equiv"))?;
    if !http.trim().eq_ignore_ascii_case("content-type") {
        return None;
    }
    charset_parameter(attribute(local_name!("content"))?)
}

/// Returns the charset of a `Content-Type`.
pub fn charset_parameter(content_type: &str) -> Option<Charset> {
    content_type.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let name = name.trim().rsplit(char::is_whitespace).next()?;
        name.eq_ignore_ascii_case("charset")
            .then(|| Charset::for_label(value))?
    })
}
