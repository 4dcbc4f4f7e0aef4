//! Words that carry meaning, for comparing a question, an answer and a passage.

use std::collections::HashMap;
use std::sync::LazyLock;

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

/// Words of one meaning: one for all, then what else people say.
const SYNONYMS: &[(&str, &str)] = &[
    ("operation", "op surgery surgical surgeon"),
    ("doctor", "gp physician"),
    ("medicine", "tablet pill drug medication med meds"),
    (
        "child",
        "children kid son daughter baby babies toddler boy girl",
    ),
    ("wash", "clean"),
    ("fall", "fell fallen"),
    ("sugar", "glucose"),
    ("dressing", "bandage plaster"),
    ("miss", "forget forgot forgotten"),
    ("injection", "jab shot"),
    ("day", "daily"),
    ("phone", "telephone"),
    ("visit", "visitor"),
    ("foot", "feet"),
    ("bleed", "bled"),
    ("activity", "exercise active"),
    ("symptom", "sign"),
    ("year", "annual yearly"),
];

/// Words that a question needs and its answer does not: how people ask, when, and for whom.
const ASKING: &str = "again allow brother count dad don early every father give given go \
    grandfather grandma grandmother grandpa happen here husband know let like ll long m many mean \
    mom morning mother mum must need night now often ok okay over put re right see sister soon \
    start still thing today tomorrow tonight too ve want wife yesterday yet";

/// What a reduced word counts as: nothing if it only asks, else the word that stands for it.
static TOPICS: LazyLock<HashMap<String, Option<String>>> = LazyLock::new(|| {
    let reduced = |word: &str| without_suffix(&stem(word)).to_owned();
    let asking = ASKING.split_whitespace().map(|word| (reduced(word), None));
    let synonyms = SYNONYMS.iter().flat_map(|(one, others)| {
        let others = others.split_whitespace();
        others.map(move |other| (reduced(other), Some(reduced(one))))
    });
    asking.chain(synonyms).collect()
});

/// The content words that tell the topic, with words of one meaning made equal. For finding and
/// weighing text; too coarse for checking what a text claims.
pub fn topic_words(text: &str) -> impl Iterator<Item = String> + '_ {
    content_words(text).filter_map(|word| {
        let word = without_suffix(&word);
        match TOPICS.get(word) {
            Some(topic) => topic.clone(),
            None => Some(word.to_owned()),
        }
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

    #[test]
    fn what_people_say_meets_what_leaflets_say() {
        let words = |text: &str| topic_words(text).collect::<Vec<_>>();
        for (one, others) in SYNONYMS {
            for other in others.split_whitespace() {
                assert_eq!(words(other), words(one), "{other}");
            }
        }
        assert!(words(ASKING).is_empty());
        assert_eq!(words("When is my op?"), words("your operations"));
        assert_eq!(words("is it infected?"), words("an infection"));
    }
}
