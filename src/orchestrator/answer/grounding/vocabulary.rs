//! The words that may differ between a sentence and the passage that supports it.
//!
//! A word of the sentence that the passage lacks is a suspect: a medicine, an illness or a group of
//! people may have been added. Two kinds of words are exempt: words that make no claim of their
//! own, and words that mean the same as a word of the passage.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::domain::words::content_words;

/// Words that add nothing to a statement: words for speaking about a text, politeness, fillers, and
/// verbs that need their object to say something.
const NEUTRAL: &str = "able above according additionally advice advise advised answer approximately around \
    based become becomes becoming below between both check detail document documents during each ensure especially every \
    example feel feeling follow following further general generally gets getting got guidance guide guideline here \
    however important include included includes including information instance kind know leaflet \
    listed make maximum mean means meaning mention mentioned mentions minimum must necessary need needed needing \
    needs normal normally note number once other ought over own particular passage passages patient patients \
    people per person point points possible question recommend recommendation recommended refer \
    regarding remember require required requires roughly same say says section several sheet show \
    shows someone somebody source sources state stated states step steps suggest suggested \
    summary sure therefore thing things though through time times tip tips too try type under usual \
    usually way ways well within";

/// Words with one meaning: a claim may use one where the passage has another.
const SYNONYMS: &[&str] = &[
    "able can allow allowed permit permitted",
    "adult adults grownup grownups",
    "anaesthetic anesthetic",
    "ask speak talk consult contact discuss",
    "attend attending come coming visit visiting",
    "baby babies infant infants newborn newborns",
    "begin begins began beginning start starts started starting",
    "belly tummy stomach abdomen",
    "breathe breath breathing",
    "bring brings bringing brought",
    "buy buys buying bought purchase purchased",
    "call calling phone phoning ring telephone",
    "child children kid kids",
    "day days daily",
    "diarrhoea diarrhea",
    "doctor doctors gp physician",
    "drink drinks drinking drank drunk",
    "eat eats eating ate eaten",
    "faeces poo stool stools",
    "fall falls fell fallen falling",
    "feet foot",
    "forget forgets forgot forgotten miss missed misses",
    "give gives giving gave given offer offers offered provide provided provides",
    "go goes going went gone",
    "have has had",
    "help helps helping assist assists",
    "hold holds holding held",
    "house home",
    "hurt hurts hurting pain painful pains ache aches aching sore",
    "immediately promptly straightaway instantly",
    "increase increases increased increasing raise raises raising raised",
    "decrease decreases decreased decreasing reduce reduces reduced reducing",
    "keep keeps keeping kept leave leaves leaving left remain remains remaining",
    "last lasts lasting",
    "medicine medicines medication medications",
    "month months monthly",
    "next beside near nearby adjacent",
    "operation operations surgery",
    "pee urinate urine",
    "pick picks picking",
    "pregnant pregnancy",
    "prescribe prescribed prescribes prescription",
    "rest resting",
    "run runs ran running",
    "sign signs symptom symptoms",
    "sick vomit vomiting vomits vomited",
    "small little",
    "stay stays staying stayed",
    "swell swells swelling swollen",
    "tell tells told inform informs informed let notify report reports",
    "use uses used using take takes took taken taking",
    "wash washes washing clean cleans cleaning",
    "week weeks weekly",
    "year years yearly annual annually",
];

/// Phrases with one meaning, longest first.
pub(super) const PHRASES: &[(&str, &str)] = &[
    ("straight away", "immediately"),
    ("right away", "immediately"),
    ("at once", "immediately"),
    ("as soon as possible", "immediately"),
    ("go away", "settle"),
    ("goes away", "settles"),
    ("and so on", ""),
    ("for example", "such as"),
    ("e.g.", "such as"),
    ("such as", ""),
    ("free of symptoms", "symptom free"),
    ("on your own", "alone"),
    ("by yourself", "alone"),
    ("in order to", "to"),
    ("makes sure", "ensures"),
    ("make sure", "ensure"),
];

/// Endings of derived words.
const ENDINGS: [&str; 32] = [
    "", "e", "y", "i", "t", "d", "ic", "al", "ly", "ily", "ant", "ent", "ancy", "ency", "ance",
    "ence", "cy", "ce", "ion", "ation", "tion", "ment", "er", "or", "ness", "ive", "ous", "ity",
    "able", "ible", "ing", "ial",
];
/// Shorter stems are shared by chance.
const MIN_STEM: usize = 5;

/// Words that [`Claim`](super::claim::Claim) compares by their own rules.
const COMPARED: &str =
    "except excluding neither never no nobody none nor not nothing unless without";

static NEUTRAL_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    content_words(NEUTRAL)
        .chain(content_words(COMPARED))
        .collect()
});

static MEANINGS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut meanings = HashMap::new();
    for group in SYNONYMS {
        let Some(one) = content_words(group).next() else {
            continue;
        };
        for word in content_words(group) {
            meanings.entry(word).or_insert_with(|| one.clone());
        }
    }
    meanings
});

/// Returns the meaningful words of a lower-case text, with one word for each meaning.
pub(super) fn meaningful(text: &str) -> impl Iterator<Item = String> + '_ {
    content_words(text).map(|word| MEANINGS.get(&word).cloned().unwrap_or(word))
}

/// Whether the word makes no claim of its own.
pub(super) fn is_neutral(word: &str) -> bool {
    NEUTRAL_WORDS.contains(word)
}

/// Whether the words of a passage contain this one, or a form derived from the same stem.
pub(super) fn holds(words: &HashSet<String>, word: &str) -> bool {
    words.contains(word) || words.iter().any(|other| is_akin(other, word))
}

/// Accepts "allergy" and "allergic", or "regular" and "regularly"; not "prednisone" and
/// "prednisolone".
fn is_akin(one: &str, other: &str) -> bool {
    let shared: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let rest = |word: &str| {
        word.get(shared..)
            .is_some_and(|rest| ENDINGS.contains(&rest))
    };
    shared >= MIN_STEM && rest(one) && rest(other)
}
