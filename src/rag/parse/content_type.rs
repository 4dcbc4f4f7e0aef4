//! The format of a document together with the encoding that was declared for it.

use std::fmt;
use std::str::FromStr;

use encoding_rs::UTF_8;

use super::MediaType;
use super::charset::{Charset, charset_parameter};

/// A media type and the charset that came with it. Its text form is that of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentType {
    pub media: MediaType,
    /// The declared encoding of a format that is text; `None` if none or an unknown one was
    /// declared.
    pub charset: Option<Charset>,
}

impl ContentType {
    /// Reads a `Content-Type`; `None` if the format is not supported.
    pub fn from_mime(mime: &str) -> Option<Self> {
        let media = MediaType::from_mime(mime)?;
        Some(Self {
            media,
            charset: charset_parameter(mime).filter(|_| media.is_text()),
        })
    }

    /// Leaves out a charset that says no more than the bytes do, so that the same text with and
    /// without it is the same version.
    #[must_use]
    pub fn settled(self, bytes: &[u8]) -> Self {
        let plain = self.charset == Some(Charset::Known(UTF_8)) && str::from_utf8(bytes).is_ok();
        Self {
            charset: self.charset.filter(|_| !plain),
            ..self
        }
    }
}

impl From<MediaType> for ContentType {
    fn from(media: MediaType) -> Self {
        Self {
            media,
            charset: None,
        }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.media.as_mime())?;
        match self.charset {
            Some(charset) => write!(f, "; charset={}", charset.name().to_ascii_lowercase()),
            None => Ok(()),
        }
    }
}

impl FromStr for ContentType {
    type Err = String;

    fn from_str(mime: &str) -> Result<Self, Self::Err> {
        Self::from_mime(mime).ok_or_else(|| "not a supported media type".to_owned())
    }
}
