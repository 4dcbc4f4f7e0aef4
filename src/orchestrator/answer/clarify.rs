//! The question back, if several documents answer and the message does not say which one is meant.

use crate::domain::evidence::Passage;
use crate::domain::ids::DocumentId;
use crate::language::lists::Set;
use crate::language::subject::Subject;
use crate::language::topic_words;

/// The most options of a question back.
const MOST: usize = 4;
/// The least support of a document that could be meant, as a share of the best one's.
const CLOSE: f32 = 0.6;
/// The same for a question that names nothing.
const POSSIBLE: f32 = 0.3;
/// The least share of their words that the titles of two documents of one kind have in common.
const ALIKE: f32 = 0.3;

/// Returns the titles of the documents that could be meant, the most probable one first; none if the
/// question says which one, or if the documents are not of one kind. `weighed` are the passages that
/// may answer, with their support.
pub(super) fn rivals(question: &str, weighed: &[Passage]) -> Vec<String> {
    let best = best_of_documents(weighed);
    let Some(most) = best.first().map(|passage| passage.score) else {
        return Vec::new();
    };
    let mut kind: Vec<&Passage> = Vec::new();
    for passage in best
        .into_iter()
        .filter(|passage| passage.score >= most * CLOSE)
    {
        let is_new = kind.iter().all(|known| known.title != passage.title);
        let alike = |first: &&Passage| are_of_one_kind(&first.title, &passage.title);
        if is_new && kind.first().is_none_or(alike) {
            kind.push(passage);
        }
    }
    let asked: Set<String> = topic_words(question).collect();
    let words: Vec<Set<String>> = kind
        .iter()
        .map(|passage| topic_words(&passage.title).collect())
        .collect();
    let is_few = (2..=MOST).contains(&kind.len());
    if !is_few || says_which(&asked, &words) || !are_told_apart(&kind, &words) {
        return Vec::new();
    }
    kind.into_iter()
        .map(|passage| passage.title.clone())
        .collect()
}

/// Whether a question could be about several things with names, of which the best title names one: "how
/// much can I take?".
pub(super) fn names_nothing(question: &str, title: &str) -> bool {
    let asked: Set<String> = topic_words(question).collect();
    Subject::of(&title.to_lowercase()).named().next().is_some()
        && !topic_words(title).any(|word| asked.contains(&word))
        && !Subject::of(question).is_named()
}

/// Returns the titles of documents that a question which names nothing could be about. `ranked` are the
/// passages on its subject with their support, the greatest first.
pub(super) fn unnamed(question: &str, ranked: &[(f32, &Passage)]) -> Vec<String> {
    let most = ranked.first().map_or(0.0, |(support, _)| *support);
    let mut titles: Vec<String> = Vec::new();
    for (support, passage) in ranked {
        let close = *support >= most * POSSIBLE && names_nothing(question, &passage.title);
        if close && !titles.contains(&passage.title) {
            titles.push(passage.title.clone());
        }
    }
    if (2..=MOST).contains(&titles.len()) {
        titles
    } else {
        Vec::new()
    }
}

/// Returns the titles of documents that hold most of the words of a question that points to something
/// that nobody has named.
pub(super) fn candidates(question: &str, found: &[Passage]) -> Vec<String> {
    let asked: Set<String> = topic_words(question).collect();
    let holds = |passage: &Passage| {
        let text = format!("{} {}", passage.title, passage.text);
        let held: Set<String> = topic_words(&text).collect();
        !asked.is_empty() && asked.intersection(&held).count() * 2 >= asked.len()
    };
    let mut titles: Vec<String> = Vec::new();
    for passage in found.iter().filter(|passage| holds(passage)) {
        if !titles.contains(&passage.title) && titles.len() < MOST {
            titles.push(passage.title.clone());
        }
    }
    if titles.len() < 2 { Vec::new() } else { titles }
}

fn best_of_documents(weighed: &[Passage]) -> Vec<&Passage> {
    let mut seen: Vec<DocumentId> = Vec::new();
    let first = weighed.iter().filter(|passage| {
        let new = !seen.contains(&passage.document_id);
        seen.push(passage.document_id);
        new
    });
    first.collect()
}

/// Whether two titles name two things of one kind: "Clinic North" and "Clinic South", or two
/// medicines.
fn are_of_one_kind(one: &str, other: &str) -> bool {
    let words = |title: &str| -> Set<String> { topic_words(title).collect() };
    let (first, second) = (words(one), words(other));
    let shared = first.intersection(&second).count();
    let all = first.union(&second).count();
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    let differ = first != second;
    let alike = shared > 0 && float(shared) >= ALIKE * float(all);
    differ && (alike || is_name(one) && is_name(other))
}

/// Whether a title is little more than a name: "Ibuprofen".
fn is_name(title: &str) -> bool {
    const WORDS: usize = 3;
    Subject::of(&title.to_lowercase()).named().next().is_some()
        && topic_words(title).count() <= WORDS
}

/// Whether the question has a word of one title that another one lacks; `words` are those of each.
fn says_which(asked: &Set<String>, words: &[Set<String>]) -> bool {
    let in_some = |word: &String| words.iter().any(|title| title.contains(word));
    let in_all = |word: &String| words.iter().all(|title| title.contains(word));
    asked.iter().any(|word| in_some(word) && !in_all(word))
}

/// Whether each passage names the thing by which its title differs from the others. Titles that only
/// number documents on one thing tell nobody which one to choose.
fn are_told_apart(kind: &[&Passage], words: &[Set<String>]) -> bool {
    let in_all = |word: &&String| words.iter().all(|title| title.contains(*word));
    kind.iter().zip(words).all(|(passage, title)| {
        let text: Set<String> = topic_words(&passage.text).collect();
        title
            .iter()
            .filter(|word| !in_all(word))
            .any(|word| text.contains(word))
    })
}
