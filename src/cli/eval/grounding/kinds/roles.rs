//! Parts of sentences that change places.

use super::super::edit::{bare, capital, cut, find, small};
use super::kind::{Kind, Meaning};

/// Verbs whose sides must not be exchanged.
const VERBS: [&str; 30] = [
    "causes",
    "cause",
    "affects",
    "affect",
    "prevents",
    "prevent",
    "treats",
    "leads to",
    "lead to",
    "includes",
    "include",
    "contains",
    "increases",
    "raises",
    "reduces",
    "lowers",
    "needs",
    "requires",
    "produces",
    "helps",
    "shows",
    "removes",
    "results from",
    "is caused by",
    "can cause",
    "may cause",
    "is part of",
    "develops from",
    "must stay with",
    "is more common than",
];

pub fn kinds() -> Vec<Kind> {
    let within = within_a_sentence().into_iter();
    within.chain(between_sentences()).collect()
}

fn within_a_sentence() -> Vec<Kind> {
    vec![
        Kind::of_sentence("sides of a verb exchanged", Meaning::Changed, |sentence| {
            let (left, verb, right) = cut(sentence, &VERBS)?;
            let fits = !left.contains(',') && right.split_whitespace().count() <= 12;
            let right = bare(right);
            fits.then(|| format!("{} {verb} {}.", capital(right), small(left)))
        }),
        Kind::of_sentence("sides of is exchanged", Meaning::Changed, |sentence| {
            let (left, verb, right) = cut(
                sentence,
                &[
                    "before",
                    "after",
                    "instead of",
                    "rather than",
                    "than",
                    "until",
                ],
            )?;
            let words = |text: &str| text.split_whitespace().count();
            (words(left) >= 3 && words(right) >= 2)
                .then(|| format!("{} {verb} {}.", capital(bare(right)), small(left)))
        }),
        Kind::of_sentence("two nouns exchanged", Meaning::Changed, |sentence| {
            let (left, joint, right) =
                cut(sentence, &["with", "for", "from", "in", "of", "to", "by"])?;
            let one = left.split(' ').next_back().filter(|word| is_noun(word))?;
            let skipped = ["the", "a", "an", "your", "their", "its"];
            let other = right
                .split([' ', ',', '.'])
                .find(|word| !skipped.contains(word))?;
            let other = Some(other).filter(|word| is_noun(word) && *word != one)?;
            let left = left.strip_suffix(one)?;
            let (between, after) = right.split_once(other)?;
            Some(format!("{left}{other} {joint} {between}{one}{after}"))
        }),
    ]
}

fn between_sentences() -> Vec<Kind> {
    vec![
        Kind::of(
            "subject of the neighbour",
            Meaning::Changed,
            |subject, _| transplant(&subject.sentence, &subject.neighbour),
        ),
        Kind::of(
            "subject of another passage",
            Meaning::Changed,
            |subject, other| transplant(&subject.sentence, &other?.sentence),
        ),
        Kind::of(
            "link between passages invented",
            Meaning::Changed,
            |subject, other| {
                let (one, two) = (&subject.sentence, &other?.sentence);
                let fits =
                    one.len() + two.len() < 220 && subject.row.is_none() && other?.row.is_none();
                fits.then(|| format!("Because {}, {}", small(bare(one)), small(two)))
            },
        ),
        Kind::of(
            "link between neighbours invented",
            Meaning::Changed,
            |subject, _| {
                let (one, two) = (&subject.sentence, &subject.neighbour);
                let fits = one.len() + two.len() < 220 && one != two && !two.is_empty();
                let fits =
                    fits && find(one, "|").is_none() && !two.contains('|') && !one.contains('|');
                fits.then(|| format!("{}, so {}", bare(one), small(two)))
            },
        ),
    ]
}

fn is_noun(word: &str) -> bool {
    let others = [
        "which", "these", "those", "some", "most", "often", "about", "need", "this", "that",
        "what", "their", "your", "able", "used", "each", "have", "been",
    ];
    let lower = word.to_lowercase();
    word.len() > 3 && word.chars().all(char::is_alphabetic) && !others.contains(&lower.as_str())
}

/// Gives a sentence the subject of another one.
fn transplant(sentence: &str, other: &str) -> Option<String> {
    let verbs = [
        "is", "are", "can", "may", "must", "should", "will", "has", "have", "was",
    ];
    let (own, verb, rest) = cut(sentence, &verbs)?;
    let (foreign, _, _) = cut(other, &verbs)?;
    let short = |text: &str| text.split_whitespace().count() <= 5;
    let named = |text: &str| {
        let pointing = [
            "it", "this", "you", "they", "these", "there", "that", "if", "when", "we", "he", "she",
        ];
        let mut words = text.split(|c: char| !c.is_alphabetic());
        !words.any(|word| pointing.contains(&word.to_lowercase().as_str()))
    };
    let same = own.to_lowercase() == foreign.to_lowercase();
    (short(own) && short(foreign) && named(foreign) && !same && !sentence.contains('|'))
        .then(|| format!("{} {verb} {rest}", capital(foreign)))
}
