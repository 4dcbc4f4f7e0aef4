//! The English rule pack. Phrases are whole words between spaces, lower case.

use super::triage::Category;

/// A clause matches if every group has a phrase in it.
pub(super) struct Rule {
    pub category: Category,
    pub groups: &'static [&'static [&'static str]],
    /// "can't breathe" is a sign; "no chest pain" is its absence.
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
            " don't want to live ",
            " do not want to live ",
            " don't want to be alive ",
            " better off dead ",
            " hurt myself ",
            " harm myself ",
        ]],
    ),
    rule(
        Category::SuicidalIntent,
        &[
            &[" suicidal ", " commit suicide "],
            &[" i ", " i'm ", " my ", " he ", " she ", " he's ", " she's "],
        ],
    ),
    sign(
        Category::Breathing,
        &[&[
            " can't breathe ",
            " cannot breathe ",
            " can not breathe ",
            " can't get air ",
            " not breathing ",
            " stopped breathing ",
            " isn't breathing ",
            " can't catch my breath ",
            " can't breath ",
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
            " i'm choking ",
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
                " can't wake ",
                " cannot wake ",
                " won't wake ",
                " not waking ",
                " doesn't wake ",
                " does not respond ",
                " doesn't respond ",
                " not responding ",
                " isn't responding ",
                " is unresponsive ",
                " unconscious ",
                " hard to wake ",
            ],
            &[
                " my ", " he ", " she ", " he's ", " she's ", " they ", " is ", " i ", " him ",
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
            &[" face ", " face's ", " mouth "],
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
                " can't lift ",
                " cannot lift ",
                " can't raise ",
                " can't move ",
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
                " i ", " i'm ", " is ", " my ", " he ", " she ", " having ", " he's ", " she's ",
            ],
        ],
    ),
    sign(
        Category::SevereBleeding,
        &[
            &[" bleeding ", " blood "],
            &[
                " won't stop ",
                " will not stop ",
                " doesn't stop ",
                " does not stop ",
                " not stopping ",
                " can't stop ",
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

/// A clause with one of these speaks of an absence.
pub(super) const NEGATIONS: &[&str] = &[
    " no ",
    " not ",
    " never ",
    " without ",
    " denies ",
    " don't ",
    " doesn't ",
    " didn't ",
    " isn't ",
    " hasn't ",
    " haven't ",
    " aren't ",
];

/// A clause with one of these speaks of the past.
pub(super) const HISTORY: &[&str] = &[
    " years ago ",
    " year ago ",
    " last year ",
    " months ago ",
    " history of ",
    " in 19",
    " in 20",
    " when i was a child ",
    " as a child ",
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
    " what's ",
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
    " i've ",
    " i'm ",
    " i am ",
    " he is ",
    " she is ",
    " he's ",
    " she's ",
    " he has ",
    " she has ",
    " right now ",
    " i can't ",
    " i cannot ",
    " help ",
];
