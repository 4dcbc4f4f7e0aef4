//! The control words of RTF: what a group is, and which characters they stand for.

/// The role of a group's text.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Destination {
    #[default]
    Body,
    Skipped,
    FontTable,
    StyleSheet,
    Title,
    /// The mark of a list item.
    Marker,
    Footnote,
}

/// The properties of a paragraph.
#[derive(Clone, Copy, Default)]
pub(super) struct Properties {
    pub(super) style: Option<i32>,
    pub(super) outline: Option<u8>,
    pub(super) in_table: bool,
    pub(super) level: usize,
    pub(super) list: bool,
}

/// Returns what the group is that a control word opens.
pub(super) fn destination(word: &str) -> Option<Destination> {
    Some(match word {
        "fonttbl" => Destination::FontTable,
        "stylesheet" => Destination::StyleSheet,
        "title" => Destination::Title,
        "listtext" | "pntext" => Destination::Marker,
        "footnote" => Destination::Footnote,
        "colortbl" | "author" | "operator" | "subject" | "keywords" | "comment" | "doccomm"
        | "company" | "manager" | "category" | "hlinkbase" | "creatim" | "revtim" | "printim"
        | "buptim" | "pict" | "object" | "header" | "headerl" | "headerr" | "headerf"
        | "footer" | "footerl" | "footerr" | "footerf" | "fldinst" | "nonshppict" | "xe" | "tc"
        | "rxe" | "sp" | "filetbl" | "listtable" | "listoverridetable" | "revtbl"
        | "annotation" | "atnid" | "atnauthor" | "bkmkstart" | "bkmkend" | "nonesttables"
        | "private" | "template" | "ftnsep" | "ftnsepc" | "ftncn" | "aftnsep" | "aftnsepc"
        | "aftncn" => Destination::Skipped,
        _ => return None,
    })
}

/// Returns the character that a control word stands for.
pub(super) fn sign(word: &str) -> Option<&'static str> {
    Some(match word {
        "tab" | "emspace" | "enspace" | "qmspace" => " ",
        "line" | "softline" => "\n",
        "emdash" => "—",
        "endash" => "–",
        "lquote" => "‘",
        "rquote" => "’",
        "ldblquote" => "“",
        "rdblquote" => "”",
        "bullet" => "•",
        "~" => "\u{A0}",
        "_" => "-",
        _ => return None,
    })
}

/// Returns the level of a style that is a heading by its name, in lower case.
pub(super) fn heading_of(name: &str) -> Option<u8> {
    let level = name
        .strip_prefix("heading ")
        .and_then(|level| level.parse().ok());
    level
        .filter(|level| (1..=9).contains(level))
        .or((name == "title").then_some(1))
}
