//! Citations, found and verified while the answer streams. Pure: text in, text and citations out.
//!
//! A finished sentence is cited if a sentence of a passage, or two adjacent ones, supports it:
//! enough of its content words, every number, and the same polarity. The model's own `[n]`
//! markers narrow the search and never reach the reader; what stands behind a citation is the
//! stored text, not the model's word.

use std::collections::HashSet;

use super::gate::share;
use crate::domain::evidence::{Citation, Source};
use crate::domain::text;
use crate::domain::words::content_words;

/// Share of a sentence's content words that the quote must hold, if the model named the passage.
const MARKED_COVERAGE: f32 = 0.6;
/// The same if it did not.
const UNMARKED_COVERAGE: f32 = 0.65;
/// Sentences with fewer content words say too little to be supported.
const MIN_WORDS: usize = 2;
/// Longest text in brackets that can still be a marker.
const MAX_MARKER: usize = 16;

const NEGATIONS: [&str; 9] = [
    "not", "no", "never", "without", "cannot", "don't", "doesn't", "can't", "won't",
];

/// What a piece of the model's text became.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Goes to the reader.
    Text(String),
    /// Goes to the reader once its quote was compared with the stored text.
    Citation(Citation),
}

/// A passage's sentence as a possible quote.
struct Quote {
    source: usize,
    /// Character offsets into the source's text.
    start: usize,
    end: usize,
    words: HashSet<String>,
    negated: bool,
}

/// Follows one answer.
pub struct Grounder {
    sources: Vec<Source>,
    quotes: Vec<Quote>,
    /// Characters sent so far.
    sent: usize,
    sentence: String,
    sentence_start: usize,
    markers: HashSet<i32>,
    /// Blanks that are sent only if text follows on the same line.
    blanks: String,
    /// An open bracket that may become a marker.
    bracket: Option<String>,
}

impl Grounder {
    /// A grounder over these passages.
    pub fn new(sources: Vec<Source>) -> Self {
        let quotes = sources
            .iter()
            .enumerate()
            .flat_map(|(index, source)| quotes_of(index, source))
            .collect();
        Self {
            sources,
            quotes,
            sent: 0,
            sentence: String::new(),
            sentence_start: 0,
            markers: HashSet::new(),
            blanks: String::new(),
            bracket: None,
        }
    }

    /// Takes the next piece of the model's text.
    pub fn push(&mut self, delta: &str) -> Vec<Output> {
        let mut outputs = Vec::new();
        for c in delta.chars() {
            self.take(c, &mut outputs);
        }
        outputs
    }

    /// The model has ended: what was held back, and the last sentence's citation.
    pub fn finish(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.release_bracket(&mut outputs);
        self.close_sentence(&mut outputs);
        outputs
    }

    fn take(&mut self, c: char, outputs: &mut Vec<Output>) {
        if let Some(bracket) = &mut self.bracket {
            bracket.push(c);
            if c == ']' {
                self.end_bracket(outputs);
            } else if !(c.is_ascii_digit() || c == ',' || c == ' ') || bracket.len() > MAX_MARKER {
                self.release_bracket(outputs);
            }
            return;
        }
        match c {
            '[' => self.bracket = Some(String::from(c)),
            '\n' => {
                self.blanks.clear();
                self.close_sentence(outputs);
                // No answer begins with an empty line.
                if self.sent > 0 {
                    self.send('\n', outputs);
                    self.sentence.clear();
                    self.sentence_start = self.sent;
                }
            }
            c if c.is_whitespace() => self.blanks.push(c),
            c => self.text(c, outputs),
        }
    }

