//! The English signs of an emergency. Phrases are whole words in lower case, without apostrophes,
//! because many people omit them.

use super::super::interface::{Emergencies, Rule};
use super::super::lists::{Phrases, Words};
use super::questions;
use crate::domain::emergency::Category;

type Groups = &'static [&'static [&'static str]];

/// A sign that a negation cancels: "no chest pain".
fn rule(category: Category, groups: Groups) -> Rule {
    Rule {
        category,
        groups: groups.iter().map(|phrases| Phrases::of(phrases)).collect(),
        negation_is_a_sign: false,
    }
}

/// A sign that contains a negation, or counts in spite of one: "cant breathe".
fn sign(category: Category, groups: Groups) -> Rule {
    Rule {
        negation_is_a_sign: true,
        ..rule(category, groups)
    }
}

pub(super) fn emergencies() -> Emergencies {
    let rules = [
        suicidal_intent(),
        breathing(),
        unconsciousness(),
        stroke(),
        chest_pain(),
        anaphylaxis(),
        severe_bleeding(),
        overdose(),
    ];
    let whether = questions::WHETHER
        .into_iter()
        .flat_map(str::split_whitespace);
    let information = questions::INFORMATION.into_iter().chain(whether);
    let information: Vec<&str> = information.chain(["tell me", "explain"]).collect();
    Emergencies {
        rules: rules.into_iter().flatten().collect(),
        history: Phrases::of(&HISTORY),
        now: Phrases::of(&NOW),
        in_year: " in ",
        joins: Words::of(&["and but because so although though while then"]),
        prevention: Phrases::of(&PREVENTION),
        information: Phrases::of(&information),
        present: Phrases::of(&PRESENT),
    }
}

fn suicidal_intent() -> Vec<Rule> {
    vec![
        sign(
            Category::SuicidalIntent,
            &[&[
                "kill myself",
                "killing myself",
                "end my life",
                "ending my life",
                "take my own life",
                "want to die",
                "dont want to live",
                "do not want to live",
                "dont want to be alive",
                "better off dead",
                "hurt myself",
                "harm myself",
            ]],
        ),
        rule(
            Category::SuicidalIntent,
            &[
                &["suicidal", "commit suicide"],
                &["i", "im", "my", "he", "she", "hes", "shes"],
            ],
        ),
    ]
}

fn breathing() -> Vec<Rule> {
    vec![
        sign(
            Category::Breathing,
            &[&[
                "cant breathe",
                "cannot breathe",
                "can not breathe",
                "cant get air",
                "not breathing",
                "stopped breathing",
                "isnt breathing",
                "cant catch my breath",
                "cant breath",
            ]],
        ),
        rule(
            Category::Breathing,
            &[&[
                "struggling to breathe",
                "hard to breathe",
                "trouble breathing",
                "difficulty breathing",
                "gasping for",
                "is choking",
                "im choking",
                "am choking",
                "lips are blue",
                "turning blue",
                "too breathless to",
            ]],
        ),
    ]
}

fn unconsciousness() -> Vec<Rule> {
    vec![
        sign(
            Category::Unconsciousness,
            &[
                &[
                    "cant wake",
                    "cannot wake",
                    "wont wake",
                    "not waking",
                    "doesnt wake",
                    "does not respond",
                    "doesnt respond",
                    "not responding",
                    "isnt responding",
                    "is unresponsive",
                    "unconscious",
                    "hard to wake",
                ],
                &[
                    "my", "he", "she", "hes", "shes", "they", "is", "i", "him", "her",
                ],
            ],
        ),
        rule(
            Category::Unconsciousness,
            &[&[
                "passed out",
                "has collapsed",
                "collapsed and",
                "just collapsed",
                "having a seizure",
            ]],
        ),
    ]
}

fn stroke() -> Vec<Rule> {
    vec![
        sign(
            Category::Stroke,
            &[
                &["face", "faces", "mouth"],
                &[
                    "droop", "drooping", "drooped", "droops", "dropped", "numb", "lopsided",
                ],
            ],
        ),
        sign(
            Category::Stroke,
            &[
                &["arm", "arms", "leg", "one side", "left side", "right side"],
                &[
                    "cant lift",
                    "cannot lift",
                    "cant raise",
                    "cant move",
                    "cannot move",
                    "suddenly weak",
                    "gone numb",
                    "went numb",
                    "suddenly numb",
                    "paralysed",
                ],
            ],
        ),
        rule(
            Category::Stroke,
            &[&[
                "slurred speech",
                "slurring",
                "speech is slurred",
                "having a stroke",
                "speech has gone",
            ]],
        ),
    ]
}

fn chest_pain() -> Vec<Rule> {
    vec![
        rule(
            Category::ChestPain,
            &[
                &["chest"],
                &[
                    "pain",
                    "pains",
                    "hurts",
                    "hurting",
                    "crushing",
                    "tight",
                    "tightness",
                    "pressure",
                    "squeezing",
                ],
            ],
        ),
        rule(
            Category::ChestPain,
            &[&["having a heart attack", "heart has stopped"]],
        ),
    ]
}

fn anaphylaxis() -> Vec<Rule> {
    vec![
        rule(
            Category::Anaphylaxis,
            &[
                &["throat", "tongue", "lips", "face"],
                &["swelling", "swollen", "closing", "swelled", "swells"],
            ],
        ),
        rule(
            Category::Anaphylaxis,
            &[
                &["anaphylactic", "anaphylaxis", "severe allergic reaction"],
                &["i", "im", "is", "my", "he", "she", "having", "hes", "shes"],
            ],
        ),
    ]
}

fn severe_bleeding() -> Vec<Rule> {
    vec![sign(
        Category::SevereBleeding,
        &[
            &["bleeding", "blood"],
            &[
                "wont stop",
                "will not stop",
                "doesnt stop",
                "does not stop",
                "not stopping",
                "cant stop",
                "cannot stop",
                "heavily",
                "everywhere",
                "gushing",
                "spurting",
                "pouring",
                "vomiting",
                "coughing up",
                "soaked",
            ],
        ],
    )]
}

fn overdose() -> Vec<Rule> {
    vec![
        rule(
            Category::Overdose,
            &[
                &["swallowed", "took", "taken", "ate", "drank", "drunk"],
                &[
                    "bottle of pills",
                    "whole bottle of",
                    "too many",
                    "all my pills",
                    "all her pills",
                    "all his pills",
                    "all my tablets",
                    "bleach",
                    "poison",
                    "antifreeze",
                    "an overdose",
                    "button battery",
                    "whole packet",
                    "whole pack",
                    "drain cleaner",
                ],
            ],
        ),
        rule(
            Category::Overdose,
            &[&[
                "has overdosed",
                "i overdosed",
                "have overdosed",
                "is overdosing",
            ]],
        ),
    ]
}

const HISTORY: [&str; 6] = [
    "years ago",
    "year ago",
    "last year",
    "months ago",
    "when i was a child",
    "as a child",
];

const NOW: [&str; 9] = [
    "now", "i have", "ive", "im", "i am", "is", "are", "has", "having",
];

const PREVENTION: [&str; 6] = [
    "risk of",
    "risks of",
    "chance of",
    "chances of",
    "prevent",
    "preventing",
];

const PRESENT: [&str; 26] = [
    "my",
    "i have",
    "ive",
    "im",
    "i am",
    "he is",
    "she is",
    "hes",
    "shes",
    "he has",
    "she has",
    "right now",
    "i cant",
    "i cannot",
    "help",
    "this chest",
    "this pain",
    "this bleeding",
    "this swelling",
    "has collapsed",
    "just collapsed",
    "passed out",
    "wont stop",
    "will not stop",
    "not breathing",
    "ambulance",
];
