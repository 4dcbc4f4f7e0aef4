//! The English words of a claim that relate, limit and frame what it says.

use super::super::interface::{Claims, Facet, Operator};
use super::super::lists::{Replacements, Table, Words};
use super::super::words::Vocabulary;

/// The operators: the facet in which a claim differs without them, the sense that all words of a
/// line share, the words, and whether a claim may leave them out.
const OPERATORS: &[(Facet, &str, &str, bool)] = &[
    (
        Facet::Polarity,
        "not",
        "not never no nobody nothing none neither nor avoid avoids avoiding avoided",
        false,
    ),
    (Facet::Polarity, "without", "without", false),
    (
        Facet::Modality,
        "may",
        "may might can could able possible possibly perhaps maybe allowed allow permitted optional",
        false,
    ),
    (
        Facet::Modality,
        "must",
        "must should ought shall need needs needed required require requires necessary obliged \
         mandatory compulsory",
        false,
    ),
    (Facet::Modality, "will", "will would", true),
    (Facet::Modality, "was", "was were did formerly", false),
    (Facet::Quantifier, "always", "always", true),
    (
        Facet::Quantifier,
        "every",
        "every each all everyone everybody everything whole entire",
        true,
    ),
    (
        Facet::Quantifier,
        "any",
        "any anyone anybody anything either",
        true,
    ),
    (Facet::Quantifier, "some", "some certain", false),
    (Facet::Quantifier, "several", "several", true),
    (Facet::Quantifier, "most", "most mostly majority", false),
    (Facet::Quantifier, "many", "many numerous", false),
    (Facet::Quantifier, "few", "few", false),
    (Facet::Quantifier, "both", "both", false),
    (
        Facet::Quantifier,
        "only",
        "only solely merely exclusively just",
        false,
    ),
    (Facet::Quantifier, "other", "other others another", true),
    (
        Facet::Quantifier,
        "usually",
        "usually normally generally typically commonly mainly",
        false,
    ),
    (Facet::Quantifier, "often", "often frequently", false),
    (
        Facet::Quantifier,
        "sometimes",
        "sometimes occasionally",
        false,
    ),
    (
        Facet::Quantifier,
        "rarely",
        "rarely seldom hardly scarcely infrequently",
        false,
    ),
    (Facet::Quantifier, "regularly", "regularly", false),
    (
        Facet::Condition,
        "if",
        "if when whenever once provided",
        true,
    ),
    (Facet::Condition, "unless", "unless except excluding", false),
    (Facet::Relation, "because", "because since", true),
    (
        Facet::Relation,
        "so",
        "so therefore thus hence consequently",
        true,
    ),
    (Facet::Relation, "although", "although though despite", true),
    (Facet::Framing, "whether", "whether", false),
];

/// Words of one meaning, a meaning a line; reviewed by hand.
const SYNONYMS: &str = include_str!("words/synonyms.txt");

/// Prepositions: those of a line may stand for each other, those of two lines may not.
const PREPOSITIONS: &[&str] = &[
    "in on at of for about within during while near per as like around roughly approximately",
    "from",
    "to into toward towards onto",
    "with",
    "without",
    "by",
    "before until",
    "after",
    "than",
    "against",
    "instead",
    "over above",
    "under below",
    "between among",
    "through via",
];

/// Prepositions whose phrase limits a statement: a claim keeps it.
const LIMITING: &str = "before after until during while within who";

/// Words without a meaning of their own.
const FUNCTION: &str = "a an one ones the this that these those it its you your yours yourself we our us i my me they their \
    them themselves he his him she her hers who whom whose which what where how why there here be is are am been \
    being have has had having do does doing and or also too then well yes please own s t such ensure sure \
    however re ve ll already still even very quite";

/// Words whose presence in a restatement says nothing by itself.
const PARTICLES: &str = "but out up off away else such rather both over along around back down anyone somebody \
    someone something whatever whoever anybody case cases kind sort bit lot quite much well whole part number \
    set enough make making made come coming mean means fact able kept keep right like being put putting go going \
    look looking last lasts lasting happen happens occur occurs exist exists face faces due same \
    further done own hospital staff member condition disease disorder illness far fully indeed simply";

/// Words for speaking about a text, politeness, and words that need their object to say something.
const DISCOURSE: &str = "according addition additionally advice advise advised answer detail details document documents \
    example feel feeling feels felt become becomes becoming following guidance guide important including include \
    includes included information leaflet mean means mention mentioned note people person persons someone \
    somebody patient patients remember recommend recommended say says said section state states stated source \
    thing things way ways try time times yes";

/// Verbs that another verb or none may replace before their object.
const LIGHT: &str = "have get give offer take use make feel become go do need come receive provide include help try \
    keep stay see find want call know";

/// Words that say that a statement is doubted, reported or not yet known.
const DOUBTS: &str = "myth myths rumour rumours rumor wrong wrongly false falsely untrue mistaken mistakenly \
    incorrect incorrectly supposedly allegedly allege claim claims claimed believe believed believes belief thought \
    unclear unknown uncertain evidence theory hypothesis studying investigating unproven disproved debunked \
    misconception pretend pretends doubt doubtful";

