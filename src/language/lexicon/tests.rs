use crate::language::spoken;

/// Whether a claim may say the one where a passage says the other.
fn may_say(one: &str, other: &str) -> bool {
    let (lexicon, words) = (&spoken().lexicon, &spoken().words);
    let lemma = |text: &str| {
        let read = lexicon.read(text);
        lexicon.lemma(&read, words)
    };
    let (one, other) = (lemma(one), lemma(other));
    let given = lexicon.given(&other);
    one == other
        || lexicon
            .asked(&one)
            .iter()
            .any(|sense| given.contains(sense))
}

#[test]
fn words_and_expressions_of_one_meaning_are_equal() {
    for (one, other) in [
        ("contact", "get in touch with"),
        ("getting in touch with", "contacted"),
        ("collected", "picked up"),
        ("hypertension", "high blood pressure"),
        ("womb", "uterus"),
        ("stitches", "sutures"),
        ("straight away", "immediately"),
        ("at no cost", "free of charge"),
    ] {
        assert!(
            may_say(one, other) && may_say(other, one),
            "{one} / {other}"
        );
    }
}

#[test]
fn a_wider_word_may_stand_for_a_narrower_one_only() {
    for (wide, narrow) in [
        ("medicine", "ibuprofen"),
        ("staff", "nurse"),
        ("doctor", "surgeon"),
    ] {
        assert!(may_say(wide, narrow), "{wide} / {narrow}");
        assert!(!may_say(narrow, wide), "{narrow} / {wide}");
    }
}

#[test]
fn things_of_one_kind_and_opposites_stay_apart() {
    let mut mixed = Vec::new();
    for line in [
        "morning afternoon evening night noon",
        "monday tuesday weekday weekend",
        "doctor nurse pharmacist dentist midwife physiotherapist",
        "tablet capsule syrup injection patch inhaler cream",
        "ibuprofen paracetamol aspirin warfarin insulin",
        "arm leg hand foot knee hip shoulder eye ear",
        "heart lung liver kidney brain stomach bladder",
        "left right",
        "hot cold",
        "high low",
        "increase decrease",
        "raise lower",
        "start stop",
        "before after",
        "better worse",
        "wet dry",
        "safe dangerous",
        "open closed",
        "push pull",
        "cause prevent",
        "allow forbid",
        "accept refuse",
        "common rare",
        "early late",
        "strong weak",
        "clean dirty",
        "public private",
        "arrive leave",
        "remember forget",
        "constipation diarrhoea",
        "deaf blind",
        "hypertension hypotension",
        "biopsy scan x-ray ultrasound",
        "hour day week month year",
        "breakfast lunch dinner",
        "child adult",
        "man woman",
        "fatal harmless",
        "mild severe",
        "fast slow",
        "alive dead",
        "buy sell",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        for one in &words {
            let others = words.iter().filter(|other| *other != one);
            mixed.extend(
                others
                    .filter(|other| may_say(one, other))
                    .map(|other| (*one, *other)),
            );
        }
    }
    assert_eq!(mixed, []);
    assert!(!may_say("heart attack", "cardiac arrest"));
    assert!(!may_say("stroke", "heart attack"));
}

#[test]
fn an_expression_is_read_in_any_form_and_keeps_what_stands_inside() {
    let read = |text: &str| spoken().lexicon.read(text);
    assert_eq!(read("you are not allowed to eat."), "you must not eat.");
    assert_eq!(
        read("wait a quarter of an hour, then go"),
        "wait 15 minutes, then go"
    );
    assert_eq!(
        read("let the ward know if it hurts"),
        "letknow the ward if it hurts"
    );
    assert_eq!(read("useful in use"), "useful in use");
    assert_eq!(read("by the. bed"), "by the. bed");
}
