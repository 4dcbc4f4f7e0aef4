//! The question of a message together with the question before it.

use super::cues::{Cues, ENDS, joined};
use super::pointing::{is_possessive, pointing_place};
use super::reading::Reading;
use crate::language::lists::{Set, lower_words};
use crate::language::subject::Subject;
use crate::language::{Tongue, content_words, spoken, topic_words};

/// Returns the question as it reads without its conversation. `titles` are those of documents that
/// were found for both questions; they tell which words of the question before are its topic.
pub(super) fn resolved(reading: &Reading, before: &str, titles: &[&str]) -> String {
    match &reading.part {
        Some(part) => in_place(part, before, reading.tongue),
        None => with_topic(reading, before, titles),
    }
}

/// Puts a part of a question into the question before it, in place of its counterpart: "how much can
/// an adult take" and "for children" give "how much can an take for children".
fn in_place(part: &str, before: &str, tongue: Tongue) -> String {
    let before = before.trim().trim_end_matches(ENDS);
    if tongue != Tongue::English {
        return format!("{before} {part}");
    }
    let new = Subject::of(&capitalised(part, before));
    let replaced: Set<String> = replaced(&new, part, before);
    let kept = before.split_whitespace().filter(|word| {
        let plain: Vec<String> = lower_words(word).collect();
        plain.is_empty() || !plain.iter().any(|word| replaced.contains(word))
    });
    let kept: Vec<&str> = kept.collect();
    format!("{} {part}", kept.join(" "))
}

/// A part in lower case has lost the capitals of its names; words that stand in capitals in the
/// question before have them back.
fn capitalised(part: &str, before: &str) -> String {
    let capital = |word: &str| {
        let mut words = before.split(|c: char| !c.is_alphanumeric());
        words.find(|other| other.to_lowercase() == word && *other != word)
    };
    let words = part.split_whitespace();
    let words: Vec<&str> = words.map(|word| capital(word).unwrap_or(word)).collect();
    words.join(" ")
}

/// Returns the words of the question before that the part replaces: those of one kind with its own.
fn replaced(new: &Subject, part: &str, before: &str) -> Set<String> {
    let old = Subject::of(before);
    let mut found = Set::default();
    let own: Set<String> = lower_words(part).collect();
    let adds = Cues::of(Tongue::English).adds(&joined(part, Tongue::English));
    let names_something = new.named().next().is_some();
    if names_something && !adds {
        found.extend(main_names(&old, before));
    }
    let same_label = |word: &str| new.labels().any(|(other, _)| other == word);
    for (word, label) in old.labels().filter(|(word, _)| same_label(word)) {
        found.insert(label.to_owned());
        found.extend(
            lower_words(before).filter(|other| content_words(other).any(|stem| stem == word)),
        );
    }
    let rival = |group: usize, stem: &str| {
        let mut rivals = new.rivals();
        rivals.any(|(other, new)| other == group && new != stem)
    };
    for (_, stem) in old.rivals().filter(|(group, stem)| rival(*group, stem)) {
        found.extend(
            lower_words(before).filter(|other| content_words(other).any(|one| one == stem)),
        );
    }
    // "South House" after "North House": the word before the shared one says which.
    let words: Vec<String> = lower_words(before).collect();
    let shared = words.windows(2).filter_map(|pair| match pair {
        [which, place] if own.contains(place) && !own.contains(which) => Some(which),
        _ => None,
    });
    let tells = |word: &&String| topic_words(word).next().is_some();
    found.extend(shared.filter(tells).cloned());
    found
}

/// Returns the names of a question without those of a circumstance ("in pregnancy"), or all of them.
fn main_names(subject: &Subject, question: &str) -> Vec<String> {
    let cues = Cues::of(Tongue::English);
    let words: Vec<String> = lower_words(question).collect();
    let is_beside = |name: &&str| {
        let at = words.iter().position(|word| word == name);
        let before = at
            .and_then(|at| at.checked_sub(1))
            .and_then(|at| words.get(at));
        before.is_some_and(|word| cues.is_adding(word))
    };
    let all: Vec<&str> = subject.named().collect();
    let main: Vec<&str> = all
        .iter()
        .filter(|name| !is_beside(name))
        .copied()
        .collect();
    let chosen = if main.is_empty() { all } else { main };
    chosen.into_iter().map(str::to_owned).collect()
}

/// Puts the topic of the question before in place of the word that points to it, or behind the
/// message.
fn with_topic(reading: &Reading, before: &str, titles: &[&str]) -> String {
    let own = reading.own.trim();
    let topic = topic(before, titles, reading.tongue);
    let behind = || format!("{} {topic}", own.trim_end_matches(ENDS));
    if reading.tongue != Tongue::English {
        return behind();
    }
    let Some(place) = pointing_place(own) else {
        return behind();
    };
    let mut words: Vec<&str> = own
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let Some(word) = words.get_mut(place) else {
        return behind();
    };
    let determines = !is_possessive(&word.to_lowercase());
    *word = topic.as_str();
    // "This clinic": the noun adds nothing to the topic.
    let kinds = &Cues::of(Tongue::English).kinds;
    let next = words.get(place + 1).map(|next| next.to_lowercase());
    if determines && next.is_some_and(|next| kinds.contains(&next) && topic_has(&topic, &next)) {
        words.remove(place + 1);
    }
    words.join(" ")
}

fn topic_has(topic: &str, word: &str) -> bool {
    lower_words(topic).any(|other| other == word)
}

/// Returns the words of a question that say what it is about: its names, and the words that stand in
/// the title that has most of them; every topic word if there is neither.
fn topic(question: &str, titles: &[&str], tongue: Tongue) -> String {
    if !tongue.has_spaces() {
        return question.trim_end_matches(['?', '？', '。', ' ']).to_owned();
    }
    let words: Vec<&str> = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let stems = |text: &str| -> Set<String> { topic_words(text).collect() };
    let all = titles.iter().map(|title| stems(title));
    let shared = |title: &Set<String>| {
        let of = |word: &&&str| topic_words(word).any(|stem| title.contains(&stem));
        words.iter().filter(of).count()
    };
    let closest = all.rev().max_by_key(shared).unwrap_or_default();
    let subject = Subject::of(question);
    let names: Set<String> = main_names(&subject, question).into_iter().collect();
    let labels: Set<&str> = subject.labels().map(|(_, label)| label).collect();
    let is_name = |word: &str| {
        let lower = word.to_lowercase();
        tongue == Tongue::English && (names.contains(&lower) || labels.contains(lower.as_str()))
    };
    let (taking, places) = (&spoken().questions.taking, &spoken().names.places);
    // "Using your inhaler" is about the inhaler.
    let in_title = |word: &str| {
        !taking.contains(&word.to_lowercase())
            && topic_words(word).any(|stem| closest.contains(&stem))
    };
    let is_chosen = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| is_name(word) || in_title(word))
    };
    let is_place = |at: usize| {
        let place = words
            .get(at)
            .is_some_and(|word| places.contains(&word.to_lowercase()));
        place && at.checked_sub(1).is_some_and(&is_chosen)
    };
    let chosen: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, _)| is_chosen(*at) || is_place(*at))
        .map(|(_, word)| *word)
        .collect();
    if chosen.is_empty() {
        let telling = words
            .iter()
            .filter(|word| topic_words(word).next().is_some());
        return telling.copied().collect::<Vec<_>>().join(" ");
    }
    chosen.join(" ")
}
