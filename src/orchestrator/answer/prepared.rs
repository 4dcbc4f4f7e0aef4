//! Prepared answers, with the contacts of this organisation.

use crate::domain::chat::Rung;
use crate::domain::event::{Level, TriageNotice};
use crate::orchestrator::stream::draft::Prepared;
use crate::safety::{Contacts, Triage, texts};

/// The result of triage, for the client and for the record.
pub(in crate::orchestrator) fn notice(triage: Triage, contacts: &Contacts) -> TriageNotice {
    let emergency = triage.level == Level::Emergency;
    let called = || contacts.for_emergency(triage.category);
    TriageNotice {
        level: triage.level,
        category: triage.category.map(|category| category.as_str().into()),
        text: emergency.then(|| texts::emergency(triage.category, contacts)),
        contacts: emergency.then(called).unwrap_or_default(),
    }
}

/// The answer to an emergency: the advice of its notice.
pub(in crate::orchestrator) fn advice(
    notice: &TriageNotice,
    contacts: &Contacts,
) -> Option<Prepared> {
    let text = || texts::emergency(None, contacts);
    (notice.level == Level::Emergency).then(|| Prepared {
        rung: Rung::Triage,
        text: notice.text.clone().unwrap_or_else(text),
        contacts: notice.contacts.clone(),
    })
}

/// The answer when the documents have none.
pub(super) fn abstention(contacts: &Contacts) -> Prepared {
    Prepared {
        rung: Rung::Abstain,
        text: texts::abstained(contacts),
        contacts: contacts.for_urgent_case(),
    }
}
