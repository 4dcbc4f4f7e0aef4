//! Words: what the search and the gate take for one, and where they are listed.

use std::fs;
use std::path::{Path, PathBuf};

use chatbot::language::spoken;

use crate::support::TestDatabase;

/// Other forms than those in the dictionary, British spelling, and what no dictionary has.
const FORMS: &str = "added adding medicines allergies allergic infections surgical feverish running \
    dissolvable hours visiting children prescribed anaesthetics haemorrhage diarrhoea paracetamol \
    prednisolone 2 covid größe naïve x";

#[tokio::test]
async fn the_gate_takes_the_words_that_the_search_takes() {
    let test = TestDatabase::new().await;
    let everyday = spoken().names.everyday.iter();
    let words: Vec<&str> = everyday.chain(FORMS.split_whitespace()).collect();
    assert!(words.len() > 10_000);
    // A stop word of the search has no lexeme.
    let lexemes = format!(
        "SELECT coalesce((ts_lexize('english_stem', word))[1], '') AS t
         FROM unnest(string_to_array('{}', ' ')) WITH ORDINALITY AS words (word, number)
         ORDER BY number",
        words.join(" ")
    );
    let lexemes = test.texts(&lexemes).await;
    assert_eq!(lexemes.len(), words.len());
    let compared = words.iter().zip(&lexemes);
    let other: Vec<_> = compared
        .filter(|(_, lexeme)| !lexeme.is_empty())
        .map(|(word, lexeme)| (*word, spoken().words.stem(word), lexeme))
        .filter(|(_, stem, lexeme)| stem != *lexeme)
        .collect();
    assert!(other.is_empty(), "{other:?}");
}

/// The sources below a folder, tests left out.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs"
        {
            found.push(path);
        }
    }
}

/// The texts between quotation marks, comments and tests left out.
fn literals(source: &str) -> impl Iterator<Item = &str> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split('"').skip(1).step_by(2))
}

#[test]
fn words_of_a_language_stand_in_its_room_alone() {
    let (denial, questions) = (&spoken().denial, &spoken().questions);
    let is_listed = |word: &&str| denial.negations.contains(word) || questions.open.contains(word);
    // Also the value of a setting or a label.
    let is_list = |literal: &&str| {
        let words = literal.split_whitespace();
        *literal != "none" && literal.trim() != "" && words.clone().all(|word| is_listed(&word))
    };
    let mut found = Vec::new();
    for module in ["domain", "safety", "orchestrator", "llm"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        sources(&root.join("src").join(module), &mut found);
    }
    assert!(found.len() > 50);
    for path in found {
        let source = fs::read_to_string(&path).unwrap();
        let stray = literals(&source).find(is_list);
        assert_eq!(stray, None, "{}: belongs into src/language", path.display());
    }
}
