//! The parts of a document that were left out, and the reasons.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The most pages that a warning names; it counts the others.
const MAX_NAMED: usize = 20;

/// The reason why a page is unreliable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The page has glyphs with unknown characters: this share of them, in percent, at least 1.
    Glyphs(u8),
    /// The page has digits that may or may not form one number.
    Numbers,
    /// The page is a picture without text.
    Picture,
    /// The page cannot be read at all.
    Damage,
}

/// The part of an unreliable page that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Extent {
    Page,
    /// The paragraphs, lists, tables and sections with a doubtful character or number.
    Passages,
}

/// A part of a document that was left out. The text is for the uploader and contains nothing from
/// the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// Pages, by their numbers from 1 on, ascending.
    Pages { doubt: Doubt, pages: Vec<usize> },
    /// Parts of pages, by the numbers of the pages from 1 on, ascending.
    Passages { doubt: Doubt, pages: Vec<usize> },
    /// Text that nobody can see.
    Hidden { words: usize },
}

impl Warning {
    /// Creates one warning per extent and reason, for all pages of a document.
    pub(super) fn of_pages(doubts: &[Option<(Doubt, Extent)>]) -> Vec<Self> {
        let mut groups: BTreeMap<_, (Doubt, Vec<usize>)> = BTreeMap::new();
        for (page, doubt) in (1..).zip(doubts) {
            let Some((doubt, extent)) = *doubt else {
                continue;
            };
            let reason = match doubt {
                Doubt::Glyphs(_) => Doubt::Glyphs(0),
                other => other,
            };
            let (greatest, pages) = groups
                .entry((extent, reason))
                .or_insert((doubt, Vec::new()));
            *greatest = doubt.max(*greatest);
            pages.push(page);
        }
        let groups = groups.into_iter();
        groups
            .map(|((extent, _), (doubt, pages))| match extent {
                Extent::Page => Self::Pages { doubt, pages },
                Extent::Passages => Self::Passages { doubt, pages },
            })
            .collect()
    }

    /// Creates the warning about text that a reader does not see, unless it is a few words such as
    /// the labels of a menu.
    pub(super) fn of_hidden(words: usize, tolerated: usize) -> Option<Self> {
        (words > tolerated).then_some(Self::Hidden { words })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pages { doubt, pages } => {
                let (noun, verb) = match pages.len() {
                    1 => ("Page", "is"),
                    _ => ("Pages", "are"),
                };
                write_pages(f, *doubt, (noun, verb), pages)
            }
            Self::Passages { doubt, pages } => {
                let noun = match pages.len() {
                    1 => "Passages of page",
                    _ => "Passages of pages",
                };
                write_pages(f, *doubt, (noun, "are"), pages)
            }
            Self::Hidden { words } => {
                let (noun, verb) = if *words == 1 {
                    ("word", "is")
                } else {
                    ("words", "are")
                };
                write!(
                    f,
                    "{words} hidden {noun} {verb} left out: a reader of the document does not see \
                     them. If they belong to it, make them visible and upload it again."
                )
            }
        }
    }
}

fn write_pages(
    f: &mut fmt::Formatter<'_>,
    doubt: Doubt,
    (noun, verb): (&str, &str),
    pages: &[usize],
) -> fmt::Result {
    let named: Vec<String> = pages
        .iter()
        .take(MAX_NAMED)
        .map(ToString::to_string)
        .collect();
    write!(f, "{noun} {}", named.join(", "))?;
    if pages.len() > named.len() {
        write!(f, " and {} more", pages.len() - named.len())?;
    }
    write!(f, " {verb} left out: ")?;
    match doubt {
        Doubt::Glyphs(share) => write!(
            f,
            "some characters, up to {share} % of a page, cannot be told from the fonts of the \
             file, so numbers could be read wrongly. "
        )?,
        Doubt::Numbers => f.write_str("digits that stand apart may form one number. ")?,
        Doubt::Picture => {
            return f.write_str(
                "there is no text, only a picture. Run text recognition (OCR) on the file, and \
                 upload the result.",
            );
        }
        Doubt::Damage => f.write_str("the file is damaged there. ")?,
    }
    f.write_str(
        "Save the file again from the program it was written with, or run text recognition (OCR) \
         on it, and upload the result.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_the_pages_and_the_reason() {
        let doubts = [
            None,
            Some((Doubt::Numbers, Extent::Page)),
            Some((Doubt::Glyphs(7), Extent::Page)),
            Some((Doubt::Numbers, Extent::Page)),
            Some((Doubt::Glyphs(1), Extent::Passages)),
            Some((Doubt::Glyphs(2), Extent::Passages)),
        ];
        let warnings = Warning::of_pages(&doubts);
        let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert!(
            texts[0].starts_with("Page 3 is left out: some characters, up to 7 % "),
            "{texts:?}"
        );
        assert!(
            texts[1].starts_with("Pages 2, 4 are left out: digits "),
            "{texts:?}"
        );
        let passages = "Passages of pages 5, 6 are left out: some characters, up to 2 % ";
        assert!(texts[2].starts_with(passages), "{texts:?}");
        let all = Warning::Pages {
            doubt: Doubt::Damage,
            pages: (1..=500).collect(),
        };
        assert!(all.to_string().contains("20 and 480 more are left out"));
    }
}
