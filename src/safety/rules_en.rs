//! The English rule pack. Phrases are whole words between spaces, lower case, without apostrophes:
//! many people leave them out.

use super::category::Category;

/// A clause matches if every group has a phrase in it.
pub(super) struct Rule {
    pub category: Category,
    pub groups: &'static [&'static [&'static str]],
    /// "cant breathe" is a sign; "no chest pain" is its absence.
    pub negation_is_a_sign: bool,
}

const fn rule(category: Category, groups: &'static [&'static [&'static str]]) -> Rule {
    Rule {
        category,
        groups,
        negation_is_a_sign: false,
    }
}

const fn sign(category: Category, groups: &'static [&'static [&'static str]]) -> Rule {
    Rule {
        category,
        groups,
        negation_is_a_sign: true,
    }
}

/// The most dangerous first: the first match names the category.
pub(super) const RULES: &[Rule] = &[
    sign(
        Category::SuicidalIntent,
        &[&[
            " kill myself ",
            " killing myself ",
            " end my life ",
            " ending my life ",
            " take my own life ",
            " want to die ",
            " dont want to live ",
            " do not want to live ",
            " dont want to be alive ",
            " better off dead ",
            " hurt myself ",
            " harm myself ",
        ]],
    ),
    rule(
        Category::SuicidalIntent,
        &[
            &[" suicidal ", " commit suicide "],
            &[" i ", " im ", " my ", " he ", " she ", " hes ", " shes "],
        ],
    ),
    sign(
        Category::Breathing,
        &[&[
            " cant breathe ",
            " cannot breathe ",
            " can not breathe ",
            " cant get air ",
            " not breathing ",
            " stopped breathing ",
            " isnt breathing ",
            " cant catch my breath ",
            " cant breath ",
        ]],
    ),
    rule(
        Category::Breathing,
        &[&[
            " struggling to breathe ",
            " hard to breathe ",
            " trouble breathing ",
            " difficulty breathing ",
            " gasping for ",
            " is choking ",
            " im choking ",
            " am choking ",
            " lips are blue ",
            " turning blue ",
            " too breathless to ",
        ]],
    ),
    sign(
        Category::Unconsciousness,
        &[
            &[
                " cant wake ",
                " cannot wake ",
                " wont wake ",
                " not waking ",
                " doesnt wake ",
                " does not respond ",
                " doesnt respond ",
                " not responding ",
                " isnt responding ",
                " is unresponsive ",
                " unconscious ",
                " hard to wake ",
            ],
            &[
                " my ", " he ", " she ", " hes ", " shes ", " they ", " is ", " i ", " him ",
                " her ",
            ],
        ],
    ),
    rule(
        Category::Unconsciousness,
        &[&[
            " passed out ",
            " has collapsed ",
            " collapsed and ",
            " just collapsed ",
            " having a seizure ",
        ]],
    ),
    sign(
        Category::Stroke,
        &[
            &[" face ", " faces ", " mouth "],
            &[
                " droop ",
                " drooping ",
                " drooped ",
                " droops ",
                " dropped ",
                " numb ",
                " lopsided ",
            ],
        ],
    ),
    sign(
        Category::Stroke,
        &[
            &[
                " arm ",
                " arms ",
                " leg ",
                " one side ",
                " left side ",
                " right side ",
            ],
            &[
                " cant lift ",
                " cannot lift ",
                " cant raise ",
                " cant move ",
                " cannot move ",
                " suddenly weak ",
                " gone numb ",
                " went numb ",
                " suddenly numb ",
                " paralysed ",
            ],
        ],
    ),
    rule(
        Category::Stroke,
        &[&[
            " slurred speech ",
            " slurring ",
            " speech is slurred ",
            " having a stroke ",
            " speech has gone ",
        ]],
    ),
    rule(
        Category::ChestPain,
        &[
            &[" chest "],
            &[
                " pain ",
                " pains ",
                " hurts ",
                " hurting ",
                " crushing ",
                " tight ",
                " tightness ",
                " pressure ",
                " squeezing ",
            ],
        ],
    ),
    rule(
        Category::ChestPain,
        &[&[" having a heart attack ", " heart has stopped "]],
    ),
    rule(
        Category::Anaphylaxis,
        &[
            &[" throat ", " tongue ", " lips ", " face "],
            &[
                " swelling ",
                " swollen ",
                " closing ",
                " swelled ",
                " swells ",
            ],
        ],
    ),
    rule(
        Category::Anaphylaxis,
        &[
            &[
                " anaphylactic ",
                " anaphylaxis ",
                " severe allergic reaction ",
            ],
            &[
                " i ", " im ", " is ", " my ", " he ", " she ", " having ", " hes ", " shes ",
            ],
        ],
    ),
    sign(
        Category::SevereBleeding,
        &[
            &[" bleeding ", " blood "],
            &[
                " wont stop ",
                " will not stop ",
                " doesnt stop ",
                " does not stop ",
                " not stopping ",
                " cant stop ",
                " cannot stop ",
                " heavily ",
                " everywhere ",
                " gushing ",
                " spurting ",
                " pouring ",
                " vomiting ",
                " coughing up ",
                " soaked ",
            ],
        ],
    ),
    rule(
        Category::Overdose,
        &[
            &[
                " swallowed ",
                " took ",
                " taken ",
                " ate ",
                " drank ",
                " drunk ",
            ],
            &[
                " bottle of pills ",
                " whole bottle of ",
                " too many ",
                " all my pills ",
                " all her pills ",
                " all his pills ",
                " all my tablets ",
                " bleach ",
                " poison ",
                " antifreeze ",
                " an overdose ",
                " button battery ",
                " whole packet ",
                " whole pack ",
                " drain cleaner ",
            ],
        ],
    ),
    rule(
        Category::Overdose,
        &[&[
            " has overdosed ",
            " i overdosed ",
            " have overdosed ",
            " is overdosing ",
        ]],
    ),
];

/// One of these words before a phrase says that it is absent, or was once.
pub(super) const NEGATIONS: &[&str] = &[
    "no", "not", "never", "without", "denies", "dont", "doesnt", "didnt", "isnt", "hasnt",
    "havent", "arent", "wasnt", "history",
];

/// What may stand between such a word and the phrase. Anything else ends its reach: "I don't know
/// why my chest hurts".
pub(super) const BETWEEN: &[&str] = &[
    "a",
    "an",
    "any",
    "been",
    "experienced",
    "experiencing",
    "feel",
    "feeling",
    "felt",
    "from",
    "got",
    "had",
    "has",
    "have",
    "having",
    "kind",
    "longer",
    "more",
    "of",
    "or",
    "severe",
    "sign",
    "signs",
    "suffered",
    "suffering",
    "symptoms",
    "the",
];

/// A clause with one of these, or with a year, speaks of the past.
pub(super) const HISTORY: &[&str] = &[
    " years ago ",
    " year ago ",
    " last year ",
    " months ago ",
    " when i was a child ",
    " as a child ",
];

/// But not if one of these is in it too.
pub(super) const NOW: &[&str] = &[
    " now ", " i have ", " ive ", " im ", " i am ", " is ", " are ", " has ", " having ",
];

/// Words after which a new thought begins: what is said before them does not take back what follows.
pub(super) const JOINS: &[&str] = &[
    "and", "but", "because", "so", "although", "though", "while", "then",
];

/// A question that holds one of these is about what may come, not about what is.
pub(super) const PREVENTION: &[&str] = &[
    " risk of ",
    " risks of ",
    " chance of ",
    " chances of ",
    " prevent ",
    " preventing ",
];

/// A clause that starts like this may only ask for information.
pub(super) const INFORMATION: &[&str] = &[
    " what ",
    " whats ",
    " how ",
    " why ",
    " when ",
    " which ",
    " who ",
    " where ",
    " is ",
    " are ",
    " can ",
    " could ",
    " should ",
    " does ",
    " do ",
    " will ",
    " would ",
    " tell me ",
    " explain ",
];

/// But with one of these it speaks of somebody, now.
pub(super) const PRESENT: &[&str] = &[
    " my ",
    " i have ",
    " ive ",
    " im ",
    " i am ",
    " he is ",
    " she is ",
    " hes ",
    " shes ",
    " he has ",
    " she has ",
    " right now ",
    " i cant ",
    " i cannot ",
    " help ",
    " this chest ",
    " this pain ",
    " this bleeding ",
    " this swelling ",
    " has collapsed ",
    " just collapsed ",
    " passed out ",
    " wont stop ",
    " will not stop ",
    " not breathing ",
    " ambulance ",
];
