//! Sentences that a passage only reports or doubts.

use super::super::corpus::Subject;
use super::super::edit::{bare, pick, small};
use super::kind::{Changed, Kind, Meaning};

pub fn kinds(doubts: Vec<String>) -> Vec<Kind> {
    let (taken, put) = (doubts.clone(), doubts);
    let lost = Box::new(move |subject: &Subject, _: Option<&Subject>| {
        let frame = pick(&taken, &subject.sentence)?;
        (subject.row.is_none()).then(|| Changed {
            passage: Some(format!("{frame} {}", small(&subject.sentence))),
            sentence: subject.sentence.clone(),
        })
    });
    let quoted = Box::new(|subject: &Subject, _: Option<&Subject>| {
        let sentence = bare(&subject.sentence);
        (subject.row.is_none()).then(|| Changed {
            passage: Some(format!(
                "“{sentence}” is what the advertisement claims, and it is wrong."
            )),
            sentence: subject.sentence.clone(),
        })
    });
    vec![
        Kind {
            name: "doubt dropped".into(),
            meaning: Meaning::Changed,
            make: lost,
        },
        Kind {
            name: "quoted claim taken for true".into(),
            meaning: Meaning::Changed,
            make: quoted,
        },
        Kind::of_sentence("doubt added", Meaning::Changed, move |sentence| {
            let frame = pick(&put, sentence)?;
            Some(format!("{frame} {}", small(sentence)))
        }),
    ]
}
