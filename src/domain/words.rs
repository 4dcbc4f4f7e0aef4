//! Words that carry meaning, for comparing a question, an answer and a passage.

/// English words that say nothing about the topic. Negations are not among them.
const STOP_WORDS: [&str; 96] = [
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "been", "before", "being", "but", "by", "can", "could", "did", "do", "does", "for", "from",
    "get", "had", "has", "have", "he", "her", "him", "his", "how", "i", "if", "in", "into", "is",
    "it", "its", "just", "may", "me", "might", "more", "most", "much", "my", "of", "on", "one",
    "or", "our", "out", "please", "s", "she", "should", "so", "some", "such", "t", "tell", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "up",
    "us", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "why",
    "will", "with", "would", "you", "your", "yours", "yourself",
];

/// The words of a text, lower case, without stop words, with plain English endings removed so
/// that "hours" meets "hour". Numbers stay as they are.
pub fn content_words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| STOP_WORDS.binary_search(&word.as_str()).is_err())
        .map(|word| stem(&word))
}

/// Removes the endings that differ most often between a question and an answer.
fn stem(word: &str) -> String {
    let shorter = [
        ("ies", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("ed", ""),
        ("es", "e"),
        ("s", ""),
    ]
    .into_iter()
    .find_map(|(ending, instead)| {
        let rest = word.strip_suffix(ending)?;
        (rest.chars().count() >= 3 && !rest.ends_with('s') || ending == "sses")
            .then(|| format!("{rest}{instead}"))
    })
    .unwrap_or_else(|| word.to_owned());
    match shorter.strip_suffix('e') {
        Some(rest) if rest.chars().count() >= 3 => rest.to_owned(),
        _ => shorter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn forms_of_a_word_meet() {
        let words = |text: &str| content_words(text).collect::<Vec<_>>();
        assert_eq!(words("preventing falls"), words("prevent a fall"));
        assert_eq!(words("visiting hours"), words("visit hour"));
        assert_eq!(words("The 2.5 mg dose"), ["2", "5", "mg", "dos"]);
    }
}
