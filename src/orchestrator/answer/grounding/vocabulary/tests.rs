use super::*;
use crate::language::lists::{Set, Table};

fn held(passage: &str, word: &str) -> bool {
    let words: Set<String> = meaningful(passage).collect();
    meaningful(word).all(|word| holds(&words, &word))
}

#[test]
fn forms_of_one_word_are_held() {
    for (passage, word) in [
        ("an allergic reaction", "allergy"),
        ("you are pregnant", "pregnancy"),
        ("have it measured regularly", "regular"),
        ("the treatment helps", "treat"),
        ("children under 12", "child"),
        ("take it", "using"),
    ] {
        assert!(held(passage, word), "{passage} / {word}");
    }
}

#[test]
fn other_medicines_are_suspects() {
    for (passage, word) in [
        ("prednisone", "prednisolone"),
        ("penicillin", "penicillamine"),
        ("hydralazine", "hydroxyzine"),
        ("cefuroxime", "cefotaxime"),
        ("quinine", "quinidine"),
        ("hydrocodone", "hydrocortisone"),
        ("chlorpromazine", "chlorpropamide"),
        ("metformin", "metronidazole"),
        ("hypertension", "hypotension"),
        ("breath", "breathless"),
        ("harmful", "harmless"),
        ("tolerable", "intolerable"),
    ] {
        assert!(!held(passage, word), "{passage} / {word}");
        assert!(!held(word, passage), "{word} / {passage}");
    }
}

#[test]
fn a_word_has_one_meaning() {
    let mut seen: Table<String, &str> = Table::default();
    let groups = include_str!("../../../../language/en/words/synonyms.txt");
    for group in groups.lines() {
        for word in content_words(group).collect::<Set<_>>() {
            let other = seen.insert(word.clone(), group);
            assert!(other.is_none(), "{word}: {group} / {other:?}");
        }
    }
}
