//! The parts of a sentence that may be statements of their own.

use super::claim::Claim;
use crate::language::interface::Facet;
use crate::language::spoken;

/// A part of a sentence, and the joint before it.
pub(super) struct Part<'a> {
    joint: &'a str,
    text: &'a str,
    begins_anew: bool,
}

/// Cuts a sentence wherever another statement may begin.
pub(super) fn parts(sentence: &str, whole: bool) -> Vec<Part<'_>> {
    let phrasing = &spoken().phrasing;
    let joints = if whole {
        phrasing.statement_joints
    } else {
        phrasing.joints
    };
    let mut parts = Vec::new();
    let mut rest = sentence;
    let (mut joint, mut begins_anew) = ("", true);
    loop {
        let next = joints
            .iter()
            .filter_map(|(text, anew)| rest.find(text).map(|at| (at, *text, *anew)))
            // Takes the first joint; among joints at one place, the longest.
            .min_by_key(|(at, text, _)| (*at, usize::MAX - text.len()));
        let (text, after) = match next {
            Some((at, text, _)) => rest.split_at(at + text.len()),
            None => (rest, ""),
        };
        let ending = next.map_or("", |(_, text, _)| text);
        parts.push(Part {
            joint,
            text: text.strip_suffix(ending).unwrap_or(text),
            begins_anew,
        });
        let Some((_, text, anew)) = next else {
            return parts;
        };
        (joint, begins_anew, rest) = (text, anew, after);
    }
}

/// Whether a "not" before this part still applies; it does until a new statement begins.
pub(super) fn is_denied(parts: &[Part<'_>], at: usize) -> bool {
    let begun = parts.iter().take(at + 1).rposition(|part| part.begins_anew);
    let before = parts.get(begun.unwrap_or_default()..at).unwrap_or_default();
    let mut before = before.iter();
    before.any(|part| Claim::of(part.text).statement.denials().next().is_some())
}

/// Whether a part begins with a verb whose subject stands before the part.
pub(super) fn lacks_subject(part: &str) -> bool {
    let claims = &spoken().claims;
    let first = part
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty());
    first.is_some_and(|word| {
        let operator = claims.operators.get(word);
        claims.auxiliaries.contains(word)
            || operator.is_some_and(|operator| operator.facet == Facet::Modality)
    })
}

pub(super) fn has_digit(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}

/// Joins several parts as they stood in the sentence.
pub(super) fn joined(parts: &[Part<'_>]) -> Option<String> {
    let (first, others) = parts.split_first()?;
    let mut text = first.text.to_owned();
    for part in others {
        text.push_str(part.joint);
        text.push_str(part.text);
    }
    Some(text)
}