const PHRASES: &[(&str, &str)] = &[
    ("have to ", "must "),
    ("has to ", "must "),
    ("need to ", "must "),
    ("needs to ", "must "),
    ("ought to ", "must "),
    ("hardly ever", "rarely"),
    ("in rare cases", "rarely"),
    ("from time to time", "sometimes"),
    ("used to be", "formerly"),
    ("prior to", "before"),
    ("in the course of", "during"),
    ("in spite of", "despite"),
    ("due to", "because of"),
    ("every night", "a day at night"),
    ("at least", "minimum"),
    ("at most", "maximum"),
    ("as long as", "if"),
    ("apart from", "except"),
    ("other than", "except"),
    ("such as ", "like "),
    ("for example", "like"),
    ("for instance", "like"),
    ("e.g.", "like"),
    (" or higher", " or more"),
    (" or above", " or more"),
    (" or over", " or more"),
    (" or longer", " or more"),
    ("look at ", "check "),
    ("if you can,", ","),
    ("if you can.", "."),
    ("if possible", ""),
    ("check whether", "check if"),
    ("ask whether", "ask if"),
    ("know whether", "know if"),
    ("see whether", "see if"),
    ("straight away", "immediately"),
    ("right away", "immediately"),
    ("at once", "immediately"),
    ("as soon as possible", "immediately"),
    ("go away", "settle"),
    ("goes away", "settles"),
    ("and so on", ""),
    ("free of symptoms", "symptom free"),
    ("on your own", "alone"),
    ("by yourself", "alone"),
    ("in order to", "to"),
    ("makes sure", "ensures"),
    ("make sure", "ensure"),
    ("as well as", "and"),
    ("as well", "also"),
    ("no one", "nobody"),
    ("known as", "called"),
    ("get in touch with", "contact"),
    ("speak to", "ask"),
    ("talk to", "ask"),
    ("leads to", "causes"),
    ("lead to", "cause"),
    ("leading to", "causing"),
    ("more than", "over"),
    ("less than", "under"),
    ("fewer than", "under"),
    ("it is possible that", "perhaps"),
];

const ENDINGS: &[&str] = &[
    "", "e", "y", "i", "t", "d", "ic", "al", "ly", "ily", "ant", "ent", "ancy", "ency", "ance",
    "ence", "cy", "ce", "ion", "ation", "tion", "ment", "er", "or", "ness", "ive", "ous", "ity",
    "able", "ible", "ing", "ial",
];

pub(super) fn claims(words: &Vocabulary) -> Claims {
    let meanings = meanings(words);
    let stems = |text: &'static str| {
        let stems = words.content(text);
        let meant = stems.map(|stem| meanings.get(&stem).cloned().unwrap_or(stem));
        meant.collect()
    };
    Claims {
        operators: operators(),
        prepositions: PREPOSITIONS
            .iter()
            .flat_map(|group| {
                let sense = group.split(' ').next().unwrap_or(group);
                group.split(' ').map(move |word| (word, sense))
            })
            .collect(),
        plain_preposition: "in",
        binding: Words::of(&["by from without before after than against instead over under"]),
        duty: "must",
        choice: "may",
        every: "every",
        by: "by",
        that: "that",
        limiting: Words::of(&[LIMITING]),
        function: Words::of(&[FUNCTION]),
        articles: Words::of(&[
            "a an the this that these those your my our their its his her be have do you we i it they he she",
        ]),
        auxiliaries: Words::of(&["is are was were has have had do does"]),
        ordering: Words::of(&["have be"]),
        lists: Words::of(&["and or"]),
        subordinate: Words::of(&[
            "if when whenever once provided unless because since so although though",
        ]),
        pronouns: Words::of(&["it they this these those he she them its their that"]),
        addressed: Words::of(&["you we i"]),
        before_orders: Words::of(&["please also then however do and or so"]),
        slight: stems("make get become do feel"),
        discourse: stems(DISCOURSE),
        asides: stems("according addition example fact general short summary leaflet document"),
        light: stems(LIGHT),
        particles: Words::of(&[PARTICLES]),
        than: "than",
        even: "even",
        cause: "cause",
        caused: Words::of(&[
            "comefrom stemfrom resultfrom arisefrom bedownto dueto bedueto betheresultof causedby bebroughtonby",
        ]),
        most: "maximum",
        common: "common",
        doubts: stems(DOUBTS),
        meanings,
        phrases: Replacements::of(PHRASES),
        endings: ENDINGS,
        no_adverbs: Words::of(&["elderly family belly supply jelly assembly anomaly only"]),
        periods: Words::of(&["hour day week month year"]),
        yes: "yes",
    }
}

fn operators() -> Table<&'static str, Operator> {
    let all = OPERATORS.iter();
    all.flat_map(|(facet, sense, words, may_go)| {
        let operator = Operator {
            facet: *facet,
            sense,
            may_go: *may_go,
        };
        words.split_whitespace().map(move |word| (word, operator))
    })
    .collect()
}

fn meanings(words: &Vocabulary) -> Table<String, String> {
    let mut meanings = Table::default();
    for group in SYNONYMS.lines() {
        let Some(one) = words.content(group).next() else {
            continue;
        };
        for word in words.content(group) {
            meanings.entry(word).or_insert_with(|| one.clone());
        }
    }
    meanings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_operator() {
        let words = OPERATORS
            .iter()
            .flat_map(|(_, _, words, _)| words.split_whitespace());
        assert_eq!(words.count(), operators().len());
    }
}
