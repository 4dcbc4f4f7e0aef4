//! The prepared texts in the languages of people, completed with the contacts of this organisation.
//!
//! They stand in `config/texts`, one file a language, so that a clinician can read them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::contacts::Contacts;
use crate::domain::contact::Contact;
use crate::domain::emergency::{Category, Level};
use crate::language::{Tongue, by_tongue};

/// The texts of one language. `{emergency}`, `{line}` and `{centre}` stand for contacts, `{call}`
/// and `{today}` for the sentences that say to call them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// The contact in an emergency if none is configured.
    emergency_number: String,
    call: String,
    /// The text for `{centre}`, if there is one.
    poison_centre: String,
    /// The text for `{line}`, if there is none.
    any_crisis_line: String,
    urgent_call: String,
    urgent_line: String,
    today_line: String,
    today: String,
    abstained: String,
    /// Follows an answer whose documents state different values; `{sources}` stands for them.
    differing: String,
    /// By category, and `general`.
    emergency: BTreeMap<String, String>,
    urgent: BTreeMap<String, String>,
    degraded: Degraded,
    /// Stands before a quote from a document in another language; `{language}` stands for its name.
    other_language: String,
    /// The names of the languages in this one, by their codes.
    languages: BTreeMap<String, String>,
}

/// The sentences that say that an answer is less than it could be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Degraded {
    fallback: String,
    verbatim: String,
    unsupported: String,
    unavailable: String,
}

/// A sentence before an answer that is less than it could be.
#[derive(Clone, Copy)]
pub enum Notice {
    /// Another provider than the first one answered.
    Fallback,
    /// No provider answered, and the passages are quoted.
    Verbatim,
    /// No sentence of the model has support, and the passages are quoted.
    Unsupported,
}

/// The name of the advice when the category is not known.
const GENERAL: &str = "general";

static ALL: LazyLock<BTreeMap<Tongue, Texts>> = LazyLock::new(|| {
    let read = |(tongue, file)| Some((tongue, toml::from_str(file).ok()?));
    by_tongue!("texts").into_iter().filter_map(read).collect()
});

/// Returns a text of a language. A test reads every text of every file, so none is ever missing.
fn text(tongue: Tongue, of: impl Fn(&Texts) -> Option<&String>) -> &'static str {
    let texts: Option<&'static Texts> = ALL.get(&tongue);
    texts.and_then(of).map_or("", String::as_str)
}

/// Returns a contact's name in a sentence: its label, and its number if it has one.
pub fn named(contact: &Contact) -> String {
    match &contact.number {
        Some(number) => format!("{} ({number})", contact.label),
        None => contact.label.clone(),
    }
}

/// Returns the advice for a level of urgency and a category; nothing for an ordinary message.
pub fn advice(
    level: Level,
    category: Option<Category>,
    contacts: &Contacts,
    tongue: Tongue,
) -> Option<String> {
    let name = category.map_or(GENERAL, Category::as_str);
    let prepared = match level {
        Level::None => return None,
        Level::Urgent => text(tongue, |texts| texts.urgent.get(name)),
        Level::Emergency => text(tongue, |texts| texts.emergency.get(name)),
    };
    let filled_call = filled(
        prepared,
        &[
            ("{call}", text(tongue, |texts| Some(&texts.call)).to_owned()),
            ("{today}", today(contacts, tongue)),
        ],
    );
    let centre = contacts.poison_centre.as_ref().map(|centre| {
        let sentence = text(tongue, |texts| Some(&texts.poison_centre));
        filled(sentence, &[("{centre}", named(centre))])
    });
    // Without a centre, the space before its sentence goes too.
    let whole = match centre {
        Some(_) => filled_call,
        None => filled_call.replace(" {centre}", ""),
    };
    let line = contacts.crisis_line.as_ref();
    let any_line = || text(tongue, |texts| Some(&texts.any_crisis_line)).to_owned();
    let values = [
        ("{emergency}", emergency_number(contacts, tongue)),
        ("{centre}", centre.unwrap_or_default()),
        ("{line}", line.map_or_else(any_line, named)),
    ];
    Some(filled(&whole, &values))
}

