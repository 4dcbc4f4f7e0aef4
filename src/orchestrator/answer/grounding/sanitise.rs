//! Removes what no reader must get: markup, and links and contact data that the cited passages do
//! not contain. Every surface shows the same sentences, so this is the only place.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use unicode_normalization::UnicodeNormalization;

use crate::language::spoken;

/// Fewer digits are no telephone number.
const MIN_PHONE_DIGITS: usize = 6;
/// A shorter word is no account, card or wallet.
const MIN_ACCOUNT: usize = 15;
/// The fewest letters, and the fewest digits, of an account or wallet.
const MIN_OF_EACH: usize = 2;

/// Returns the text of a sentence without markup: a link becomes its text, emphasis becomes its
/// words, and images and HTML disappear.
pub(super) fn without_markup(text: &str) -> String {
    // A word in front keeps "5. May" from being parsed as the fifth item of a list.
    let probe = format!("a {}", text.trim());
    let mut kept = String::new();
    // Images, struck words, scripts and styles say nothing.
    let mut silent = 0_usize;
    for event in Parser::new_ext(&probe, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Image { .. } | Tag::Strikethrough) => silent += 1,
            Event::End(TagEnd::Image | TagEnd::Strikethrough) => silent = silent.saturating_sub(1),
            Event::InlineHtml(tag) | Event::Html(tag) => {
                let tag = tag.to_lowercase();
                if tag.starts_with("<script") || tag.starts_with("<style") {
                    silent += 1;
                } else if tag.starts_with("</script") || tag.starts_with("</style") {
                    silent = silent.saturating_sub(1);
                } else {
                    kept.push(' ');
                }
            }
            Event::SoftBreak | Event::HardBreak => kept.push(' '),
            Event::Text(text) | Event::Code(text) if silent == 0 => kept.push_str(&text),
            _ => {}
        }
    }
    let kept = kept.strip_prefix('a').unwrap_or(&kept).to_owned();
    let words: Vec<&str> = kept.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Whether a client that renders Markdown would show a link, an image or HTML in the text. A bare
/// address is none.
pub(super) fn has_markup(text: &str) -> bool {
    let is_bare = |kind| matches!(kind, LinkType::Autolink | LinkType::Email);
    Parser::new(&format!("a {}", text.trim())).any(|event| match event {
        Event::Start(Tag::Link { link_type, .. }) => !is_bare(link_type),
        Event::Start(Tag::Image { .. }) | Event::InlineHtml(_) | Event::Html(_) => true,
        _ => false,
    })
}

/// Returns a text in lower case, with ordinary letters for those that look like them.
fn ordinary(text: &str) -> String {
    if text.is_ascii() {
        return text.to_lowercase();
    }
    text.nfkc().collect::<String>().to_lowercase()
}

/// Whether the text contains markup, or contact data that no passage contains.
pub(super) fn has_foreign_contact(text: &str, passages: &[&str]) -> bool {
    let known: Vec<String> = passages.iter().map(|text| ordinary(text)).collect();
    let lower = ordinary(text);
    let is_known = |part: &str| known.iter().any(|passage| passage.contains(part));
    let numbers: Vec<String> = known.iter().flat_map(|passage| phones(passage)).collect();
    tags(&lower).any(|tag| !is_known(tag))
        || tokens(&lower).any(|word| {
            (is_address(word) || is_account(word))
                && !known
                    .iter()
                    .any(|passage| tokens(passage).any(|other| other == word))
        })
        || phones(&lower).iter().any(|phone| !numbers.contains(phone))
        || streets(&lower).iter().any(|street| {
            let mut known = known.iter();
            !known.any(|passage| streets(passage).contains(street))
        })
}

/// Returns the words between spaces, without the marks around them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '"' | ','))
        .map(|word| word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@'))
        .map(|word| word.trim_end_matches(|c: char| !c.is_alphanumeric()))
}

/// Returns every `<` that could begin a tag, up to its end.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('<').filter_map(|(at, _)| {
        let tag = text.get(at..)?;
        let begins = |c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?');
        tag.get(1..)?.starts_with(begins).then_some(())?;
        Some(tag.split_inclusive('>').next().unwrap_or(tag))
    })
}

/// Whether a word is an address: `a@b.org`, `@name`, `www.b.org`, `b.org/c`.
fn is_address(word: &str) -> bool {
    if word.contains("://") || word.starts_with("www.") || word.contains('@') {
        return true;
    }
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        label.chars().count() >= 2 && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    labels.len() >= 2
        && labels.iter().all(is_label)
        && labels
            .last()
            .is_some_and(|last| last.chars().all(char::is_alphabetic))
}

/// Whether a word is the number of an account or a wallet: long, of letters and digits.
fn is_account(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    digits + letters >= MIN_ACCOUNT
        && digits + letters == word.chars().count()
        && digits.min(letters) >= MIN_OF_EACH
}

