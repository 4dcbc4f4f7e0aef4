//! The answer that quotes the passages, and the remarks around an answer.

use super::answers::{Answers, NoAnswer};
use super::evidence::{Asked, Evidence};
use super::extractive::{self, Line};
use super::governed::Governed;
use super::grounding::{Grounder, Output, Words};
use super::standing::Standing;
use super::tongues;
use crate::domain::chat::{Rung, TurnStatus};
use crate::domain::understanding::MessageKind;
use crate::language::Tongue;
use crate::orchestrator::stream::draft::Draft;
use crate::safety::replies;

/// The most lines of an answer that was to be shorter.
const SHORT: usize = 2;

impl Answers {
    /// Shows the lines of the passages that answer, word for word; abstains if there are none.
    pub(super) async fn quote(
        &self,
        asked: &Asked<'_>,
        evidence: &Evidence,
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<TurnStatus, NoAnswer> {
        draft.answered_by(Rung::Extractive, extractive::PROVIDER, extractive::MODEL);
        let (sources, tongue) = (evidence.sources.as_slice(), asked.heard.tongue());
        let lines = lines(evidence, asked.heard.kind());
        let mut notice = tongues::notice(tongue, &lines, sources);
        if asked.heard.kind() == MessageKind::Explain {
            let explained = replies::explain(tongue) + "\n";
            notice = Some(explained + &notice.unwrap_or_default());
        }
        let mut grounder = Grounder::new(Words::Quoted, &asked.text, sources);
        if let Some(notice) = &notice {
            grounder = grounder.after(draft.length() + notice.chars().count());
        }
        let mut outputs = Vec::new();
        for line in lines {
            draft.received_token();
            outputs.extend(grounder.push(&format!("{} [{}]\n", line.text, line.number)));
        }
        outputs.extend(grounder.finish());
        let says = |output: &Output| matches!(output, Output::Text(_, cited) if !cited.is_empty());
        if let Some(notice) = notice.filter(|_| outputs.iter().any(says)) {
            draft.add(&notice)?;
        }
        self.emit(asked.question, outputs, standing, draft).await?;
        if draft.is_empty() {
            return self.abstain(tongue, &[], draft);
        }
        Ok(TurnStatus::Completed)
    }
}

/// Returns the lines that answer each part of the message.
fn lines(evidence: &Evidence, kind: MessageKind) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for part in &evidence.parts {
        let own = evidence.sources.iter();
        let own: Vec<Governed> = own
            .filter(|(source, _)| part.sources.contains(&source.id))
            .cloned()
            .collect();
        for line in tongues::choose(&part.question, &own) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if kind == MessageKind::Shorten {
        lines.truncate(SHORT);
    }
    lines
}

/// Adds which parts of the message are not answered, and which words were read as others.
pub(super) fn add_remarks(
    evidence: &Evidence,
    tongue: Tongue,
    draft: &mut Draft<'_>,
) -> Result<(), NoAnswer> {
    let unanswered = evidence.unanswered.iter();
    let unanswered = unanswered.map(|part| replies::unanswered(part, tongue));
    let corrected = evidence.corrections.iter();
    let corrected = corrected.map(|(typed, meant)| replies::corrected(typed, meant, tongue));
    for remark in unanswered.chain(corrected) {
        draft.add(&format!("\n{remark}"))?;
    }
    Ok(())
}