    fn text(&mut self, c: char, outputs: &mut Vec<Output>) {
        if !self.blanks.is_empty() {
            if self.sentence.ends_with(['.', '!', '?']) {
                self.close_sentence(outputs);
            }
            // A marker may have stood between the word and this mark.
            let glued = matches!(c, '.' | ',' | ';' | ':' | '!' | '?');
            for blank in std::mem::take(&mut self.blanks).chars() {
                if self.sent > 0 && !glued {
                    self.send(blank, outputs);
                }
            }
            if self.sentence.trim().is_empty() {
                self.sentence.clear();
                self.sentence_start = self.sent;
            }
        }
        self.send(c, outputs);
    }

    fn send(&mut self, c: char, outputs: &mut Vec<Output>) {
        self.sent += 1;
        self.sentence.push(c);
        match outputs.last_mut() {
            Some(Output::Text(text)) => text.push(c),
            _ => outputs.push(Output::Text(String::from(c))),
        }
    }

    fn end_bracket(&mut self, outputs: &mut Vec<Output>) {
        let Some(bracket) = self.bracket.take() else {
            return;
        };
        let numbers: Vec<i32> = bracket
            .trim_matches(['[', ']'])
            .split(',')
            .filter_map(|number| number.trim().parse().ok())
            .collect();
        if numbers.is_empty() {
            for c in bracket.chars() {
                self.text(c, outputs);
            }
        } else {
            self.markers.extend(numbers);
        }
    }

    fn release_bracket(&mut self, outputs: &mut Vec<Output>) {
        for c in self.bracket.take().unwrap_or_default().chars() {
            if c.is_whitespace() {
                self.blanks.push(c);
            } else {
                self.text(c, outputs);
            }
        }
    }

    fn close_sentence(&mut self, outputs: &mut Vec<Output>) {
        let markers = std::mem::take(&mut self.markers);
        let sentence = std::mem::take(&mut self.sentence);
        let length = sentence.trim_end().chars().count();
        let start = std::mem::replace(&mut self.sentence_start, self.sent);
        if let Some(citation) = self.support(&sentence, &markers, start, start + length) {
            outputs.push(Output::Citation(citation));
        }
    }

    fn support(
        &self,
        sentence: &str,
        markers: &HashSet<i32>,
        answer_start: usize,
        answer_end: usize,
    ) -> Option<Citation> {
        let words: HashSet<String> = content_words(sentence).collect();
        if words.len() < MIN_WORDS {
            return None;
        }
        let negated = is_negated(sentence);
        let numbers: Vec<&String> = words
            .iter()
            .filter(|word| word.chars().any(|c| c.is_ascii_digit()))
            .collect();
        let (coverage, quote) = self
            .quotes
            .iter()
            .filter(|quote| quote.negated == negated)
            .filter(|quote| numbers.iter().all(|number| quote.words.contains(*number)))
            .filter_map(|quote| {
                let source = self.sources.get(quote.source)?;
                let least = match (markers.is_empty(), markers.contains(&source.id)) {
                    (true, _) => UNMARKED_COVERAGE,
                    (false, true) => MARKED_COVERAGE,
                    (false, false) => return None,
                };
                let coverage = share(words.intersection(&quote.words).count(), words.len());
                (coverage >= least).then_some((coverage, quote))
            })
            // The best, and among equals the shortest, and among those the first.
            .min_by(|(a, x), (b, y)| {
                b.total_cmp(a)
                    .then((x.end - x.start).cmp(&(y.end - y.start)))
            })?;
        debug_assert!(coverage > 0.0);
        let source = self.sources.get(quote.source)?;
        let offset = |n: usize| i32::try_from(n).ok();
        Some(Citation {
            source_id: source.id,
            document_id: source.document_id,
            version_id: source.version_id,
            quote: text::slice_chars(&source.text, quote.start, quote.end)?.to_owned(),
            start: source.start + offset(quote.start)?,
            end: source.start + offset(quote.end)?,
            answer_start: offset(answer_start)?,
            answer_end: offset(answer_end)?,
        })
    }
}

fn is_negated(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .any(|word| NEGATIONS.contains(&word))
}

