//! The parts of a document that were left out, and the reasons.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most pages that a warning names; it counts the others.
const MAX_NAMED: usize = 20;

/// The reason why a page is unreliable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The page has glyphs with unknown characters.
    Glyphs,
    /// The page has digits that may or may not form one number.
    Numbers,
    /// The page cannot be read at all.
    Damage,
    /// Text that a reader does not see, on whatever page.
    Hidden {
        /// The number of its words.
        words: usize,
    },
}

/// Pages that were left out. The text is for the uploader and contains nothing from the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub doubt: Doubt,
    /// The page numbers, starting at 1, ascending.
    pub pages: Vec<usize>,
}

impl Warning {
    /// Creates one warning per reason, for all pages of a document.
    pub(super) fn of_pages(doubts: &[Option<Doubt>]) -> Vec<Self> {
        [Doubt::Glyphs, Doubt::Numbers, Doubt::Damage]
            .into_iter()
            .map(|doubt| Self {
                doubt,
                pages: (1..)
                    .zip(doubts)
                    .filter(|(_, of_page)| **of_page == Some(doubt))
                    .map(|(page, _)| page)
                    .collect(),
            })
            .filter(|warning| !warning.pages.is_empty())
            .collect()
    }
}

impl Warning {
    /// Creates the warning about text that a reader does not see, unless it is a few words such as
    /// the labels of a menu.
    pub(super) fn of_hidden(words: usize, tolerated: usize) -> Option<Self> {
        (words > tolerated).then(|| Self {
            doubt: Doubt::Hidden { words },
            pages: Vec::new(),
        })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Doubt::Hidden { words } = self.doubt {
            let (noun, verb) = if words == 1 {
                ("word", "is")
            } else {
                ("words", "are")
            };
            return write!(
                f,
                "{words} hidden {noun} {verb} left out: a reader of the document does not see \
                 them. If they belong to it, make them visible and upload it again."
            );
        }
        let named: Vec<String> = self
            .pages
            .iter()
            .take(MAX_NAMED)
            .map(ToString::to_string)
            .collect();
        match named.as_slice() {
            [page] => write!(f, "Page {page} is left out: ")?,
            pages => {
                write!(f, "Pages {}", pages.join(", "))?;
                if self.pages.len() > named.len() {
                    write!(f, " and {} more", self.pages.len() - named.len())?;
                }
                f.write_str(" are left out: ")?;
            }
        }
        f.write_str(match self.doubt {
            Doubt::Glyphs => {
                "some characters cannot be told from the fonts of the file, so numbers could be \
                 read wrongly. "
            }
            Doubt::Numbers => "digits that stand apart may form one number. ",
            Doubt::Damage => "the file is damaged there. ",
            Doubt::Hidden { .. } => "",
        })?;
        f.write_str(
            "Save the file again from the program it was written with, or run text recognition \
             (OCR) on it, and upload the result.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_the_pages_and_the_reason() {
        let doubts = [
            None,
            Some(Doubt::Numbers),
            Some(Doubt::Glyphs),
            Some(Doubt::Numbers),
        ];
        let warnings = Warning::of_pages(&doubts);
        let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert!(
            texts[0].starts_with("Page 3 is left out: some characters "),
            "{texts:?}"
        );
        assert!(
            texts[1].starts_with("Pages 2, 4 are left out: digits "),
            "{texts:?}"
        );
        let all = Warning {
            doubt: Doubt::Damage,
            pages: (1..=500).collect(),
        };
        assert!(all.to_string().contains("20 and 480 more are left out"));
    }
}
