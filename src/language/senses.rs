//! The senses of operators ("most", "unless"), and which of them may stand for which in a restatement.

/// Senses that a sentence may not add, each with those of the unit that say as much.
pub const ADDED: &[(&str, &[&str])] = &[
    ("only", &["only"]),
    ("most", &["most", "usually"]),
    ("usually", &["usually", "most", "often"]),
    ("often", &["often", "usually", "many", "most"]),
    ("rarely", &["rarely", "few"]),
    ("both", &["both"]),
];

/// Senses of the unit that limit what it says, each with those that a sentence may have instead.
pub const HEDGES: &[(&str, &[&str])] = &[
    ("most", &["most", "usually", "often", "may", "many"]),
    ("usually", &["usually", "most", "often", "may"]),
    ("often", &["often", "usually", "may", "many", "sometimes"]),
    ("sometimes", &["sometimes", "some", "may"]),
    ("some", &["some", "sometimes", "may", "several", "not"]),
    ("rarely", &["rarely", "few"]),
    ("few", &["few", "rarely", "several", "some"]),
    ("only", &["only", "unless"]),
];

/// Limits, each with those of the unit that say the same.
pub const LIMITS: &[(&str, &[&str])] = &[
    ("before", &["before", "until"]),
    ("after", &["after", "if", "until"]),
    ("until", &["until", "before", "if"]),
    ("within", &["within", "during"]),
];

/// Senses that speak of all cases.
pub const ALL: &[&str] = &["every", "always"];
/// Senses of a unit whose sentence may speak of all cases.
pub const AS_GOOD_AS_ALL: &[&str] = &["every", "always", "any", "not"];
/// Senses of a unit whose sentence may make an exception.
pub const EXCEPTIONS: &[&str] = &["unless", "only", "not", "other"];
