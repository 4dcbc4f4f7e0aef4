//! Tests of tables, lists, headings and conditions, on which a sentence of a passage depends.

use super::*;
use crate::domain::evidence::{ContextKind, ContextLine};

const SYRUP: &str = "How much to take\n\nWho | Single dose | How often | Most in 24 hours\n\
    Adults over 60 kg | 300 mg to 600 mg | every 6 to 8 hours | 1,800 mg\n\
    Children 7 to 10 years | 150 mg | every 8 hours | 450 mg\n\
    Children 3 to 6 years | 100 mg | every 8 hours | 300 mg\n\n\
    Leave at least 6 hours between two doses.\n\nWho should not take it\n\n\
    Do not take naprofen if:\n- you have ever had a stomach ulcer\n- you are more than 18 weeks pregnant\n\
    - there is blood in your stool\n\nNever\n\n- Mix it with alcohol\n\nYou can take it if:\n\n\
    - you have hay fever\n- you wear contact lenses";
const OTHER: &str = "Cefarol drops\n\nAdults take 5 ml twice a day. Speak to a pharmacist first if you have \
    asthma or drink alcohol every day. It may make some people sleepy.";
const LEAFLETS: &[(&str, &str)] = &[("Naprofen syrup", SYRUP), ("Cefarol drops", OTHER)];

fn shown(answer: &str) -> String {
    run_over(sources_of(LEAFLETS), &[answer]).0
}

#[test]
fn a_row_stands_alone_with_its_header() {
    for answer in [
        "Children 3 to 6 years take 100 mg every 8 hours [1].",
        "Children 7 to 10 years take a single dose of 150 mg every 8 hours [1].",
        "Children 3 to 6 years: 300 mg is the most in 24 hours [1].",
        "Adults over 60 kg take 300 mg to 600 mg every 6 to 8 hours [1].",
        "| Who | Single dose | Most in 24 hours |\n|---|---|---|\n| Children 3 to 6 years | 100 mg | 300 mg |",
    ] {
        assert!(!shown(answer).is_empty(), "{answer}");
    }
    for answer in [
        // The value of another row or another column.
        "Children 3 to 6 years take 150 mg every 8 hours [1].",
        "Children 3 to 6 years take 300 mg to 600 mg every 8 hours [1].",
        "Children 3 to 6 years take a single dose of 300 mg [1].",
        "Children 3 to 6 years take at most 100 mg in 24 hours [1].",
        "Children 3 to 6 years take 100 mg, and 450 mg in 24 hours [1].",
        "| Who | Most in 24 hours |\n|---|---|\n| Children 3 to 6 years | 100 mg |",
        // One end of a range, or a value whose group is unknown.
        "Adults over 60 kg take 600 mg every 6 hours [1].",
        "Adults take 300 mg to 600 mg every 6 to 8 hours [1].",
        "The single dose is 100 mg [1].",
    ] {
        assert_eq!(shown(answer), "", "{answer}");
    }
}

#[test]
fn an_item_means_what_its_lead_in_makes_of_it() {
    for answer in [
        "Do not take naprofen if you have ever had a stomach ulcer [1].",
        "Don't take it if there is blood in your stool [1].",
        "You should not take naprofen if you are more than 18 weeks pregnant [1].",
        "Do not take naprofen if:\n- you have ever had a stomach ulcer [1]\n- there is blood in your stool [1]",
        "You can take it if you have hay fever [1].",
        "Never mix it with alcohol [1].",
    ] {
        let text = shown(answer);
        assert_eq!(text, answer, "{answer}");
    }
    for answer in [
        "You can take naprofen if you have ever had a stomach ulcer [1].",
        "You can take it if you are not pregnant, up to 18 weeks [1].",
        "You can take naprofen if:\n- there is blood in your stool [1]",
        "You have ever had a stomach ulcer [1].",
        "- there is blood in your stool [1]",
        "It is fine to take it if:\n- you are more than 18 weeks pregnant [1]",
        "Do not take it if you have hay fever [1].",
        "- Mix it with alcohol [1]",
        "Do not take naprofen [1].",
    ] {
        assert_eq!(shown(answer), "", "{answer}");
    }
}

