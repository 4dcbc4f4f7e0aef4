//! The prepared texts, completed with the contacts of this organisation.

use super::contacts::Contacts;
use crate::domain::contact::Contact;
use crate::domain::emergency::Category;
use crate::language::spoken;

/// Returns a contact's name in a sentence: its label, and its number if it has one.
pub fn named(contact: &Contact) -> String {
    match &contact.number {
        Some(number) => format!("{} ({number})", contact.label),
        None => contact.label.clone(),
    }
}

/// Returns the advice for an emergency of this kind.
pub fn emergency(category: Option<Category>, contacts: &Contacts) -> String {
    let texts = &spoken().texts;
    let text = match category {
        None => texts.emergency,
        Some(Category::ChestPain) => texts.chest_pain,
        Some(Category::Stroke) => texts.stroke,
        Some(Category::Breathing) => texts.breathing,
        Some(Category::SevereBleeding) => texts.severe_bleeding,
        Some(Category::Unconsciousness) => texts.unconsciousness,
        Some(Category::Anaphylaxis) => texts.anaphylaxis,
        Some(Category::Overdose) => texts.overdose,
        Some(Category::SuicidalIntent) => texts.suicidal_intent,
    };
    let centre = contacts.poison_centre.as_ref().map(|centre| {
        let centre = [("{centre}", named(centre))];
        filled(texts.poison_centre, &centre)
    });
    let line = contacts.crisis_line.as_ref();
    let line = line.map_or_else(|| texts.any_crisis_line.to_owned(), named);
    let emergency = named(&contacts.emergency);
    filled(
        &filled(text, &[("{call}", texts.call.to_owned())]),
        &[
            ("{emergency}", emergency),
            ("{centre}", centre.unwrap_or_default()),
            ("{line}", line),
        ],
    )
}

/// Returns the advice for cases that cannot wait for an answer.
pub fn urgent_case(contacts: &Contacts) -> String {
    let texts = &spoken().texts;
    let emergency = [("{emergency}", named(&contacts.emergency))];
    let call = filled(texts.urgent_call, &emergency);
    match &contacts.urgent_advice_line {
        Some(line) => filled(
            texts.urgent_line,
            &[("{line}", named(line)), ("{call}", call)],
        ),
        None => call,
    }
}

/// Returns the text for a question that the documents do not answer.
pub fn abstained(contacts: &Contacts) -> String {
    let urgent = [("{urgent}", urgent_case(contacts))];
    filled(spoken().texts.abstained, &urgent)
}

/// Replaces the names in a text by values. A value is never searched for names, because a contact's
/// label may contain anything.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, behind) = rest.split_at(at);
        filled.push_str(before);
        let value = values.iter().find(|(name, _)| behind.starts_with(name));
        let (shown, length) = value.map_or(("{", 1), |(name, value)| (value.as_str(), name.len()));
        filled.push_str(shown);
        rest = behind.get(length..).unwrap_or_default();
    }
    filled + rest
}

#[cfg(test)]
mod tests {
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

    /// Every possible text, with its emergency if it has one.
    fn all(contacts: &Contacts) -> Vec<(Option<Category>, String)> {
        let emergencies = Category::ALL.into_iter().map(Some).chain([None]);
        emergencies
            .map(|category| (category, emergency(category, contacts)))
            .chain([(None, urgent_case(contacts)), (None, abstained(contacts))])
            .collect()
    }

    #[test]
    fn no_text_has_a_number_of_its_own() {
        for (_, text) in all(&Contacts::default()) {
            assert!(text.contains("your local emergency number"), "{text}");
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
            assert!(!text.contains("  ") && text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn every_text_names_the_numbers_that_are_configured_for_it() {
        for (category, text) in all(&configured()) {
            assert!(text.contains("the ambulance (144)"), "{text}");
            let crisis = category == Some(Category::SuicidalIntent);
            assert_eq!(text.contains("the listening line (143)"), crisis, "{text}");
            let poison = category == Some(Category::Overdose);
            assert_eq!(text.contains("Tox Info (145)"), poison, "{text}");
        }
        let line = "the night nurse (+41 44 1)";
        assert!(urgent_case(&configured()).contains(line));
        assert!(abstained(&configured()).contains(line));
    }

    #[test]
    fn the_contacts_of_a_text_are_those_that_it_names() {
        for contacts in [Contacts::default(), configured()] {
            for category in Category::ALL.into_iter().map(Some).chain([None]) {
                let text = emergency(category, &contacts);
                for contact in contacts.for_emergency(category) {
                    assert!(text.contains(&named(&contact)), "{text}");
                }
            }
            let text = abstained(&contacts);
            for contact in contacts.for_urgent_case() {
                assert!(text.contains(&named(&contact)), "{text}");
            }
        }
    }
}
