use super::*;
use crate::domain::evidence::LegScores;
use crate::domain::ids::{DocumentId, VersionId};
use crate::orchestrator::answer::offline;

fn passage((title, text): (&str, &str)) -> Passage {
    Passage {
        document_id: DocumentId::new(),
        version_id: VersionId::new(),
        external_id: title.into(),
        collection: "public".into(),
        title: title.into(),
        version: 1,
        stated: crate::domain::document::Stated::default(),
        page: None,
        start: 0,
        end: i32::try_from(text.chars().count()).unwrap(),
        text: text.into(),
        context: None,
        score: 1.0,
        scores: LegScores {
            dense: Some(0.4),
            lexical: Some(1.0),
        },
    }
}

/// One sheet a line: the language, the title and the text, in which `|` ends a line; below it
/// questions, each with the sentence that answers it, or nothing if none does.
const SHEETS: &str = include_str!("../../../../tests/languages/answers.tsv");

struct Case<'a> {
    question: &'a str,
    answer: &'a str,
}

fn read() -> (Vec<(&'static str, String)>, Vec<Case<'static>>) {
    let (mut sheets, mut cases) = (Vec::new(), Vec::new());
    for line in SHEETS.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["sheet", title, text] => sheets.push((*title, text.replace('|', "\n"))),
            ["ask", question, answer] => cases.push(Case { question, answer }),
            _ => panic!("{line}"),
        }
    }
    (sheets, cases)
}

#[test]
fn questions_are_answered_in_their_language_or_not_at_all() {
    let (sheets, cases) = read();
    assert!(cases.len() >= 36);
    let mut wrong = Vec::new();
    for case in cases {
        let results = sheets.iter().map(|(title, text)| passage((title, text)));
        let evidence = RetrieveResponse {
            results: results.collect(),
            degraded: None,
            corrections: Vec::new(),
        };
        let quoted = offline::quote(case.question, evidence, 0.2);
        let decision = quoted.decision;
        let said = if decision.enough {
            quoted.text
        } else {
            String::new()
        };
        let right = if case.answer == "-" {
            said.is_empty()
        } else {
            said.contains(case.answer)
        };
        if !right {
            wrong.push(format!("{} -> {said:?} {}", case.question, decision.best));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Measures the answers to questions in several languages. `CHATBOT_MEASURE_LANGUAGES` names a folder
/// in the layout of BEIR with `answers.jsonl` beside it.
#[test]
#[ignore = "measures; needs a folder of documents and questions"]
fn measure() {
    let folder = std::env::var("CHATBOT_MEASURE_LANGUAGES").unwrap();
    let lines = |name: &str| -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let plain = |text: &str| text.replace("## ", "").replace("# ", "");
    let sheets: Vec<(String, String)> = lines("corpus.jsonl")
        .iter()
        .map(|sheet| {
            (
                sheet["title"].as_str().unwrap().into(),
                plain(sheet["text"].as_str().unwrap()),
            )
        })
        .collect();
    let answers = lines("answers.jsonl");
    let mut counts: std::collections::BTreeMap<String, [usize; 3]> =
        std::collections::BTreeMap::default();
    for query in lines("queries.jsonl") {
        let text = query["text"].as_str().unwrap();
        let results = sheets.iter().map(|(title, text)| passage((title, text)));
        let evidence = RetrieveResponse {
            results: results.collect(),
            degraded: None,
            corrections: Vec::new(),
        };
        let quoted = offline::quote(text, evidence, 0.2);
        let said = quoted.decision.enough && !quoted.text.is_empty();
        let right = answers
            .iter()
            .filter(|answer| answer["_id"] == query["_id"])
            .any(|answer| {
                let contains = answer["contains"].as_array().unwrap().iter();
                contains
                    .filter_map(|text| text.as_str())
                    .any(|text| quoted.text.contains(text))
            });
        let group = format!("{} {}", query["kind"], query["language"]);
        let entry = counts.entry(group).or_default();
        entry[0] += 1;
        entry[1] += usize::from(said);
        entry[2] += usize::from(said && right);
        if std::env::var_os("VERBOSE").is_some() && said != right {
            println!(
                "{} {text} best {:.2} said {said}: {:?}",
                query["_id"], quoted.decision.best, quoted.text
            );
        }
    }
    for (group, [all, said, right]) in counts {
        println!("{group}: {all}, answered {said}, right {right}");
    }
}