/// Every sentence, and every two adjacent ones.
fn quotes_of(index: usize, source: &Source) -> Vec<Quote> {
    let sentences = text::sentences(&source.text);
    let following = sentences.iter().skip(1).map(Some).chain([None]);
    sentences
        .iter()
        .zip(following)
        .flat_map(|(&(start, end), next)| {
            [
                Some((start, end)),
                next.map(|&(_, next_end)| (start, next_end)),
            ]
        })
        .flatten()
        .filter_map(|(start, end)| {
            let text = text::slice_chars(&source.text, start, end)?;
            Some(Quote {
                source: index,
                start,
                end,
                words: content_words(text).collect(),
                negated: is_negated(text),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::{DocumentId, VersionId};

    const TEXT: &str = "Visiting hours are from 2 pm to 8 pm. Children may visit with an adult. \
        Do not visit if you have a fever.";

    fn grounder() -> Grounder {
        Grounder::new(vec![Source {
            id: 1,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            title: "Visiting".into(),
            version: 1,
            page: None,
            start: 100,
            end: 100 + i32::try_from(TEXT.chars().count()).unwrap(),
            text: TEXT.into(),
            score: 1.0,
        }])
    }

    /// The visible text and the citations without the random ids.
    fn run(parts: &[&str]) -> (String, Vec<Citation>) {
        let mut grounder = grounder();
        let mut outputs: Vec<Output> = parts.iter().flat_map(|part| grounder.push(part)).collect();
        outputs.extend(grounder.finish());
        let mut answer = String::new();
        let mut citations = Vec::new();
        for output in outputs {
            match output {
                Output::Text(text) => answer.push_str(&text),
                Output::Citation(citation) => citations.push(citation),
            }
        }
        (answer, citations)
    }

    #[test]
    fn a_verbatim_sentence_is_cited_exactly() {
        let (answer, citations) = run(&["Visiting hours are from 2 pm to 8 pm. [1]\n"]);
        assert_eq!(answer.trim_end(), "Visiting hours are from 2 pm to 8 pm.");
        assert_eq!(citations.len(), 1);
        assert_eq!(citations[0].quote, "Visiting hours are from 2 pm to 8 pm.");
        assert_eq!((citations[0].start, citations[0].answer_start), (100, 0));
        assert_eq!(citations[0].answer_end, 37);
    }

    #[test]
    fn a_wrong_number_is_not_supported() {
        assert!(
            run(&["Visiting hours are from 2 pm to 9 pm. [1]"])
                .1
                .is_empty()
        );
    }

    #[test]
    fn the_opposite_is_not_supported() {
        assert!(
            run(&["You can visit if you have a fever [1]."])
                .1
                .is_empty()
        );
    }

    #[test]
    fn a_marker_for_another_passage_supports_nothing() {
        assert!(run(&["Children may visit with an adult. [2]"]).1.is_empty());
    }

    #[test]
    fn other_brackets_stay() {
        assert_eq!(run(&["See [the leaflet] now"]).0, "See [the leaflet] now");
    }

    proptest! {
        #[test]
        fn splits_do_not_matter_and_quotes_always_resolve(cuts in prop::collection::vec(0_usize..120, 0..8)) {
            let whole = "Children may visit with an adult. [1] Visiting hours are from 2 pm to 8 pm [1].\nBring a [coat].";
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < whole.len()).collect();
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut last = 0;
            for cut in cuts {
                parts.push(&whole[last..cut]);
                last = cut;
            }
            parts.push(&whole[last..]);
            let (answer, citations) = run(&parts);
            let (whole_answer, whole_citations) = run(&[whole]);
            prop_assert_eq!(&answer, &whole_answer);
            prop_assert_eq!(citations.len(), whole_citations.len());
            for citation in citations {
                let start = usize::try_from(citation.start - 100).unwrap();
                let end = usize::try_from(citation.end - 100).unwrap();
                prop_assert_eq!(text::slice_chars(TEXT, start, end), Some(citation.quote.as_str()));
            }
        }
    }
}
