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

/// Words of one meaning, as [`topic_words`] has them: one for all, then what else people say.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("operat", &["op", "surgery", "surg", "surgeon"]),
    ("doctor", &["gp", "physician"]),
    ("medicin", &["tablet", "pill", "drug", "medic", "med"]),
    (
        "child",
        &[
            "children", "kid", "son", "daughter", "baby", "babi", "toddler", "boy", "girl",
        ],
    ),
    ("wash", &["clean"]),
    ("fall", &["fell", "fallen"]),
    ("sugar", &["glucos"]),
    ("dress", &["bandag", "plaster"]),
    ("miss", &["forget", "forgot", "forgotten"]),
    ("inject", &["jab", "shot"]),
    ("day", &["daily"]),
    ("phon", &["telephon"]),
    ("visit", &["visitor"]),
    ("foot", &["feet"]),
    ("bleed", &["bled"]),
    ("activity", &["exercis", "activ"]),
    ("symptom", &["sign"]),
    ("year", &["annu", "yearly"]),
];

/// Words that a question needs and its answer does not, after stemming: how people ask, when, and
/// for whom.
const ASKING: [&str; 58] = [
    "again",
    "allow",
    "brother",
    "count",
    "dad",
    "don",
    "early",
    "every",
    "father",
    "giv",
    "given",
    "go",
    "grandfather",
    "grandma",
    "grandmother",
    "grandpa",
    "happen",
    "her",
    "here",
    "husband",
    "know",
    "let",
    "like",
    "ll",
    "long",
    "m",
    "many",
    "mean",
    "mom",
    "morn",
    "mother",
    "mum",
    "must",
    "need",
    "night",
    "now",
    "often",
    "ok",
    "okay",
    "over",
    "put",
    "re",
    "right",
    "see",
    "sister",
    "soon",
    "start",
    "still",
    "thing",
    "today",
    "tomorrow",
    "tonight",
    "too",
    "ve",
    "want",
    "wif",
    "yesterday",
    "yet",
];

/// The content words, with words of one meaning made equal. For finding and weighing text;
/// too coarse for checking what a text claims.
pub fn topic_words(text: &str) -> impl Iterator<Item = String> + '_ {
    let topical = |word: &String| ASKING.binary_search(&word.as_str()).is_err();
    content_words(text).filter(topical).map(|word| {
        let word = without_suffix(&word);
        SYNONYMS
            .iter()
            .find(|(_, others)| others.contains(&word))
            .map_or(word, |(one, _)| one)
            .to_owned()
    })
}

/// Removes the endings that make a word of another kind: "infection", "dissolvable", "feverish".
fn without_suffix(word: &str) -> &str {
    ["ation", "able", "ion", "ish", "ic", "al"]
        .into_iter()
        .find_map(|suffix| word.strip_suffix(suffix).filter(|rest| rest.len() >= 4))
        .unwrap_or(word)
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
