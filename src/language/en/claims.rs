//! The English words that may differ between a claim and the words that support it.

use std::collections::HashMap;

use super::super::interface::Claims;
use super::super::lists::Words;
use super::super::words::Vocabulary;
use super::denial::COMPARED;

/// Words for what may or might be done, or is done sometimes or mostly.
const MAY: &str = "may might";
const ALWAYS: &str = "always";

/// Choices. Each has sides, and each side has the words that take it. A claim must not take a side
/// if its quote takes only others. Many of these words say nothing about the topic ("before",
/// "more"), and a single one would be outvoted if it only counted among all others. The list
/// contains only choices that make advice wrong.
const CHOICES: &[&[&str]] = &[
    &["before until within", "after"],
    &["left", "right"],
    &["more over above", "less fewer under below"],
    &["maximum", "minimum"],
    &["high", "low"],
    &["higher", "lower"],
    &["older", "younger"],
    &[
        "morning",
        "noon midday lunchtime",
        "afternoon",
        "evening night bedtime",
    ],
    &["breakfast", "lunch", "dinner supper"],
    &[
        "increase increases increased increasing raise raises raising",
        "decrease decreases decreased decreasing reduce reduces reduced reducing lowers lowering",
    ],
    &["hot warm", "cold cool"],
    &["wet", "dry"],
    &["open", "closed shut"],
    &["safe", "dangerous harmful"],
    &["adult adults", "child children baby babies infant infants"],
];

/// Words that add nothing to a statement: words for speaking about a text, politeness, fillers, and
/// verbs that need their object to say something.
const NEUTRAL: &str = "able above according additionally advice advise advised answer approximately around based \
    become becomes becoming below between both check detail document documents during each ensure \
    especially every example feel feeling follow following further general generally gets getting \
    got guidance guide guideline here however important include included includes including \
    information instance kind know leaflet listed make maximum mean means meaning mention mentioned \
    mentions minimum must necessary need needed needing needs normal normally note number once \
    other ought over own particular passage passages patient patients people per person point \
    points possible question recommend recommendation recommended refer regarding remember require \
    required requires roughly same say says section several sheet show shows someone somebody \
    source sources state stated states step steps suggest suggested summary sure therefore thing \
    things though through time times tip tips too try type under usual usually way ways well within";

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

const PHRASES: &[(&str, &str)] = &[
    ("at least", "minimum"),
    ("at most", "maximum"),
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

const ENDINGS: &[&str] = &[
    "", "e", "y", "i", "t", "d", "ic", "al", "ly", "ily", "ant", "ent", "ancy", "ency", "ance",
    "ence", "cy", "ce", "ion", "ation", "tion", "ment", "er", "or", "ness", "ive", "ous", "ity",
    "able", "ible", "ing", "ial",
];

pub(super) fn claims(words: &Vocabulary) -> Claims {
    let neutral = [NEUTRAL].into_iter().chain(COMPARED);
    Claims {
        leaving_open: Words::of(&[MAY, "could optional"]),
        obliging: Words::of(&[
            "must required requires obliged compulsory mandatory",
            ALWAYS,
        ]),
        obliging_phrases: &["have to ", "need to "],
        partial: Words::of(&[MAY, "some most many often usually sometimes"]),
        sweeping: Words::of(&[ALWAYS, "all every everyone everybody any"]),
        sides: sides(),
        neutral: neutral.flat_map(|text| words.content(text)).collect(),
        meanings: meanings(words),
        synonyms: SYNONYMS,
        phrases: PHRASES,
        endings: ENDINGS,
        periods: Words::of(&["hour day week month year"]),
        yes: "yes",
    }
}

fn sides() -> HashMap<&'static str, (usize, usize)> {
    let choices = CHOICES.iter().enumerate();
    choices
        .flat_map(|(choice, sides)| {
            let sides = sides.iter().enumerate();
            sides.flat_map(move |(side, words)| {
                let words = words.split(' ');
                words.map(move |word| (word, (choice, side)))
            })
        })
        .collect()
}

fn meanings(words: &Vocabulary) -> HashMap<String, String> {
    let mut meanings = HashMap::new();
    for group in SYNONYMS {
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
    fn a_word_takes_one_side_of_one_choice() {
        let words = CHOICES.iter().flat_map(|sides| sides.iter());
        let words: Vec<&str> = words.flat_map(|side| side.split(' ')).collect();
        assert_eq!(words.len(), sides().len());
    }
}
