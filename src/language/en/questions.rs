//! English questions. Each question word is in one list; the interface gets combinations of these
//! lists.

use super::super::interface::{Demands, Questions, Wanted};
use super::super::lists::{Phrases, Words};

const HOW: &str = "how";
const WHAT: &str = "what";
const WHEN: &str = "when";
const WHERE: &str = "where";
const WHICH: &str = "which";
const WHO: &str = "who";
const WHY: &str = "why";

/// Words that begin a question for a yes or a no.
const CAN: &str = "can could should is are";
const DO: &str = "does do will";
const MAY: &str = "may";
const AM: &str = "am must";

pub(super) fn questions() -> Questions {
    Questions {
        open: Words::of(&[HOW, WHAT, WHEN, WHERE, WHICH, WHO, WHY]),
        before_a_question: Words::of(&[
            "about also and at but by for from hello hey hi in just ok okay on or please so thanks then",
            "to well with",
        ]),
        requests: requests(),
        of_whom: Words::of(&[WHO, "whom anyone", WHICH, WHAT, WHEN]),
        of_manner: Words::of(&[HOW, WHY]),
        of_whether: Words::of(&[CAN, MAY, "ok okay safe"]),
        yes_or_no: Words::of(&[AM, CAN, DO, MAY]),
        how: HOW,
        much: Words::of(&["much many often"]),
        demands: demands(),
        of_figures: Words::of(&[HOW, WHAT, "many much"]),
        taking: Words::of(&[
            "take takes taking took give gives giving use using have having swallow inject",
        ]),
        doses: Words::of(&["dose doses dosage dosages dosing"]),
        dose_units: Words::of(&["mg milligrams milligram mcg micrograms"]),
        to: "to",
        comparing: Words::of(&[
            "difference differences differ compare compared versus vs better both between",
        ]),
        articles: Words::of(&["a an the"]),
        or: Words::of(&["or vs versus"]),
        and: Words::of(&["and to with"]),
        joints: Words::of(&["and plus with"]),
        wanted: wanted(),
        times: Words::of(&[
            "once twice daily weekly monthly yearly every before after until hours days weeks",
            "immediately same any",
        ]),
        places: Words::of(&["next beside at in near from floor"]),
        rules: Words::of(&[
            "yes no not never may must can cannot avoid allowed unless should usually leave keep",
        ]),
        reasons: Words::of(&["because helps so cause caused could prevent causes"]),
        definitions: Phrases::of(&["is", "are"]),
        of: "of",
        not_of: Words::of(&[
            "afraid all any because best both care cup each end glass half independent instead kind kinds",
            "lot lots most much number out part plenty rid side sort sorts some time times type types",
        ]),
        yes: Words::of(&["yes"]),
        no: Words::of(&["no"]),
        ages: &[
            ("year", 12),
            ("years", 12),
            ("yr", 12),
            ("month", 1),
            ("months", 1),
        ],
        old: Words::of(&["old child children"]),
        below: Words::of(&["under below younger up"]),
        above: Words::of(&["over above older from"]),
    }
}

fn demands() -> Demands {
    Demands {
        many: "many",
        any_number: Words::of(&["people person"]),
        determining: Words::of(&["their these this those that its both"]),
        being: Words::of(&["does is isn was would"]),
        needing: Words::of(&["have need"]),
        forward: Words::of(&["for if that to when"]),
        effects: Words::of(&[
            "affect affects cause causes caused causing contain contains contribute contributes cure",
            "cures damage damages detect detects detected harm harms help helps increase increases",
            "indicate indicates lower lowers prevent prevents raise raises reduce reduces",
            "relieve relieves result results treat treats trigger triggers worsen worsens",
        ]),
        limits: Phrases::of(&[
            "maximum",
            "max",
            "highest dose",
            "most i can",
            "most i may",
            "most you can",
            "most one can",
            "upper limit",
            "limit",
        ]),
        amounts: Phrases::of(&["how much"]),
        amounts_said: Phrases::of(&[
            "nothing",
            "none",
            "no",
            "free",
            "half",
            "double",
            "plenty",
            "little",
            "same",
            "less",
            "as much as",
            "enough",
        ]),
        limits_said: Phrases::of(&[
            "maximum",
            "max",
            "more than",
            "at most",
            "up to",
            "exceed",
            "highest",
            "limit",
            "limited",
        ]),
    }
}

fn requests() -> Phrases {
    Phrases::of(&[
        "want to know",
        "like to know",
        "need to know",
        "wondering",
        "i wonder",
        "tell me",
        "looking for",
        "looking for information",
        "looking for information on",
        "looking for information about",
        "inform me of",
        "inform me about",
        "explain",
        "need information",
        "any information",
        "information on",
        "information about",
        "advice on",
        "please advise",
        "not sure if",
        "not sure whether",
        "not sure how",
        "wants to know",
    ])
}

fn wanted() -> Vec<(Wanted, Phrases)> {
    let phrases: [(Wanted, &[&str]); 6] = [
        (
            Wanted::Steps,
            &[
                "how to",
                "how do i",
                "how do we",
                "how can i",
                "how should i",
                "what should i do",
                "what do i do",
                "what can i do",
                "what to do",
                "what now",
            ],
        ),
        (
            Wanted::Quantity,
            &[
                "when",
                "what time",
                "what times",
                "times",
                "how long",
                "how often",
                "how many",
                "how much",
                "how soon",
                "how early",
                "how late",
            ],
        ),
        (Wanted::Place, &["where"]),
        (Wanted::Reason, &["why"]),
        (
            Wanted::Permission,
            &[
                "can i", "may i", "should i", "do i", "is it", "allowed", "ok", "safe to",
            ],
        ),
        (
            Wanted::Definition,
            &["what is", "what are", "what s", "what does"],
        ),
    ];
    let phrases = phrases.into_iter();
    phrases
        .map(|(wanted, phrases)| (wanted, Phrases::of(phrases)))
        .collect()
}
