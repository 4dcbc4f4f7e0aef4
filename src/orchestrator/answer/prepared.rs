//! Prepared answers, with the contacts of this organisation.

use crate::domain::chat::Rung;
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::understanding::{Clarification, ClarificationOption};
use crate::language::Tongue;
use crate::language::conversation::asked_back;
use crate::orchestrator::stream::draft::Prepared;
use crate::safety::{Contacts, Triage, replies, texts};

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

/// The answer when the documents have none; `near` are the titles of the nearest ones.
pub(super) fn abstention(contacts: &Contacts, tongue: Tongue, near: &[String]) -> Prepared {
    let unknown = texts::abstained(contacts, tongue);
    let text = if near.is_empty() {
        unknown
    } else {
        format!("{unknown}\n{}", replies::near(near, tongue))
    };
    Prepared {
        rung: Rung::Abstain,
        text,
        contacts: contacts.for_urgent_case(tongue),
    }
}

/// The question which of these documents is meant.
pub(in crate::orchestrator) fn clarification(
    titles: &[String],
    tongue: Tongue,
) -> (Clarification, Prepared) {
    let question = replies::which(tongue);
    let text = asked_back(&question, titles);
    let options = titles.iter().map(|label| ClarificationOption {
        label: label.clone(),
    });
    let clarification = Clarification {
        question,
        options: options.collect(),
    };
    let prepared = Prepared {
        rung: Rung::Clarify,
        text,
        contacts: Vec::new(),
    };
    (clarification, prepared)
}
