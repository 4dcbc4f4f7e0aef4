//! Messages are understood in their conversation, without a language model.

use serde_json::Value;

use crate::support::conversation::Conversation;
use crate::support::system::System;

const SHEETS: [(&str, &str); 3] = [
    (
        "north.md",
        "# Eye clinic, East House\n\nThe eye clinic at East House is open on Monday from 09:00. \
         Call 555 0101.",
    ),
    (
        "south.md",
        "# Eye clinic, West House\n\nThe eye clinic at West House is open on Thursday from 14:00. \
         Call 555 0202.",
    ),
    (
        "meals.md",
        "# Meals on the wards\n\nDinner is served on every ward from 18:00.",
    ),
];

async fn informed() -> System {
    let system = System::start().await;
    for (name, text) in SHEETS {
        system.document(name).text(text).indexed().await;
    }
    system
}

async fn said(conversation: &Conversation<'_>, message: &str) -> (Value, String) {
    let done = conversation.ask(message).json().await;
    let answer = done["answer"].as_str().unwrap_or_default().to_owned();
    (done, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_and_a_correction_are_read_with_the_question_before() {
    let system = informed().await;
    let conversation = system.conversation().await;
    let (_, answer) = said(&conversation, "When is the eye clinic at West House open?").await;
    assert!(answer.contains("Thursday from 14:00"), "{answer}");
    let (done, answer) = said(&conversation, "Which number do I call there?").await;
    assert!(answer.contains("555 0202"), "{answer}");
    assert_eq!(done["understanding"]["kind"], "follow_up");
    let (done, answer) = said(&conversation, "no, I meant East House").await;
    assert!(answer.contains("555 0101"), "{answer}");
    assert_eq!(done["understanding"]["kind"], "correction");
    let (done, answer) = said(&conversation, "When is dinner served?").await;
    assert!(answer.contains("18:00"), "{answer}");
    assert_eq!(done["understanding"].get("standalone"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_several_documents_answer_is_asked_back_once() {
    let system = informed().await;
    let conversation = system.conversation().await;
    let (done, answer) = said(&conversation, "When is the eye clinic open?").await;
    assert_eq!(done["status"], "clarifying", "{answer}");
    let options = done["clarification"]["options"].as_array().unwrap();
    assert_eq!(options.len(), 2, "{answer}");
    assert!(answer.contains("\n2. "), "{answer}");
    let west = options.iter().position(|option| {
        let label = option["label"].as_str().unwrap_or_default();
        label.contains("West")
    });
    let number = (west.unwrap() + 1).to_string();
    let (done, answer) = said(&conversation, &number).await;
    assert_eq!(done["understanding"]["kind"], "choice");
    assert!(answer.contains("Thursday from 14:00"), "{answer}");
    assert!(!answer.contains("Monday"), "{answer}");
    let (done, _) = said(&conversation, "hello").await;
    assert_eq!(done["rung"], "manners");
}

#[tokio::test(flavor = "multi_thread")]
async fn manners_need_no_document_and_have_the_persons_language() {
    let system = System::start().await;
    let conversation = system.conversation().await;
    for (message, language, part) in [
        ("Hello!", "en", "Hello!"),
        ("Muchas gracias", "es", "De nada"),
        ("Wer bist du?", "de", "Computerprogramm"),
        ("你是医生吗？", "zh", "不是"),
    ] {
        let (done, answer) = said(&conversation, message).await;
        assert_eq!(done["status"], "completed", "{message}");
        assert_eq!(done["language"], language, "{message}");
        assert!(answer.contains(part), "{message} {answer}");
    }
}