/// Returns the advice for an emergency of this kind.
pub fn emergency(category: Option<Category>, contacts: &Contacts, tongue: Tongue) -> String {
    advice(Level::Emergency, category, contacts, tongue).unwrap_or_default()
}

/// Returns the sentence that says whom to contact today.
fn today(contacts: &Contacts, tongue: Tongue) -> String {
    match &contacts.urgent_advice_line {
        Some(line) => filled(
            text(tongue, |texts| Some(&texts.today_line)),
            &[("{line}", named(line))],
        ),
        None => text(tongue, |texts| Some(&texts.today)).to_owned(),
    }
}

/// Returns the advice for cases that cannot wait for an answer.
pub fn urgent_case(contacts: &Contacts, tongue: Tongue) -> String {
    let call = filled(
        text(tongue, |texts| Some(&texts.urgent_call)),
        &[("{emergency}", emergency_number(contacts, tongue))],
    );
    match &contacts.urgent_advice_line {
        Some(line) => {
            let sentence = text(tongue, |texts| Some(&texts.urgent_line));
            joined(&filled(sentence, &[("{line}", named(line))]), &call, tongue)
        }
        None => call,
    }
}

/// Returns the text for a question that the documents do not answer.
pub fn abstained(contacts: &Contacts, tongue: Tongue) -> String {
    let unknown = text(tongue, |texts| Some(&texts.abstained));
    joined(unknown, &urgent_case(contacts, tongue), tongue)
}

/// Returns the notice that the quoted document is in the language `document`.
pub fn other_language(document: Tongue, tongue: Tongue) -> String {
    let notice = text(tongue, |texts| Some(&texts.other_language));
    filled(
        notice,
        &[("{language}", document.name_in(tongue).to_owned())],
    )
}

impl Tongue {
    /// The name of the language in the language `tongue`.
    pub fn name_in(self, tongue: Self) -> &'static str {
        text(tongue, |texts| texts.languages.get(self.code()))
    }
}

/// Returns the words after an answer whose documents, with these names, state different values.
pub fn differing(sources: &[String], tongue: Tongue) -> String {
    let between = match tongue {
        Tongue::Chinese => "；",
        Tongue::Japanese => "、",
        Tongue::Arabic => "؛ ",
        _ => "; ",
    };
    let prepared = text(tongue, |texts| Some(&texts.differing));
    filled(prepared, &[("{sources}", sources.join(between))])
}

/// Returns a notice.
pub fn notice(notice: Notice, tongue: Tongue) -> &'static str {
    text(tongue, |texts| {
        Some(match notice {
            Notice::Fallback => &texts.degraded.fallback,
            Notice::Verbatim => &texts.degraded.verbatim,
            Notice::Unsupported => &texts.degraded.unsupported,
        })
    })
}

/// Returns the words for a question that nobody can answer now.
pub fn unavailable(contacts: &Contacts, tongue: Tongue) -> String {
    let unavailable = text(tongue, |texts| Some(&texts.degraded.unavailable));
    joined(unavailable, &urgent_case(contacts, tongue), tongue)
}

/// Returns the name of the emergency service in a sentence of this language.
fn emergency_number(contacts: &Contacts, tongue: Tongue) -> String {
    named(&in_tongue(contacts.emergency.clone(), tongue))
}

/// Returns a contact with its label in this language, if the organisation gave it none.
pub(super) fn in_tongue(contact: Contact, tongue: Tongue) -> Contact {
    let default = Contacts::default().emergency.label;
    if contact.label == default {
        let label = text(tongue, |texts| Some(&texts.emergency_number)).to_owned();
        return Contact { label, ..contact };
    }
    contact
}

/// Joins two sentences as the language writes them.
fn joined(first: &str, second: &str, tongue: Tongue) -> String {
    let space = if tongue.has_spaces() { " " } else { "" };
    format!("{first}{space}{second}")
}

/// Replaces the names in a text by values. A value is never searched for names, because a contact's
/// label may contain anything.
pub(super) fn filled(text: &str, values: &[(&str, String)]) -> String {
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
mod tests;
