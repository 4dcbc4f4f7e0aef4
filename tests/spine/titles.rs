//! Titles and dates as people know them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::conversation::body;
use crate::support::system::System;

/// A leaflet, and what people see of it.
struct Leaflet {
    name: &'static str,
    query: &'static str,
    text: &'static str,
    question: &'static str,
    title: &'static str,
    stated: [Value; 3],
}

fn leaflets() -> [Leaflet; 4] {
    [
        Leaflet {
            name: "hip_v7_FINAL.md",
            query: "",
            text: "# After your hip operation\n\nYou may drive six weeks after your hip operation.\n\n\
                   Version 2.0, 2 February 2026\n\nReview date: March 2099\n",
            question: "When may I drive after my hip operation?",
            title: "After your hip operation",
            stated: [json!("2.0"), json!("2 February 2026"), json!("March 2099")],
        },
        Leaflet {
            name: "garden.html",
            query: "title=garden",
            text: "<title>Microsoft Word - garden.doc</title><h1>The roof garden</h1>\
                   <p>The roof garden opens at seven every day.</p>\
                   <p>Last reviewed 12/05/2025</p>",
            question: "When does the roof garden open?",
            title: "The roof garden",
            stated: [Value::Null, json!("12/05/2025"), Value::Null],
        },
        Leaflet {
            name: "kiosk.txt",
            query: "title=The%20kiosk%20in%20the%20hall",
            text: "KIOSK\n\nThe kiosk sells stamps and newspapers.\n\nVersion: 3 | Next review: May 2020\n",
            question: "What does the kiosk sell?",
            title: "The kiosk in the hall",
            stated: [json!("3"), Value::Null, json!("May 2020")],
        },
        Leaflet {
            name: "chapel.txt",
            query: "",
            text: "The chapel on the second floor is open at night.",
            question: "Is the chapel on the second floor open at night?",
            title: "chapel.txt",
            stated: [Value::Null, Value::Null, Value::Null],
        },
    ]
}

fn stated(of: &Value) -> [Value; 3] {
    ["stated_version", "stated_date", "review_date"].map(|key| of[key].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_the_title_the_version_and_the_dates_that_a_document_states() {
    let system = System::start().await;
    for leaflet in leaflets() {
        let document = system
            .document(leaflet.name)
            .text(leaflet.text)
            .query(leaflet.query);
        let view = document.indexed().await;
        assert_eq!(view["title"], leaflet.title, "{view}");
        assert_eq!(stated(&view), leaflet.stated, "{view}");
        assert_eq!(view["version"], 1);
        let overdue = leaflet.stated[2] == "May 2020";
        assert_eq!(view["review_overdue"], overdue, "{view}");
        // The same upload again is no work, whatever the title has become.
        assert_eq!(document.upload().await["outcome"], "unchanged");
        let version = format!("{}/versions/1", document.path());
        let version = body(system.rag(Method::GET, &version), StatusCode::OK).await;
        assert_eq!(version["title"], leaflet.title);
        assert_eq!(stated(&version), leaflet.stated);
        let found = system.search(leaflet.question).await;
        let found = found["results"].as_array().unwrap();
        let passage = found
            .iter()
            .find(|passage| passage["external_id"] == leaflet.name);
        assert_eq!(passage.unwrap()["title"], leaflet.title);
        assert_eq!(stated(passage.unwrap()), leaflet.stated);
        let mut turn = system.ask(leaflet.question).turn().await;
        let sources = loop {
            let event = turn.next().await.expect("the turn has sources");
            if event.name == "sources" {
                break event.data;
            }
        };
        let source = sources
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["document_id"] == view["id"]);
        assert_eq!(source.unwrap()["title"], leaflet.title, "{sources}");
        assert_eq!(stated(source.unwrap()), leaflet.stated);
    }
    let due = "/v1/documents?due_for_review=0";
    let due = body(system.rag(Method::GET, due), StatusCode::OK).await;
    let due: Vec<&Value> = due["documents"].as_array().unwrap().iter().collect();
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(due[0]["external_id"], "kiosk.txt");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_names_sources_as_people_know_them() {
    let system = System::start().await;
    let [hip, garden, ..] = leaflets();
    for (leaflet, shown) in [
        (
            hip,
            "(After your hip operation, Version 2.0, 2 February 2026)",
        ),
        (garden, "(The roof garden, 12/05/2025)"),
    ] {
        let document = system
            .document(leaflet.name)
            .text(leaflet.text)
            .query(leaflet.query);
        document.indexed().await;
        let mut ask = system.setup.chatbot();
        ask.args(["ask", leaflet.question, "--url", &system.orchestrator.url]);
        let output = ask.env("CHATBOT_API_KEY", &system.key).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(shown), "{told}");
    }
}
