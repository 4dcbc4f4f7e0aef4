//! Sentences in words of their own, and what is wrong with those that say something else.

use super::super::checker::Checker;

const WARD: &str = "Do not visit if you have had vomiting or diarrhoea in the last 48 hours. \
    Please bring no more than two visitors to the bedside at one time. \
    A nurse will remove your stitches 10 to 14 days after the operation. \
    If bleeding does not stop after 15 minutes of firm pressure, call 999. \
    Most people stay in hospital for two to three days after a hip replacement.";

fn check(sentence: &str) -> Result<(), &'static str> {
    Checker::new(&[(String::new(), WARD.to_owned())]).check(sentence)
}

#[test]
fn a_sentence_in_words_of_its_own_is_cited() {
    for sentence in [
        "Ring 999 if pressing firmly for a quarter of an hour has not stopped the blood loss.",
        "The sutures are taken out by a nurse ten days to two weeks following surgery.",
        "A maximum of 2 guests may be by the bed at the same moment.",
    ] {
        assert_eq!(check(sentence), Ok(()), "{sentence}");
    }
}

#[test]
fn what_differs_is_named() {
    for (sentence, reason) in [
        (
            "The sutures are taken out by a surgeon ten days to two weeks following surgery.",
            "name",
        ),
        (
            "The sutures are taken out by a nurse one to two weeks following surgery.",
            "number",
        ),
        (
            "Ring 999 if pressing firmly for half an hour has not stopped the blood loss.",
            "number",
        ),
        (
            "Ring 999 if pressing firmly for a quarter of an hour has stopped the blood loss.",
            "opposite",
        ),
        (
            "The sutures may be taken out by a nurse ten days to two weeks before surgery.",
            "condition",
        ),
        (
            "Everybody remains in hospital for two or three days following a hip replacement.",
            "quantifier",
        ),
    ] {
        assert_eq!(check(sentence), Err(reason), "{sentence}");
    }
}
