//! Titles and names given by people.

/// Cleans a title or a name: line ends and tabs become spaces; control characters, direction marks
/// and tags are removed.
pub fn plain(name: &str) -> String {
    let visible = name.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() || acts_unseen(c) => None,
        c => Some(c),
    });
    visible.collect::<String>().trim().to_owned()
}

/// Whether a character is invisible but has an effect: marks of direction, fillers, annotations,
/// tags.
pub(super) fn acts_unseen(c: char) -> bool {
    matches!(c,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        | '\u{00AD}' | '\u{200B}' | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_does_not_come_in() {
        for (given, kept) in [
            ("Visiting hours", "Visiting hours"),
            ("  Ward 7\r\nsecond floor\t", "Ward 7  second floor"),
            ("a\0b\u{1b}[31mc\u{9b}d\u{7f}", "ab[31mcd"),
            ("fdp\u{202e}txt.exe\u{2066}x\u{2069}", "fdptxt.exex"),
            ("safe\u{e0041}\u{e0042}\u{200b}\u{feff}", "safe"),
            (
                "בדיקת דם\u{200f} – fièvre 熱 👩\u{200d}⚕\u{fe0f}",
                "בדיקת דם\u{200f} – fièvre 熱 👩\u{200d}⚕\u{fe0f}",
            ),
            ("\n\u{202e}\t", ""),
        ] {
            assert_eq!(plain(given), kept, "{given:?}");
        }
    }
}
