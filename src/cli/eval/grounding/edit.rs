//! Edits of a sentence, word by word.

/// Returns the place of a phrase as whole words, whatever its case.
pub fn find(sentence: &str, phrase: &str) -> Option<usize> {
    let (lower, phrase) = (sentence.to_lowercase(), phrase.to_lowercase());
    if lower.len() != sentence.len() || phrase.trim().is_empty() {
        return None;
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let places = lower.match_indices(&phrase).map(|(at, _)| at);
    let mut whole = places.filter(|at| {
        let before = lower.get(..*at).and_then(|text| text.chars().next_back());
        let after = lower.get(at + phrase.len()..);
        let after = after.and_then(|text| text.chars().next());
        let starts = !phrase.starts_with(char::is_alphanumeric) || !is_word(before);
        let ends = !phrase.ends_with(char::is_alphanumeric) || !is_word(after);
        // "2" is no word of "2.5" or "11:20".
        let in_figure = phrase.ends_with(|c: char| c.is_ascii_digit())
            && lower.get(at + phrase.len()..).is_some_and(|rest| {
                let mut next = rest.chars();
                matches!(next.next(), Some('.' | ',' | ':'))
                    && next.next().is_some_and(|c| c.is_ascii_digit())
            });
        let behind_figure = phrase.starts_with(|c: char| c.is_ascii_digit())
            && matches!(before, Some('.' | ',' | ':'));
        starts && ends && !in_figure && !behind_figure
    });
    whole.next()
}

/// Replaces the first occurrence of a phrase; a capital stays.
pub fn swap(sentence: &str, from: &str, to: &str) -> Option<String> {
    let at = find(sentence, from)?;
    let old = sentence.get(at..at + from.len())?;
    let new = if old.starts_with(char::is_uppercase) {
        capital(to)
    } else {
        to.to_owned()
    };
    let (before, after) = (sentence.get(..at)?, sentence.get(at + from.len()..)?);
    let text = format!("{before}{new}{after}").replace("  ", " ");
    (text != sentence).then_some(text)
}

/// Returns the text with a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>());
    first.unwrap_or_default() + chars.as_str()
}

/// Returns the text with a small letter at its beginning, unless it begins with a name.
pub fn small(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().collect::<String>());
    let is_name = chars
        .as_str()
        .chars()
        .next()
        .is_some_and(char::is_uppercase);
    if is_name {
        return text.to_owned();
    }
    first.unwrap_or_default() + chars.as_str()
}

/// Returns a sentence without its last mark.
pub fn bare(sentence: &str) -> &str {
    sentence.trim_end_matches(['.', ';', ' '])
}

/// Cuts a sentence at the first of these words: what stands before it, the word, and the rest.
pub fn cut<'a>(
    sentence: &'a str,
    words: &[&'static str],
) -> Option<(&'a str, &'static str, &'a str)> {
    words.iter().find_map(|word| {
        let at = find(sentence, word)?;
        let before = sentence.get(..at)?.trim();
        let after = sentence.get(at + word.len()..)?.trim();
        (!before.is_empty() && !after.is_empty()).then_some((before, *word, after))
    })
}

/// Picks a member by the length of a text, so that the choice is the same in every run.
pub fn pick<'a, T>(from: &'a [T], text: &str) -> Option<&'a T> {
    let sum: usize = text.bytes().map(usize::from).sum();
    from.get(sum % from.len().max(1))
}
