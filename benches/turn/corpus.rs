//! The documents, and the questions that they answer.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The documents of a made-up corpus.
const MADE: usize = 600;
/// A prime number, so that every document has its turn.
const STEP: usize = 1_009;

/// Lines of `_id`, `title` and `text`.
pub struct Corpus(Vec<Value>);

impl Corpus {
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a corpus");
        Self(
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        )
    }

    /// Leaflets on illnesses that do not exist.
    pub fn made() -> Self {
        Self((0..MADE).map(leaflet).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All documents as JSON lines.
    pub fn lines(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(Value::to_string).collect();
        lines.join("\n")
    }

    /// So many documents under names and titles of their own.
    pub fn edition(&self, count: usize, edition: usize) -> (Vec<String>, String) {
        let (mut names, mut lines) = (Vec::new(), Vec::new());
        for (number, line) in self.0.iter().enumerate().take(count) {
            let name = format!("edition-{edition}-{number}");
            let title = format!("{} ({edition})", line["title"].as_str().unwrap());
            let line = json!({ "_id": name, "title": title, "text": line["text"] });
            names.push(name);
            lines.push(line.to_string());
        }
        (names, lines.join("\n"))
    }

    /// The title of a document; each one once before the first comes again.
    pub fn question(&self, number: usize) -> String {
        let count = self.0.len();
        // Neighbours are often of one family, so the next question is from elsewhere.
        let title = self.0[number * STEP % count]["title"].as_str().unwrap();
        match number / count {
            0 => title.to_owned(),
            lap => format!("{title} ({lap})"),
        }
    }
}

fn leaflet(number: usize) -> Value {
    let of = |words: &[&'static str], divisor: usize| words[number / divisor % words.len()];
    let name = format!(
        "{}{}{} {}",
        of(
            &["Ba", "Ke", "Lo", "Mi", "Nu", "Ra", "So", "Te", "Vu", "Zi"],
            1
        ),
        of(&["lan", "mer", "nol", "pir", "rus", "tav"], 10),
        of(&["dosis", "gita", "lexia", "mina", "path"], 60),
        of(&["fever", "syndrome"], 300),
    );
    let organ = of(
        &[
            "skin", "lung", "heart", "liver", "eyes", "joints", "stomach",
        ],
        1,
    );
    let medicine = format!("{}zol", of(&["ami", "beta", "cora", "dila", "ero"], 7));
    let text = format!(
        "{name} is a disease of the {organ}. It comes from a small change in one gene, and about \
        {} of 100,000 people have it. The first signs of {name} are tiredness, pain in the {organ} \
        and a loss of weight over several weeks. A doctor finds {name} with an examination, a blood \
        test and a picture of the {organ}. The usual treatment of {name} is {medicine} for {} weeks, \
        together with rest and plenty of water. Most people with {name} feel better after {} days. \
        People with {name} should see their doctor again when the pain comes back. Regular exercise \
        and a balanced diet help to keep the {organ} well after {name}.",
        number % 90 + 2,
        number % 9 + 2,
        number % 20 + 5,
    );
    json!({ "_id": format!("leaflet-{number}"), "title": format!("What is {name}?"), "text": text })
}
