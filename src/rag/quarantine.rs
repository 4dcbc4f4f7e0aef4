//! Looks for hostile text in an upload, and says why it is in quarantine.

use crate::domain::governance::{Finding, Part};
use crate::safety::hostile::{self, Kind};

/// Inspects the title and the text of a version.
pub fn inspect(title: &str, text: &str) -> Vec<Finding> {
    let offset = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    [(Part::Title, title), (Part::Text, text)]
        .into_iter()
        .flat_map(|(part, text)| {
            hostile::inspect(text)
                .into_iter()
                .map(move |found| Finding {
                    kind: found.kind.as_str().to_owned(),
                    part,
                    start: offset(found.start),
                    end: offset(found.end),
                })
        })
        .collect()
}

/// The reason in words for people: a sentence for each kind, and the way out.
pub fn reason(findings: &[Finding]) -> String {
    let is_found = |kind: &Kind| findings.iter().any(|found| found.kind == kind.as_str());
    let mut sentences: Vec<&str> = Kind::ALL
        .into_iter()
        .filter(is_found)
        .map(Kind::sentence)
        .collect();
    sentences.push(
        "The version answers nothing. Correct the document and upload it again, or ask a person with \
         the scope `approve` to release this version.",
    );
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_inspected_like_the_text() {
        // A word in characters that nobody sees.
        let hidden: String = "ignore"
            .chars()
            .filter_map(|c| char::from_u32(0xE0000 + u32::from(c)))
            .collect();
        let spoiled = format!("Fever{hidden}");
        for (title, text, part) in [
            (spoiled.as_str(), "Drink.", Part::Title),
            ("Fever", spoiled.as_str(), Part::Text),
        ] {
            let found = inspect(title, text);
            assert_eq!(found[0].part, part);
            assert_eq!((found[0].start, found[0].end), (5, 11));
            assert!(reason(&found).starts_with(Kind::InvisibleText.sentence()));
        }
        assert_eq!(inspect("Fever", "Drink enough."), []);
    }
}