#[test]
fn a_heading_is_shown_with_what_is_below_it_or_not_at_all() {
    assert_eq!(
        shown("Here is what the leaflet says:\n\n- Leave at least 6 hours between two doses [1]\n"),
        "Here is what the leaflet says:\n- Leave at least 6 hours between two doses [1]"
    );
    assert_eq!(
        shown("Here is what the leaflet says:\n- Bananas are yellow.\n"),
        ""
    );
    assert_eq!(
        shown("## Cefarol\n\nAdults take 5 ml twice a day [2].\n\n## Storage\n\nKeep it cool [2]."),
        "Cefarol\nAdults take 5 ml twice a day [2]."
    );
    for answer in [
        "## Naprofen\n\nAdults take 5 ml twice a day [2].",
        "**For horses**\nAdults take 5 ml twice a day [2].",
        "This cures cancer:\n- Adults take 5 ml twice a day [2].",
        "Call Dr Miller\n\nAdults take 5 ml twice a day [2].",
    ] {
        assert_eq!(shown(answer), "", "{answer}");
    }
}

#[test]
fn what_is_not_shown_is_counted_by_its_reason() {
    for (answer, reason) in [
        ("Bananas are yellow.", Reason::Unrelated),
        ("Adults take 5 ml of bananol twice a day.", Reason::Name),
        ("Adults take 6 ml twice a day.", Reason::Number),
        ("Leave at most 6 hours between two doses.", Reason::Name),
        ("Speak to a pharmacist first.", Reason::Condition),
        (
            "Speak to a pharmacist first if you have asthma at www.a.example.",
            Reason::Name,
        ),
        ("Here is what the leaflet says:", Reason::Frame),
    ] {
        assert_eq!(reasons(LEAFLETS, answer), [reason], "{answer}");
    }
}

#[test]
fn a_question_may_have_named_the_condition() {
    let ask = |question: &str| {
        let mut grounder = Grounder::new(Words::Written, question, &alone(sources_of(LEAFLETS)));
        let mut outputs = grounder.push("Speak to a pharmacist first [2].");
        outputs.extend(grounder.finish());
        visible(outputs).0
    };
    assert_eq!(
        ask("I have asthma. Can I take cefarol?"),
        "Speak to a pharmacist first [2]."
    );
    assert_eq!(ask("Can I take cefarol?"), "");
}

#[test]
fn sentences_may_be_joined_but_not_mixed() {
    let joined = "Adults take 5 ml twice a day, and you should speak to a pharmacist first if you have asthma [2].";
    assert_eq!(shown(joined), joined);
    for answer in [
        "Adults take 5 ml twice a day and it cures cancer [2].",
        "Adults take 5 ml twice a day and call Dr Smith [2].",
        "Adults take 5 ml twice a day, and you can wear contact lenses [2].",
        "Cefarol makes all people sleepy [2].",
        "Cefarol is for asthma [2].",
    ] {
        assert_eq!(shown(answer), "", "{answer}");
    }
}

#[test]
fn scripts_without_blanks_are_quoted() {
    let text = "检查前请不要吃东西。可以喝少量清水。";
    let answer = "检查前请不要吃东西[1]。可以喝很多牛奶。可以喝少量清水。[2]";
    let (shown, citations) = run_over(sources_of(&[("胃镜", text)]), &[answer]);
    assert_eq!(shown, "检查前请不要吃东西[1]。 可以喝少量清水。[1]");
    assert_eq!(citations.len(), 2);
}

#[test]
fn a_list_cut_off_from_its_lead_in_means_what_the_lead_in_says() {
    let lead = "Do not take naprofen if:";
    let mut passage = sources_of(&[(
        "Naprofen syrup",
        "- you have ever had a stomach ulcer\n- you are more than 18 weeks pregnant",
    )])
    .remove(0);
    passage.start += 500;
    passage.end += 500;
    let line = ContextLine {
        kind: ContextKind::Lead,
        start: 400,
        end: 400 + i32::try_from(lead.len()).unwrap(),
        until: passage.end,
        text: lead.into(),
    };
    let say = |answer: &str| {
        let governed = vec![(passage.clone(), Some(vec![line.clone()]))];
        let mut grounder = Grounder::new(Words::Written, "", &governed);
        let mut outputs = grounder.push(answer);
        outputs.extend(grounder.finish());
        visible(outputs)
    };
    let (text, _) = say("You can take naprofen if you are more than 18 weeks pregnant [1].");
    assert_eq!(text, "");
    let (text, citations) = say("Do not take naprofen if you are more than 18 weeks pregnant [1].");
    assert!(text.contains("18 weeks pregnant"), "{text}");
    let quotes: Vec<(&str, i32)> = citations
        .iter()
        .map(|citation| (citation.quote.as_str(), citation.start))
        .collect();
    assert!(
        quotes.contains(&("you are more than 18 weeks pregnant", 538)),
        "{quotes:?}"
    );
}
