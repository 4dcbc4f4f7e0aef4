use super::*;
use crate::domain::contact::ContactKind;

fn contact(kind: ContactKind, label: &str, number: &str) -> Contact {
    Contact {
        kind,
        label: label.into(),
        number: Some(number.into()),
    }
}

fn configured() -> Contacts {
    use ContactKind::{CrisisLine, Emergency, PoisonCentre, UrgentAdviceLine};
    Contacts {
        emergency: contact(Emergency, "the ambulance", "144"),
        crisis_line: Some(contact(CrisisLine, "the listening line", "143")),
        poison_centre: Some(contact(PoisonCentre, "Tox Info", "145")),
        urgent_advice_line: Some(contact(UrgentAdviceLine, "the night nurse", "+41 44 1")),
    }
}

type Advised = (Level, Option<Category>);

fn every_advice() -> impl Iterator<Item = Advised> {
    let categories = || Category::ALL.into_iter().map(Some).chain([None]);
    let of = move |level| categories().map(move |category| (level, category));
    [Level::Urgent, Level::Emergency].into_iter().flat_map(of)
}

/// Every possible text.
fn all(contacts: &Contacts, tongue: Tongue) -> Vec<(Option<Advised>, String)> {
    every_advice()
        .map(|(level, category)| {
            let text = advice(level, category, contacts, tongue);
            (Some((level, category)), text.unwrap())
        })
        .chain([
            (None, urgent_case(contacts, tongue)),
            (None, abstained(contacts, tongue)),
        ])
        .collect()
}

#[test]
fn every_language_has_every_text_and_none_has_a_number_of_its_own() {
    for tongue in Tongue::ALL {
        assert!(ALL.contains_key(&tongue), "{tongue:?}");
        let number = text(tongue, |texts| Some(&texts.emergency_number));
        for (_, text) in all(&Contacts::default(), tongue) {
            assert!(text.contains(number), "{tongue:?} {text}");
            assert!(!text.contains(|c: char| c.is_numeric()), "{text}");
            assert!(!text.contains("  ") && !text.contains(['{', '}']), "{text}");
            assert!(text.ends_with(['.', '。', '।']), "{text}");
        }
    }
}

#[test]
fn every_text_names_the_numbers_that_are_configured_for_it() {
    for tongue in Tongue::ALL {
        for (of, text) in all(&configured(), tongue) {
            assert!(text.contains("the ambulance (144)"), "{text}");
            let category = of.and_then(|(_, category)| category);
            let crisis = category == Some(Category::SuicidalIntent);
            assert_eq!(text.contains("the listening line (143)"), crisis, "{text}");
            let poison = of == Some((Level::Emergency, Some(Category::Overdose)));
            assert_eq!(text.contains("Tox Info (145)"), poison, "{text}");
        }
        let line = "the night nurse (+41 44 1)";
        assert!(urgent_case(&configured(), tongue).contains(line));
        assert!(abstained(&configured(), tongue).contains(line));
    }
}

#[test]
fn the_contacts_of_a_text_are_those_that_it_names() {
    for contacts in [Contacts::default(), configured()] {
        for tongue in Tongue::ALL {
            for (level, category) in every_advice() {
                let text = advice(level, category, &contacts, tongue).unwrap();
                for contact in contacts.for_advice(level, category, tongue) {
                    assert!(text.contains(&named(&contact)), "{text}");
                }
            }
            let text = abstained(&contacts, tongue);
            for contact in contacts.for_urgent_case(tongue) {
                assert!(text.contains(&named(&contact)), "{text}");
            }
        }
    }
}

/// The Flesch-Kincaid grade of a text, with syllables counted as groups of vowels; that counts up to
/// half a grade more than a dictionary.
fn grade(text: &str) -> f64 {
    let sentences = text.matches(['.', '!', '?', ':']).count().max(1);
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let syllables: usize = words
        .iter()
        .map(|word| {
            let vowels: Vec<bool> = word.chars().map(|c| "aeiouy".contains(c)).collect();
            let starts = vowels.iter().zip(std::iter::once(&false).chain(&vowels));
            let groups = starts.filter(|(now, before)| **now && !**before).count();
            let silent = word.ends_with('e') && !word.ends_with("le") && groups > 1;
            (groups - usize::from(silent)).max(1)
        })
        .sum();
    let float = |n: usize| f64::from(u32::try_from(n).unwrap());
    0.39 * float(words.len()) / float(sentences) + 11.8 * float(syllables) / float(words.len())
        - 15.59
}

#[test]
fn english_advice_reads_at_grade_six() {
    for (level, category) in every_advice() {
        let text = advice(level, category, &Contacts::default(), Tongue::English).unwrap();
        assert!(grade(&text) < 7.0, "{:.1} {text}", grade(&text));
    }
}

#[test]
fn every_language_says_that_documents_differ_and_names_them() {
    let sources = ["One (Version 1)".to_owned(), "Two (May 2026)".to_owned()];
    let mut all: Vec<String> = Tongue::ALL
        .into_iter()
        .map(|tongue| differing(&sources, tongue))
        .collect();
    for text in &all {
        assert!(sources.iter().all(|source| text.contains(source)), "{text}");
        assert!(!text.contains(['{', '}']), "{text}");
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), Tongue::ALL.len());
}

#[test]
fn every_language_names_every_language_in_its_notice() {
    for tongue in Tongue::ALL {
        let mut names: Vec<&str> = Tongue::ALL
            .into_iter()
            .map(|other| other.name_in(tongue))
            .collect();
        for (other, name) in Tongue::ALL.into_iter().zip(&names) {
            assert!(!name.is_empty(), "{other:?} in {tongue:?}");
            assert!(other_language(other, tongue).contains(name));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Tongue::ALL.len());
    }
    assert_eq!(Tongue::Japanese.name_in(Tongue::German), "Japanisch");
}
