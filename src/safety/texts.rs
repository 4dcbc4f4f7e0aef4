//! The English texts that are written beforehand. No text has a number of its own: each is that of a
//! contact. Short sentences, because people read them in fear.

use super::category::Category;
use super::contacts::Contacts;
use crate::domain::contact::Contact;

/// How a sentence names a contact: by its label, and by its number if it has one.
pub fn named(contact: &Contact) -> String {
    match &contact.number {
        Some(number) => format!("{} ({number})", contact.label),
        None => contact.label.clone(),
    }
}

/// The advice for an emergency of this kind.
pub fn emergency(category: Option<Category>, contacts: &Contacts) -> String {
    let emergency = named(&contacts.emergency);
    let call = format!("Call {emergency} now.");
    match category {
        None => format!("This may be an emergency. {call}"),
        Some(Category::ChestPain) => format!(
            "This may be a heart attack. {call} Sit down and rest while you wait. Do not drive yourself to hospital."
        ),
        Some(Category::Stroke) => format!(
            "These can be signs of a stroke. {call} Note the time when the signs began. Give nothing to eat or drink."
        ),
        Some(Category::Breathing) => format!(
            "Trouble breathing can be life-threatening. {call} Sit upright and loosen tight clothing. Stay on the line."
        ),
        Some(Category::SevereBleeding) => format!(
            "Severe bleeding is an emergency. {call} Press firmly on the wound with a clean cloth and do not let go."
        ),
        Some(Category::Unconsciousness) => format!(
            "A person who cannot be woken needs help at once. {call} Check whether the person breathes, and follow what the emergency service tells you."
        ),
        Some(Category::Anaphylaxis) => format!(
            "This may be a severe allergic reaction. {call} Use an adrenaline auto-injector if one was prescribed."
        ),
        Some(Category::Overdose) => poisoning(&call, contacts),
        Some(Category::SuicidalIntent) => suicidal_intent(&emergency, contacts),
    }
}

fn poisoning(call: &str, contacts: &Contacts) -> String {
    let centre = contacts.poison_centre.as_ref();
    let centre = centre.map_or_else(String::new, |centre| {
        format!(" You can also call {}.", named(centre))
    });
    format!(
        "This may be a poisoning. {call} Do it even if there are no symptoms yet.{centre} Keep the package at hand. Do not make the person vomit."
    )
}

fn suicidal_intent(emergency: &str, contacts: &Contacts) -> String {
    let line = contacts.crisis_line.as_ref();
    let line = line.map_or_else(|| "a crisis line".to_owned(), named);
    format!(
        "I am glad that you wrote this, and you do not have to be alone with it. If you may act on these thoughts, call {emergency} or {line} now. Go to someone you trust, and move away from anything you could use to hurt yourself."
    )
}

/// The advice if the matter cannot wait for an answer.
pub fn urgent_case(contacts: &Contacts) -> String {
    let emergency = named(&contacts.emergency);
    let call = format!("In an emergency, call {emergency} now.");
    match &contacts.urgent_advice_line {
        Some(line) => format!("If it is urgent, call {}. {call}", named(line)),
        None => call,
    }
}

/// The text that is said if the documents do not answer.
pub fn abstained(contacts: &Contacts) -> String {
    format!(
        "I don't know. The documents I am allowed to use do not answer this question. Please ask a member of staff, or try to put the question in other words. {}",
        urgent_case(contacts)
    )
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

    /// Every text that may be said, with what it is about.
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
