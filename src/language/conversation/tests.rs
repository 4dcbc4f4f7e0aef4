use super::*;
use crate::domain::chat::{Role, Utterance};
use crate::domain::understanding::MessageKind;
use crate::language::Tongue;

fn said(messages: &[&str]) -> Thread {
    let roles = [Role::User, Role::Assistant].into_iter().cycle();
    let said = messages.iter().zip(roles).map(|(content, role)| Utterance {
        role,
        content: (*content).into(),
        standalone: None,
    });
    Thread::of(&said.collect::<Vec<_>>())
}

fn standalone(messages: &[&str], titles: &[&str]) -> String {
    let (last, before) = messages.split_last().unwrap();
    let understood = said(before).understand(last);
    understood.standalone(titles).unwrap_or_default()
}

#[test]
fn a_message_that_names_what_it_is_about_stands_alone() {
    for message in [
        "What is the dose of ibuprofen?",
        "When is ward 7 open?",
        "I dropped my inhaler. Does metformin still work?",
    ] {
        assert_eq!(
            Reading::of(message, Tongue::English).need,
            Need::Nothing,
            "{message}"
        );
    }
    let history = ["How much paracetamol can I take?", "Two tablets."];
    let message = "Is ibuprofen safe in pregnancy?";
    assert_eq!(said(&history).understand(message).standalone(&[]), None);
}

#[test]
fn a_message_that_points_back_needs_its_conversation() {
    for message in [
        "How often should I clean it?",
        "Do I need an appointment there?",
        "Can I take it with ibuprofen?",
        "Is it safe in pregnancy?",
        "What are its side effects?",
        "Can children take this medicine?",
        "and for children?",
        "What about Sundays?",
    ] {
        let need = Reading::of(message, Tongue::English).need;
        assert_eq!(need, Need::Conversation, "{message}");
    }
    for message in [
        "How do I clean my wound?",
        "When are visiting hours?",
        "Is it safe to drive after an operation?",
        "Is there a car park?",
        "Which medicines that thin the blood can I take?",
        "If my wound bleeds, should I cover it?",
        "Where can I park?",
        "And what does the car park cost?",
    ] {
        let need = Reading::of(message, Tongue::English).need;
        assert_eq!(need, Need::Perhaps, "{message}");
    }
}

#[test]
fn a_word_that_points_back_gives_way_to_the_topic() {
    let asked = ["How much loperamide can I take?", "Two capsules."];
    let with = |message| standalone(&[asked[0], asked[1], message], &[]);
    assert_eq!(
        with("Is it safe in pregnancy?"),
        "Is loperamide safe in pregnancy"
    );
    assert_eq!(
        with("What are its side effects?"),
        "What are loperamide side effects"
    );
    assert_eq!(
        with("how long can i take it"),
        "how long can i take loperamide"
    );
}

#[test]
fn titles_tell_the_topic_of_a_question_without_names() {
    let asked = "When is the flu vaccine given?";
    let messages = [asked, "In October.", "Who gets it free?"];
    let title = "Winter vaccines: flu";
    assert_eq!(standalone(&messages, &[title]), "Who gets flu vaccine free");
}

#[test]
fn a_part_takes_the_place_of_its_counterpart() {
    let asked = "How much paracetamol can an adult take?";
    let with = |message| standalone(&[asked, "One gram.", message], &[]);
    assert_eq!(
        with("And for children?"),
        "How much paracetamol can an take for children"
    );
    assert_eq!(
        with("What about ibuprofen?"),
        "How much can an adult take ibuprofen"
    );
    let asked = "When is ward 7 open?";
    assert_eq!(
        standalone(&[asked, "At 2.", "no, I meant ward 8"], &[]),
        "When is open ward 8"
    );
    let asked = "When is the clinic at North House open?";
    let messages = [asked, "At 8.", "and south house?"];
    assert_eq!(
        standalone(&messages, &[]),
        "When is the clinic at open south house"
    );
}

#[test]
fn a_topic_lasts_over_several_messages_and_manners() {
    let messages = [
        "How much paracetamol can an adult take?",
        "One gram.",
        "Is it safe in pregnancy?",
        "Paracetamol is safe.",
        "Thanks!",
        "You are welcome.",
        "And how is it stored?",
    ];
    assert!(standalone(&messages, &[]).contains("paracetamol stored"));
}

#[test]
fn an_option_is_chosen_by_number_place_or_words() {
    let options = [
        "Clinic, North House".to_owned(),
        "Clinic, South House".to_owned(),
    ];
    let back = asked_back("Which one do you mean?", &options);
    assert_eq!(options_of(&back), options);
    let picked = |message: &str| {
        let history = ["When is the clinic open?", back.as_str()];
        said(&history)
            .understand(message)
            .chosen()
            .map(str::to_owned)
    };
    for message in [
        "2",
        "2.",
        "the second one",
        "south house please",
        "South",
        "number 2",
        "२",
    ] {
        assert_eq!(
            picked(message).as_deref(),
            Some("Clinic, South House"),
            "{message}"
        );
    }
    for message in ["3", "where can I park?", "clinic", "house"] {
        assert_eq!(picked(message), None, "{message}");
    }
    let history = ["When is the clinic open?", back.as_str()];
    let both = said(&history).understand("both");
    assert_eq!(both.reading.kind, MessageKind::Choice);
    assert_eq!(
        both.standalone(&[]).as_deref(),
        Some("When is the clinic open?")
    );
}

#[test]
fn a_list_in_an_answer_is_no_question_back() {
    assert!(options_of("Take:\n1. one tablet").is_empty());
    assert!(options_of("Bring your card.").is_empty());
}

#[test]
fn a_short_message_has_the_language_of_its_conversation() {
    let german = said(&["Wann kann ich meinen Vater besuchen?", "Ab 14 Uhr."]);
    assert_eq!(german.understand("7?").reading.tongue, Tongue::German);
    assert_eq!(
        german
            .understand("And when is the shop open?")
            .reading
            .tongue,
        Tongue::English
    );
}
