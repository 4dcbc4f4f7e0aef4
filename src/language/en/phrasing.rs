//! The structure of English sentences, and a model's phrases about its passages.

use super::super::interface::Phrasing;
use super::super::lists::Words;

pub(super) fn phrasing() -> Phrasing {
    Phrasing {
        joints: &[
            ("; ", true),
            (", but ", true),
            (" but ", true),
            (", and ", false),
            (", or ", false),
            (" and ", false),
            (" or ", false),
            (", ", false),
        ],
        statement_joints: &[
            ("; ", true),
            (", but ", true),
            (" but ", true),
            (", and ", false),
        ],
        clause_ends: &[". ", "; ", " but ", "! ", "? "],
        contrasts: Words::of(&["but"]),
        pointing: Words::of(&["it its they them their this that these those he she both"]),
        declining: &[
            "no answer",
            "not know",
            "don't know",
            "not answer",
            "n't answer",
            "unable to answer",
            "not mention",
            "n't mention",
            "not contain",
            "n't contain",
            "no information",
            "not specif",
            "n't specif",
            "not cover",
            "n't cover",
            "not enough information",
            "not provide",
            "n't provide",
            "not state",
            "n't say",
        ],
        labels: Words::of(&[
            "passage passages source sources document documents doc docs ref refs reference",
            "references citation see",
        ]),
        and: " and ",
        to: " to ",
        streets: Words::of(&[
            "street st road rd avenue ave lane ln drive square boulevard blvd way court close",
            "terrace place crescent strasse straße rue calle",
        ]),
        street_endings: &["strasse", "straße"],
    }
}