/// Returns the digits of possible telephone numbers.
fn phones(text: &str) -> Vec<String> {
    let joins = |c: char| {
        matches!(
            c,
            ' ' | '\u{a0}' | '-' | '‑' | '–' | '.' | '/' | '(' | ')' | '+'
        )
    };
    text.split(|c: char| !c.is_ascii_digit() && !joins(c))
        .map(|run| run.chars().filter(char::is_ascii_digit).collect::<String>())
        .filter(|digits| digits.len() >= MIN_PHONE_DIGITS)
        .collect()
}

/// Finds addresses such as "221 baker street": a number, up to three words and a word for a street,
/// in either order.
fn streets(text: &str) -> Vec<String> {
    let phrasing = &spoken().phrasing;
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '.'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_number =
        |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().count() <= 5;
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let mut endings = phrasing.street_endings.iter();
        let is_street =
            phrasing.streets.contains(word) || endings.any(|ending| word.ends_with(ending));
        if !is_street {
            continue;
        }
        let before = words.get(at.saturating_sub(4)..at).unwrap_or_default();
        if let Some(number) = before.iter().rposition(|word| is_number(word)) {
            found.push(
                [before.get(number..).unwrap_or_default(), &[*word]]
                    .concat()
                    .join(" "),
            );
        }
        let after = words.get(at + 1..at + 5).or_else(|| words.get(at + 1..));
        let after = after.unwrap_or_default();
        if let Some(number) = after.iter().position(|word| is_number(word)) {
            found.push(
                [&[*word], after.get(..=number).unwrap_or_default()]
                    .concat()
                    .join(" "),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_only_its_words() {
        for (text, words) in [
            ("**Rest** well, *please*.", "Rest well, please."),
            (
                "See [the leaflet](https://evil.example).",
                "See the leaflet.",
            ),
            ("Rest ![a](data:image/png;base64,AA) well", "Rest well"),
            ("<b>Rest</b> <img src=x onerror=alert(1)>well", "Rest well"),
            ("<script>alert(\"a\")</script>Rest well", "Rest well"),
            (
                "Rest <https://evil.example/a> well",
                "Rest https://evil.example/a well",
            ),
            ("`Rest` ~~never~~ well", "Rest well"),
            ("5. May is a day", "5. May is a day"),
            (
                "if a < b, 2 * 3 * 4 and snake_case_word",
                "if a < b, 2 * 3 * 4 and snake_case_word",
            ),
            ("[the leaflet]", "[the leaflet]"),
        ] {
            assert_eq!(without_markup(text), words, "{text}");
        }
    }

    #[test]
    fn markup_in_a_quoted_line_is_seen() {
        for text in [
            "See [here](https://evil.example)",
            "![a](https://evil.example/a.png)",
            "<b>Rest</b>",
            "Rest <img src=x>",
        ] {
            assert!(has_markup(text), "{text}");
        }
        for text in [
            "See https://clinic.example or <https://clinic.example>",
            "if a < b, 2 * 3 and [the leaflet]",
            "**Rest**",
        ] {
            assert!(!has_markup(text), "{text}");
        }
    }

    #[test]
    fn contacts_must_stand_in_the_passage() {
        let passage = "Call 0800 123-456 or write to ward@clinic.example, 12 Mill Road. \
            See www.clinic.example/visit. Doses: 1,000 mg, 11:00 to 20:00, <img src=x>.";
        let foreign = |text: &str| has_foreign_contact(text, &[passage]);
        for text in [
            "Call 0800 123 456.",
            "Write to ward@clinic.example or 12 Mill Road.",
            "See www.clinic.example/visit.",
            "From 11:00 to 20:00 take 1,000 mg, e.g. at 2.30 pm.",
            "Show <img src=x>.",
            "If a < b",
        ] {
            assert!(!foreign(text), "{text}");
        }
        for text in [
            "Call 0800 123 457.",
            "Call +44 20 7946 0958.",
            "Write to nurse@clinic.example.",
            "See clinic.example.",
            "See evil.example/a.",
            "See https://evil.example.",
            "Come to 221 Baker Street.",
            "Come to Hauptstraße 5.",
            "Show <img src=y>.",
            "Show <a href=",
            "Write to ｎｕｒｓｅ＠clinic.example.",
            "See ｗｗｗ．evil．example.",
            "Ask @fast_help.",
            "Use card 4111 1111 1111 1111.",
            "Pay to DE89 3704 0044 0532 0130 00.",
            "Pay to DE89370400440532013000.",
            "Pay to bc1qxy2kgdygjrsqtzq2n0yrf2493p83.",
        ] {
            assert!(foreign(text), "{text}");
        }
    }
}
