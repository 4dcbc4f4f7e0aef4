//! The answer without a language model: verbatim sentences of the evidence, each with its marker.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures::stream;

use super::{ChatModel, Chunk, ChunkStream, FinishReason, LlmError, Prompt, Usage};
use crate::domain::text;
use crate::domain::words::content_words;

/// Most sentences in an answer.
const MAX_SENTENCES: usize = 4;
/// A sentence that scores below this share of the best one is left out.
const RELATIVE_THRESHOLD: f32 = 0.55;
/// Passages further down add noise rather than evidence.
const MAX_PASSAGES: usize = 4;

/// Chooses sentences; never writes one.
pub struct Extractive;

struct Candidate {
    passage: usize,
    position: usize,
    number: usize,
    text: String,
    score: f32,
}

#[async_trait]
impl ChatModel for Extractive {
    fn provider(&self) -> &'static str {
        "extractive"
    }

    fn model(&self) -> &'static str {
        "verbatim-sentences"
    }

    async fn stream(&self, prompt: &Prompt) -> Result<ChunkStream, LlmError> {
        let mut chunks: Vec<Result<Chunk, LlmError>> = choose(prompt)
            .into_iter()
            .map(|chosen| {
                Ok(Chunk::Delta(format!(
                    "{} [{}]\n",
                    chosen.text, chosen.number
                )))
            })
            .collect();
        chunks.push(Ok(Chunk::Finished {
            usage: Usage::default(),
            finish: FinishReason::Stop,
        }));
        Ok(Box::pin(stream::iter(chunks)))
    }
}

fn choose(prompt: &Prompt) -> Vec<Candidate> {
    let question: HashSet<String> = content_words(&prompt.question).collect();
    let mut candidates = candidates(prompt);
    let idf = inverse_frequencies(&candidates, &question);
    for candidate in &mut candidates {
        let words: HashSet<String> = content_words(&candidate.text).collect();
        let overlap: f32 = words.iter().filter_map(|word| idf.get(word)).sum();
        // Long sentences collect words by chance; earlier passages are better evidence.
        let length = f32::from(u16::try_from(words.len()).unwrap_or(u16::MAX)).max(6.0);
        let rank = f32::from(u16::try_from(candidate.passage).unwrap_or(u16::MAX));
        candidate.score = overlap / length.sqrt() / (1.0 + 0.25 * rank);
    }
    candidates.retain(|candidate| candidate.score > 0.0);
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = candidates.first().map_or(0.0, |candidate| candidate.score);
    candidates.retain(|candidate| candidate.score >= best * RELATIVE_THRESHOLD);
    let mut seen = HashSet::new();
    candidates.retain(|candidate| seen.insert(candidate.text.clone()));
    candidates.truncate(MAX_SENTENCES);
    candidates.sort_by_key(|candidate| (candidate.passage, candidate.position));
    candidates
}

fn candidates(prompt: &Prompt) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (passage, evidence) in prompt.evidence.iter().take(MAX_PASSAGES).enumerate() {
        for (position, (start, end)) in text::sentences(&evidence.text).into_iter().enumerate() {
            let Some(sentence) = text::slice_chars(&evidence.text, start, end) else {
                continue;
            };
            // Headings and fragments answer nothing.
            if sentence.split_whitespace().count() >= 5 && sentence.trim_end().ends_with(['.', '!'])
            {
                all.push(Candidate {
                    passage,
                    position,
                    number: evidence.number,
                    text: sentence.trim().to_owned(),
                    score: 0.0,
                });
            }
        }
    }
    all
}

/// A question word weighs by how few sentences have it.
fn inverse_frequencies(
    candidates: &[Candidate],
    question: &HashSet<String>,
) -> HashMap<String, f32> {
    let mut counts: HashMap<String, u16> = HashMap::new();
    for candidate in candidates {
        let words: HashSet<String> = content_words(&candidate.text).collect();
        for word in words.intersection(question) {
            let count = counts.entry(word.clone()).or_default();
            *count = count.saturating_add(1);
        }
    }
    let total = f32::from(u16::try_from(candidates.len()).unwrap_or(u16::MAX));
    counts
        .into_iter()
        .map(|(word, count)| {
            let count = f32::from(count);
            (word, (1.0 + (total - count + 0.5) / (count + 0.5)).ln())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Evidence;
    use super::*;

    fn prompt(question: &str, texts: &[&str]) -> Prompt {
        Prompt {
            question: question.into(),
            evidence: (1..)
                .zip(texts)
                .map(|(number, text)| Evidence {
                    number,
                    title: String::new(),
                    text: (*text).into(),
                })
                .collect(),
            ..Prompt::default()
        }
    }

    #[test]
    fn picks_the_sentence_that_answers_and_nothing_else() {
        let chosen = choose(&prompt(
            "When are visiting hours?",
            &[
                "The cafe is on the ground floor. Visiting hours are from two until eight. Bring a coat.",
            ],
        ));
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].text, "Visiting hours are from two until eight.");
    }

    #[test]
    fn says_nothing_without_overlap() {
        assert!(
            choose(&prompt(
                "capital of Mongolia",
                &["Wash your hands with soap and water."]
            ))
            .is_empty()
        );
    }
}
