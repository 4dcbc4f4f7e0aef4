//! Questions about rows of tables, far from the column names.

use std::fmt::Write as _;

use crate::support::system::{Setup, System};

/// A page with a table of 60 rows, most of which stand in passages without the column names.
fn formulary() -> String {
    let syllables = ["bar", "cel", "dov", "fim", "gur", "lat", "mop", "nez"];
    let mut rows = String::new();
    for at in 0..60 {
        let drug = format!("{}{}ine", syllables[at / 8], syllables[at % 8]);
        let (dose, place) = (10 + at, if at % 2 == 0 { "fridge" } else { "cupboard" });
        write!(
            rows,
            "<tr><td>{drug}</td><td>{dose} mg</td><td>{} hours</td><td>{place}</td></tr>",
            2 + at % 7
        )
        .unwrap();
    }
    format!(
        "<h1>Ward list</h1><h2>Doses for adults</h2><table><caption>Starting doses</caption>\
         <tr><th rowspan=2>Medicine</th><th colspan=2>By mouth</th><th rowspan=2>Kept in</th></tr>\
         <tr><th>Usual dose</th><th>Gap between doses</th></tr>{rows}</table>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_far_down_a_long_table_answers_with_its_header() {
    let system = System::start_with(Setup::new().await).await;
    let document = system.document("ward.html").media_type("text/html");
    document.text(formulary()).indexed().await;
    let conversation = system.conversation().await;
    let done = conversation
        .ask("What is the usual dose of latgurine?")
        .ends("completed")
        .await;
    let read = conversation.read().await;
    let answer = read["messages"][1]["content"].as_str().unwrap();
    let header = "Medicine | By mouth: Usual dose | By mouth: Gap between doses | Kept in";
    assert!(answer.contains(header), "{answer}");
    assert!(
        answer.contains("latgurine | 54 mg | 4 hours | fridge"),
        "{answer}"
    );
    let quotes = done["citations"].as_array().unwrap().iter();
    let quotes: Vec<&str> = quotes.filter_map(|cited| cited["quote"].as_str()).collect();
    assert!(
        quotes
            .iter()
            .any(|quote| quote.contains("latgurine | 54 mg")),
        "{quotes:?}"
    );
}
