//! Pieces that no passage holds.

use super::super::edit::{bare, capital, cut, find, pick, small};
use super::super::lexicon::Inventions;
use super::kind::{Kind, Meaning};

pub fn kinds(data: Inventions) -> Vec<Kind> {
    additions(data).into_iter().chain(omissions()).collect()
}

fn additions(data: Inventions) -> Vec<Kind> {
    let append = |name: &str, pieces: Vec<String>| {
        Kind::of_sentence(name, Meaning::Changed, move |sentence| {
            let piece = pick(&pieces, sentence)?;
            (!sentence.contains(piece.as_str())).then(|| format!("{} {piece}.", bare(sentence)))
        })
    };
    let conditions = data.conditions.clone();
    vec![
        append("invention appended", data.appended),
        append("reason invented", data.reasons),
        append("purpose invented", data.purposes),
        append("exception added", data.exceptions),
        append("figure invented", data.figures),
        append("condition added", data.conditions),
        Kind::of_sentence(
            "condition put in front",
            Meaning::Changed,
            move |sentence| {
                let piece = pick(&conditions, sentence)?;
                let is_new = find(sentence, "if").is_none();
                is_new.then(|| format!("{}, {}", capital(piece), small(sentence)))
            },
        ),
        Kind::of_sentence("clause inserted", Meaning::Changed, move |sentence| {
            let (before, verb, after) = cut(sentence, &VERBS)?;
            let piece = pick(&data.inserted, sentence)?;
            Some(format!("{before}{piece} {verb} {after}"))
        }),
        Kind::of_sentence("adjective inserted", Meaning::Changed, move |sentence| {
            let word = pick(&data.words, sentence)?;
            let (before, article, after) =
                cut(sentence, &["the", "your", "a", "any", "with", "of"])?;
            (find(sentence, word).is_none()).then(|| format!("{before} {article} {word} {after}"))
        }),
    ]
}

fn omissions() -> Vec<Kind> {
    vec![
        Kind::of_sentence("condition dropped", Meaning::Changed, |sentence| {
            let (before, _, _) = cut(sentence, &["if", "when", "until", "while", "as long as"])?;
            enough(before)
        }),
        Kind::of_sentence("condition in front dropped", Meaning::Changed, |sentence| {
            let opened = ["If ", "When ", "Before ", "After ", "While ", "For "];
            opened
                .iter()
                .any(|word| sentence.starts_with(word))
                .then_some(())?;
            let (condition, main) = sentence.split_once(", ")?;
            (!condition.contains("example") && !condition.contains("information")).then_some(())?;
            enough(main)
        }),
        Kind::of_sentence("exception dropped", Meaning::Changed, |sentence| {
            let words = [
                "unless",
                "except",
                "apart from",
                "but not",
                "other than",
                "without",
            ];
            enough(cut(sentence, &words)?.0)
        }),
        Kind::of_sentence("limit of whom dropped", Meaning::Changed, |sentence| {
            let words = [
                "under",
                "over",
                "who",
                "with a",
                "aged",
                "older than",
                "younger than",
            ];
            let (before, _, after) = cut(sentence, &words)?;
            let verbs = ["must", "should", "can", "may", "is", "are", "have", "need"];
            let (_, verb, rest) = cut(after, &verbs)?;
            enough(&format!("{before} {verb} {rest}"))
        }),
    ]
}

/// Verbs before which a clause is inserted.
const VERBS: [&str; 14] = [
    "is", "are", "can", "may", "must", "should", "will", "was", "were", "has", "have", "causes",
    "affects", "includes",
];

/// A sentence with enough words to claim something.
fn enough(text: &str) -> Option<String> {
    let text = bare(text).trim_end_matches(',');
    (text.split_whitespace().count() >= 4).then(|| format!("{}.", capital(text)))
}
