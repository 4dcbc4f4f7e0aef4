//! The English words that name something, and the names that mean the same.
//!
//! `everyday.txt` contains everyday English words without the names of illnesses, medicines,
//! animals and foods. `exact.txt` contains the names that a spelling mistake could turn into
//! another word, and `distinct.txt` the names with the stem of an everyday word.
//! `scripts/support/words.py` makes these files from `WordNet` 3.1 (its licence is beside them) and
//! the names of `DrugBank`'s open vocabulary (CC0).

use super::super::interface::Names;
use super::super::lists::{Replacements, Stems, Words};
use super::super::words::Vocabulary;
use super::vocabulary::EVERYDAY;

const RIVALS: &[&[&str]] = &[
    &[
        "knee", "hip", "shoulder", "elbow", "wrist", "ankle", "foot", "toe", "finger", "thumb",
        "eye", "ear", "nose", "throat", "tooth", "heart", "lung", "liver", "kidney", "bladder",
        "bowel", "womb", "prostate", "thyroid", "brain", "spine",
    ],
    &["north", "south", "east", "west"],
    &["upper", "lower"],
    &["adult", "child"],
];

/// People's words, each with the words of which a leaflet uses one instead.
const ALIASES: &[(&str, &str)] = &[
    ("acetaminophen", "paracetamol"),
    ("adrenaline", "epinephrine"),
    ("albuterol", "salbutamol"),
    ("anticoagulant", "thinner"),
    ("anticoagulants", "thinner"),
    ("beer", "alcohol"),
    ("chickenpox", "varicella"),
    ("flu", "influenza"),
    ("hep", "hepatitis"),
    ("icu", "intensive"),
    ("pep", "prophylaxis"),
    ("shingles", "zoster"),
    ("whisky", "alcohol"),
    ("whooping", "pertussis"),
    ("wine", "alcohol"),
];

/// Past forms of everyday verbs, which the list of everyday words leaves out.
const PAST: &str = "ate became been began begun bent bit bitten blew bled broke broken brought built \
    burnt came caught chose chosen dealt done drank drawn drew driven drove drunk eaten fallen fed \
    fell felt fought found froze frozen gave given gone got grew grown heard held hid hidden hung \
    hurt kept knew known laid led left lost made meant met paid ran rang risen rode rose said sat \
    saw seen sent shook shown shut slept sold spent spoke spoken stole stolen stood struck stuck \
    stung swam swept swollen taken taught thought threw thrown told took tore torn understood went \
    woke woken won wore worn written wrote";

/// The part of a word that a hyphen cuts off: "non-toxic".
const PARTS: &str = "non anti multi semi";

const ENDINGS: &[&str] = &[
    "fulness", "ability", "iness", "ation", "able", "ment", "ness", "less", "like", "ful", "est",
    "ily", "ier", "ish", "ly", "er", "y",
];

const BEGINNINGS: &[&str] = &["re", "un", "non", "over", "under", "mis", "out"];

const FORMS: &[&str] = &[
    "", "a", "al", "ancy", "ant", "c", "cs", "cy", "ed", "ent", "es", "i", "ia", "ic", "ics",
    "ies", "in", "ing", "ion", "ious", "ive", "s", "si", "sy", "t", "tic", "ts", "ve", "y",
];

/// American spellings, or spellings by sound, with the British ones.
const SPELLINGS: &[(&str, &str)] = &[
    ("ae", "e"),
    ("oe", "e"),
    ("our", "or"),
    ("ph", "f"),
    ("yse", "yze"),
    ("ise", "ize"),
];

pub(super) fn names(words: &Vocabulary) -> Names {
    let everyday = Words::of(&[EVERYDAY, PAST, PARTS]);
    let exact = include_str!("words/exact.txt").lines();
    Names {
        everyday_stems: Stems::of(everyday.iter().map(|word| words.stem(word))),
        everyday,
        exact: exact
            .flat_map(|name| [words.stem(name), name.to_owned()])
            .collect(),
        beginnings: BEGINNINGS,
        endings: ENDINGS,
        places: Words::of(&[
            "block building centre center clinic court house lodge suite unit ward wing",
        ]),
        any_place: Words::of(&[
            "another busy big clean every hospital local main nearest new next open other own",
            "same small whole",
        ]),
        procedures: Words::of(&[
            "biopsy bypass op operation removal repair replacement scan scope surgery transplant",
            "vaccination vaccine",
        ]),
        any_procedure: Words::of(&[
            "another big day early emergency first hospital keyhole last late major minor new",
            "next open other own planned private same second small urgent whole",
        ]),
        before_amounts: Words::of(&[
            "about above after age aged another around at before below between birth by day days",
            "every for from hour hours in last least least less maximum minimum minutes month",
            "months more most next of on only over past phone since telephone than the time times",
            "to under until up week weeks within year years",
        ]),
        after_amounts: Words::of(&[
            "am cm day days degree degrees g gram grams hour hours hr hrs kg litre litres lb mcg",
            "mg microgram micrograms milligram milligrams min mins minute minutes ml mm month",
            "months old per percent pm puff puffs second seconds tablet tablets time times unit",
            "units week weeks year years",
        ]),
        rivals: RIVALS,
        aliases: ALIASES,
        spellings: Replacements::of(SPELLINGS),
        forms: FORMS,
    }
}
