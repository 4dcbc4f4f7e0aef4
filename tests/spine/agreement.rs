//! Several documents on one thing: the same text, and different values.

use serde_json::Value;

use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};

/// A text under two ids, its question, what one of them says later, and the words that differ.
const KINDS: [(&str, &str, &str, [&str; 2]); 3] = [
    (
        "How many chairs has the dialysis unit?",
        "The dialysis unit has 14 chairs.\n",
        "The dialysis unit has 22 chairs.\n",
        ["14 chairs", "22 chairs"],
    ),
    (
        "When do visiting hours on the stroke ward end?",
        "# Stroke ward\n\nVisiting hours on the stroke ward end at 8 pm every day.\n",
        "# Stroke ward\n\nVisiting hours on the stroke ward end at 7 pm every day.\n\nVersion 3, 2 May 2026\n",
        ["8 pm", "7 pm"],
    ),
    (
        "How often may adults take Kelvapril tablets?",
        "# Kelvapril\n\nAdults may take one Kelvapril tablet every 6 hours.\n\nVersion 1.0, March 2025\n",
        "# Kelvapril\n\nAdults may take one Kelvapril tablet every 8 hours.\n\nVersion 2.0, March 2026\n",
        ["every 6 hours", "every 8 hours"],
    ),
];

/// The different documents that an answer cites.
fn cited(done: &Value) -> usize {
    let citations = done["citations"].as_array().unwrap().iter();
    let documents = citations.map(|citation| citation["document_id"].as_str().unwrap());
    documents.collect::<std::collections::HashSet<_>>().len()
}

/// Every citation is the text of the answer's source at its place.
fn assert_resolves(done: &Value) {
    let answer: Vec<char> = done["answer"].as_str().unwrap().chars().collect();
    for citation in done["citations"].as_array().unwrap() {
        let at = |key: &str| usize::try_from(citation[key].as_i64().unwrap()).unwrap();
        let said: String = answer[at("answer_start")..at("answer_end")]
            .iter()
            .collect();
        let quote = citation["quote"].as_str().unwrap();
        let figures = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let said = said.split(" [").next().unwrap();
        assert_eq!(figures(said), figures(quote), "{said} / {quote}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_text_is_shown_once_with_both_sources_and_other_values_with_a_word() {
    let system = System::start().await;
    for (nth, (question, text, later, [old, new])) in KINDS.into_iter().enumerate() {
        let one = system.document(&format!("one-{nth}.md")).text(text);
        one.indexed().await;
        system
            .document(&format!("two-{nth}.md"))
            .text(text)
            .indexed()
            .await;
        let done = system.ask(question).json().await;
        let answer = done["answer"].as_str().unwrap();
        assert_eq!(answer.matches(old).count(), 1, "{answer}");
        assert!(!answer.contains("differ"), "{answer}");
        assert_eq!(cited(&done), 2, "{done}");
        assert_resolves(&done);
        one.text(later).indexed().await;
        let done = system.ask(question).json().await;
        let answer = done["answer"].as_str().unwrap();
        assert!(answer.contains(old) && answer.contains(new), "{answer}");
        assert!(answer.contains("Our documents differ on this"), "{answer}");
        assert_eq!(cited(&done), 2, "{done}");
        assert_resolves(&done);
        if later.contains("2026") {
            assert!(answer.contains("2026)"), "the date: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_models_answer_shows_the_other_value_too() {
    let (question, old, new, _) = KINDS[0];
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |_| {
        Script::answer(dialect, &["The dialysis unit has 14 chairs [1][2]."])
    })
    .await;
    let setup = Setup::new().await.asking(dialect, &provider);
    let system = System::start_with(setup).await;
    system.document("one.md").text(old).indexed().await;
    system.document("two.md").text(new).indexed().await;
    let done = system.ask(question).json().await;
    let answer = done["answer"].as_str().unwrap();
    assert!(
        answer.contains("14 chairs") && answer.contains("22 chairs"),
        "{answer}"
    );
    assert!(answer.contains("Our documents differ on this"), "{answer}");
    assert_eq!(cited(&done), 2, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_places_with_different_hours_do_not_differ() {
    let system = System::start().await;
    for (name, hours) in [("North", "7:30"), ("South", "13:00")] {
        let text = format!(
            "# Blood tests at {name} House\n\n{name} House opens at {hours} for blood tests.\n"
        );
        system
            .document(&format!("{name}.md"))
            .text(text)
            .indexed()
            .await;
    }
    let done = system
        .ask("When does North House open for blood tests?")
        .json()
        .await;
    let answer = done["answer"].as_str().unwrap();
    assert!(answer.contains("7:30"), "{answer}");
    assert!(!answer.contains("differ"), "{answer}");
}
