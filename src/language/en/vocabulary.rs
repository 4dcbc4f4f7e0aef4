//! English words and their reduced forms.

use rust_stemmers::Algorithm;

use super::super::interface::Abbreviations;
use super::super::lists::Words;
use super::super::words::{Parts, Vocabulary};

/// Everyday words; see `names.rs`.
pub(super) const EVERYDAY: &str = include_str!("words/everyday.txt");

/// Words that say nothing about the topic. Negations are not among them.
const STOP_WORDS: &str = "a about after all also am an and any are as at be been before being but by \
    can could did do does for from get had has have he her him his how i if in into is it its just may \
    me might more most much my of on one or our out please s she should so some such t tell than that \
    the their them then there these they this those to up us very was we were what when where which \
    while who why will with would you your yours yourself";

/// Words that a question needs but its answer does not: how people ask, when, and for whom.
const ASKING: &str = "again allow brother count dad don early every father give given go \
    grandfather grandma grandmother grandpa happen here husband know let like ll long m many mean \
    mom morning mother mum must need night now often ok okay over put re right see sister soon \
    start still thing today tomorrow tonight too ve want wife yesterday yet";

/// Words of one topic: the representative, then the other words.
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
    ("photo", "photograph"),
    ("visit", "visitor"),
    ("foot", "feet"),
    ("bleed", "bled"),
    ("activity", "exercise active"),
    ("symptom", "sign"),
    ("year", "annual yearly"),
];

/// Endings that the stemmer leaves where words of one topic differ: "feverish", "allergi".
const ENDINGS: &[&str] = &["ish", "i"];

pub(super) fn words() -> Vocabulary {
    Vocabulary::of(Parts {
        algorithm: Algorithm::English,
        stop_words: Words::of(&[STOP_WORDS]),
        common: Words::of(&[EVERYDAY]),
        distinct: Words::of(&[include_str!("words/distinct.txt")]),
        asking: ASKING,
        synonyms: SYNONYMS,
        endings: ENDINGS,
    })
}

/// Includes abbreviations of other languages that occur in names of people and streets.
pub(super) fn abbreviations() -> Abbreviations {
    Abbreviations {
        always: Words::of(&[
            "dr mr mrs ms prof st vs e.g i.e eg ie cf incl z.b d.h bzw sra ggf evtl",
        ]),
        before_numbers: Words::of(&["no nos nr fig figs tel vol p pp art max min approx ca ext"]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{content_words, topic_words};
    use super::*;

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

    #[test]
    fn forms_of_a_word_meet() {
        let words = |text: &str| content_words(text).collect::<Vec<_>>();
        assert_eq!(words("preventing falls"), words("prevent a fall"));
        assert_eq!(words("visiting hours"), words("visit hour"));
        assert_eq!(words("The 2.5 mg dose"), ["2", "5", "mg", "dose"]);
    }

    #[test]
    fn a_name_keeps_the_letters_that_an_everyday_word_has_not() {
        let words = |text: &str| content_words(text).collect::<Vec<_>>();
        assert_ne!(words("scabies"), words("scabs"));
        assert_ne!(words("enteritis"), words("enter"));
        assert_eq!(words("ulcers"), words("an ulcer"));
    }
}
