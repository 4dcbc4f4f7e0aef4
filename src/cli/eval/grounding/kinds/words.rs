//! Words and names that are replaced by others.

use super::super::edit::{find, pick, swap};
use super::super::lexicon::{ANTONYMS, Group};
use super::kind::{Kind, Meaning};

/// Endings of inflected words that an opposite takes over.
const ENDINGS: [&str; 4] = ["", "s", "ed", "ing"];

/// Replaces a name by another one of its group.
pub fn group(group: Group) -> Kind {
    Kind::of_sentence(&group.kind, Meaning::Changed, move |sentence| {
        let members = group.members.iter();
        let mut named = members.filter(|name| find(sentence, name).is_some());
        // The longest name, so that "blood thinner" is not read as "blood".
        let named = named.by_ref().max_by_key(|name| name.len())?;
        let plural = |name: &str| name.ends_with('s');
        let others: Vec<&String> = group
            .members
            .iter()
            .filter(|name| find(sentence, name).is_none() && plural(name) == plural(named))
            .collect();
        swap(sentence, named, pick(&others, sentence)?)
    })
}

pub fn kinds() -> Vec<Kind> {
    vec![
        Kind::of_sentence("antonym", Meaning::Changed, |sentence| {
            opposite(sentence, 0)
        }),
        Kind::of_sentence("antonym of a later word", Meaning::Changed, |sentence| {
            opposite(sentence, 1)
        }),
        Kind::of_sentence("negation added", Meaning::Changed, deny),
        Kind::of_sentence("negation removed", Meaning::Changed, affirm),
        Kind::of("word of the neighbour", Meaning::Changed, |subject, _| {
            let own = longest(&subject.sentence, "")?;
            let foreign = longest(&subject.neighbour, &subject.sentence)?;
            let row = subject.row.is_some();
            (!row).then(|| swap(&subject.sentence, &own, &foreign))?
        }),
        Kind::of(
            "word of another passage",
            Meaning::Changed,
            |subject, other| {
                let own = longest(&subject.sentence, "")?;
                let foreign = longest(&other?.sentence, &subject.sentence)?;
                let row = subject.row.is_some();
                (!row).then(|| swap(&subject.sentence, &own, &foreign))?
            },
        ),
    ]
}

/// Replaces the first or a later word that has an opposite.
fn opposite(sentence: &str, nth: usize) -> Option<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (one, other) in ANTONYMS.iter() {
        for ending in ENDINGS {
            for (from, to) in [(one, other), (other, one)] {
                let from = format!("{from}{ending}");
                if let Some(at) = find(sentence, &from) {
                    found.extend(
                        swap(sentence, &from, &format!("{to}{ending}")).map(|new| (at, new)),
                    );
                }
            }
        }
    }
    found.sort();
    found.dedup_by_key(|(at, _)| *at);
    found.into_iter().nth(nth).map(|(_, new)| new)
}

fn deny(sentence: &str) -> Option<String> {
    let verbs = [
        "is", "are", "can", "may", "must", "should", "will", "was", "were", "has", "have", "could",
    ];
    if find(sentence, "not").is_some() || find(sentence, "no").is_some() {
        return None;
    }
    let denied = verbs
        .iter()
        .find_map(|verb| swap(sentence, verb, &format!("{verb} not")));
    denied.or_else(|| {
        let orders = [
            "Take", "Use", "Call", "Ask", "Wash", "Keep", "Contact", "Tell", "Wear", "Check",
        ];
        let order = orders.iter().find(|verb| sentence.starts_with(*verb))?;
        swap(sentence, order, &format!("Do not {}", order.to_lowercase()))
    })
}

fn affirm(sentence: &str) -> Option<String> {
    let denials = [
        ("do not ", ""),
        ("does not ", ""),
        ("cannot", "can"),
        (" not ", " "),
        ("never ", ""),
        ("no ", "a "),
        ("without", "with"),
        ("none of", "all of"),
    ];
    denials.iter().find_map(|(from, to)| {
        let lower = sentence.to_lowercase();
        let at = lower.find(from).filter(|_| lower.len() == sentence.len())?;
        let whole = at == 0 || lower.get(..at)?.ends_with([' ', ',']) || from.starts_with(' ');
        let (before, after) = (sentence.get(..at)?, sentence.get(at + from.len()..)?);
        let text = format!("{before}{to}{after}");
        whole.then(|| super::super::edit::capital(&text))
    })
}

/// Returns the longest plain word that the other text lacks.
fn longest(sentence: &str, lacking: &str) -> Option<String> {
    sentence
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.len() > 4 && !shares_root(lacking, word))
        .max_by_key(|word| word.len())
        .map(str::to_lowercase)
}

/// Whether a text has a word with the same first letters.
fn shares_root(text: &str, word: &str) -> bool {
    let root: String = word.to_lowercase().chars().take(5).collect();
    let mut words = text.split(|c: char| !c.is_alphabetic());
    words.any(|other| other.to_lowercase().starts_with(&root))
}
