//! The ids that content owners give to their documents.

use unicode_normalization::UnicodeNormalization;

use super::name;

/// The longest id, in characters.
pub const MAX_CHARS: usize = 512;

/// The form of an id, in words for people.
pub const ALLOWED: &str = "A document's id is a name or a path: 1 to 512 characters of any script, \
    without control and invisible characters; parts between slashes are neither empty nor `.` or \
    `..`, and no space stands at the beginning or the end. In a URL it is percent-encoded as UTF-8, \
    a slash as `%2F` or as it is.";

/// Returns the id in Unicode's composed form (NFC), so that one name is one document however it is
/// typed. `None` if it is not an id; [`ALLOWED`] says what is.
pub fn normalised(given: &str) -> Option<String> {
    // A name grows at most threefold when it is composed, so this bounds the work.
    if given.len() > 4 * MAX_CHARS {
        return None;
    }
    let id: String = given.nfc().collect();
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..");
    let is_allowed = id.chars().count() <= MAX_CHARS
        && id.trim() == id
        && id.chars().all(is_seen)
        && id.split('/').all(is_segment);
    is_allowed.then_some(id)
}

/// A replacement character stands where a URL is not UTF-8.
fn is_seen(c: char) -> bool {
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    !(c.is_control() || breaks_line || name::acts_unseen(c) || c == '\u{FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_script_is_a_name() {
        for id in [
            "a",
            "薬の説明.md",
            "Überweisung.md",
            "दवा की जानकारी.pdf",
            "دليل المريض.docx",
            "می\u{200c}خواهم.md",
            "cardiology/ward 7/info.md",
            "50% (new) #2?&=+;'\"<>|\\*.md",
            "👩\u{200d}⚕\u{fe0f} team.txt",
            "...",
            "versions/1/approve",
        ] {
            assert_eq!(normalised(id).as_deref(), Some(id));
        }
        assert!(normalised(&"語".repeat(MAX_CHARS)).is_some());
    }

    #[test]
    fn a_name_typed_in_two_ways_is_one() {
        for (decomposed, composed) in [
            ("U\u{308}berweisung.md", "Überweisung.md"),
            ("か\u{3099}ん.md", "がん.md"),
            ("\u{1112}\u{1161}\u{11ab}.md", "한.md"),
        ] {
            assert_eq!(normalised(decomposed).as_deref(), Some(composed));
        }
    }

    #[test]
    fn other_names_are_refused() {
        for id in [
            "",
            " ",
            " a",
            "a\u{3000}",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a/.",
            "a\0b",
            "a\nb",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{2028}b",
            "a\u{fffd}b",
        ] {
            assert_eq!(normalised(id), None, "{id:?}");
        }
        assert_eq!(normalised(&"語".repeat(MAX_CHARS + 1)), None);
        assert_eq!(normalised(&"a".repeat(1 << 20)), None);
    }
}
