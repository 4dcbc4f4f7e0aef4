//! Prepared answers, with the contacts of this organisation.

use crate::domain::chat::Rung;
use crate::domain::emergency::{Level, TriageNotice};
use crate::language::Tongue;
use crate::orchestrator::stream::draft::Prepared;
use crate::safety::{Contacts, Triage, texts};

/// The result of triage, for the client and for the record.
pub(in crate::orchestrator) fn notice(
    triage: Triage,
    contacts: &Contacts,
    tongue: Tongue,
) -> TriageNotice {
    let Triage {
        level,
        category,
        witness,
        ..
    } = triage;
    let text = texts::advice(level, category, contacts, tongue);
    TriageNotice {
        level,
        category: category.map(|category| category.as_str().into()),
        witness,
        language: text.is_some().then(|| tongue.code().into()),
        text,
        contacts: contacts.for_advice(level, category, tongue),
    }
}

/// The answer to an emergency: the advice of its notice.
pub(in crate::orchestrator) fn advice(notice: &TriageNotice) -> Option<Prepared> {
    let text = notice.text.clone()?;
    (notice.level == Level::Emergency).then(|| Prepared {
        rung: Rung::Triage,
        text,
        contacts: notice.contacts.clone(),
    })
}

/// The answer when the documents have none.
pub(super) fn abstention(contacts: &Contacts, tongue: Tongue) -> Prepared {
    Prepared {
        rung: Rung::Abstain,
        text: texts::abstained(contacts, tongue),
        contacts: contacts.for_urgent_case(tongue),
    }
}
