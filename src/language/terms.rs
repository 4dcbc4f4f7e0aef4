//! The terms of a text in any language: what the search, the evidence gate and the quoted answer
//! compare. English has its own vocabulary (`words.rs`), of which this knows nothing.
//!
//! A word is reduced by its language's stemmer, with and without its accents, because people leave
//! accents out. Chinese and Japanese are cut into overlapping pairs of characters: pairs need no
//! dictionary, find names that no dictionary has, and cut documents and questions alike, where a
//! segmenter would add tens of megabytes and may cut the same name in two ways.

mod arabic;
mod hindi;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::Tongue;
use super::digits::ascii_digit;
use super::lists::{Set, Table};
use super::script::{Counts, Script};

/// Longer texts are cut off here: a passage has a few thousand characters.
const MAX_CHARS: usize = 100_000;

/// One word of a text with its forms, each a term; two texts share the word if they share a form.
pub type Forms = Vec<String>;

/// The rules by which one language reduces its words.
struct Reduction {
    stemmer: Option<Stemmer>,
    /// Folded; for Chinese and Japanese pieces of text, longest first.
    stop: Vec<String>,
    stop_words: Set<String>,
}

static REDUCTIONS: LazyLock<Table<&'static str, Reduction>> = LazyLock::new(|| {
    let lines = include_str!("stop_words.tsv").lines();
    lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(code, words)| {
            let algorithm = match code {
                "es" => Some(Algorithm::Spanish),
                "fr" => Some(Algorithm::French),
                "de" => Some(Algorithm::German),
                "pt" => Some(Algorithm::Portuguese),
                _ => None,
            };
            let mut stop: Vec<String> = words.split(' ').map(folded).collect();
            stop.sort_by_key(|word| std::cmp::Reverse(word.len()));
            let reduction = Reduction {
                stemmer: algorithm.map(Stemmer::create),
                stop_words: stop.iter().cloned().collect(),
                stop,
            };
            (code, reduction)
        })
        .collect()
});

/// Returns the words of a text in this language, without those that say nothing about its topic.
pub fn words(text: &str, tongue: Tongue) -> Vec<Forms> {
    let plain: String = text
        .nfkc()
        .take(MAX_CHARS)
        .collect::<String>()
        .to_lowercase();
    let Some(reduction) = REDUCTIONS.get(tongue.code()) else {
        return pieces(&plain).map(|word| vec![folded(word)]).collect();
    };
    if !tongue.has_spaces() {
        return dense_words(&plain, reduction);
    }
    pieces(&plain)
        .map(|word| forms(word, tongue, reduction))
        .filter(|forms| !forms.is_empty())
        .collect()
}

/// Returns all forms of all words of a text.
pub fn terms(text: &str, tongue: Tongue) -> impl Iterator<Item = String> {
    words(text, tongue).into_iter().flatten()
}

/// Returns the terms by which an index keeps a text in this language; each language has its own.
/// English texts are indexed by the vocabulary of PostgreSQL.
pub fn lexemes(text: &str, tongue: Tongue) -> impl Iterator<Item = String> {
    let code = tongue.code();
    terms(text, tongue).map(move |term| format!("{code}:{term}"))
}

/// Returns the terms by which a question may find texts in languages other than English: those of
/// every language that is written as the question is.
pub fn sought(question: &str) -> Vec<String> {
    use Tongue::{Arabic, Chinese, French, German, Hindi, Japanese, Portuguese, Spanish};
    let tongues: &[Tongue] = match Counts::of(question).main() {
        Some(Script::Han | Script::Kana) => &[Chinese, Japanese],
        Some(Script::Devanagari) => &[Hindi],
        Some(Script::Arabic) => &[Arabic],
        Some(Script::Latin) => &[Spanish, French, German, Portuguese],
        None => &[],
    };
    let all = tongues.iter().flat_map(|tongue| lexemes(question, *tongue));
    let mut found: Vec<String> = all.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Cuts a text into words. Marks and signs within a word belong to it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let joins = |c: char| c.is_alphanumeric() || is_mark(c) || c == '\u{200d}';
    text.split(move |c| !joins(c))
        .filter(|word| !word.is_empty())
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{955}'..='\u{957}'
        | '\u{962}' | '\u{963}')
}

fn forms(word: &str, tongue: Tongue, reduction: &Reduction) -> Forms {
    let plain = folded(word);
    if reduction.stop_words.contains(&plain) {
        return Vec::new();
    }
    let Some(stemmer) = &reduction.stemmer else {
        return vec![match tongue {
            Tongue::Arabic => arabic::stem(&plain),
            Tongue::Hindi => hindi::stem(&plain),
            _ => plain,
        }];
    };
    let written = root(&folded(&stemmer.stem(word)));
    let typed = root(&folded(&stemmer.stem(&accented(&plain, tongue))));
    if written == typed {
        vec![written]
    } else {
        vec![written, typed]
    }
}

/// Puts the accents back into the endings by which a stemmer knows a noun.
fn accented(word: &str, tongue: Tongue) -> String {
    let endings: &[(&str, &str)] = match tongue {
        Tongue::Spanish => &[("cion", "ción"), ("sion", "sión")],
        Tongue::Portuguese => &[
            ("cao", "ção"),
            ("coes", "ções"),
            ("sao", "são"),
            ("soes", "sões"),
        ],
        _ => &[],
    };
    let rest = endings
        .iter()
        .find_map(|(bare, full)| Some((word.strip_suffix(bare)?, full)));
    rest.map_or_else(|| word.to_owned(), |(rest, full)| format!("{rest}{full}"))
}

/// Writes the end of a root in one way: "trocar" and "troque", "pagar" and "pague".
fn root(stem: &str) -> String {
    match (stem.strip_suffix("qu"), stem.strip_suffix("gu")) {
        (Some(rest), _) => format!("{rest}c"),
        (_, Some(rest)) => format!("{rest}g"),
        _ => stem.to_owned(),
    }
}

/// Removes what people leave out or write in several ways: accents, vowel signs, forms of letters.
fn folded(word: &str) -> String {
    let marks = |c: &char| {
        !matches!(c, '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}'
            | '\u{670}' | '\u{93c}' | '\u{200c}' | '\u{200d}')
    };
    let letter = |c: char| match c {
        'ß' => 's',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        'ँ' => 'ं',
        other => ascii_digit(other).unwrap_or(other),
    };
    let folded = word.nfd().filter(marks).nfc().map(letter);
    folded.collect()
}

/// Returns the pairs of characters of a text without spaces, and the words in other letters.
fn dense_words(text: &str, reduction: &Reduction) -> Vec<Forms> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        let runs: Vec<char> = piece.chars().collect();
        for run in runs.chunk_by(|a, b| Script::is_dense(*a) == Script::is_dense(*b)) {
            let written: String = run.iter().collect();
            if !run.first().copied().is_some_and(Script::is_dense) {
                found.push(vec![folded(&written)]);
                continue;
            }
            for rest in without_stop_pieces(&written, &reduction.stop).split(' ') {
                let letters: Vec<char> = rest.chars().collect();
                match letters.as_slice() {
                    [] => {}
                    [one] if is_hiragana(*one) => {}
                    [one] => found.push(vec![one.to_string()]),
                    more => found.extend(more.windows(2).map(|pair| vec![pair.iter().collect()])),
                }
            }
        }
    }
    found
}

/// Replaces the pieces that say nothing by spaces. Single kana are particles only between
/// ideographs: within a kana word they are letters.
fn without_stop_pieces(run: &str, stop: &[String]) -> String {
    let mut kept = String::with_capacity(run.len());
    let mut rest = run;
    while let Some(first) = rest.chars().next() {
        let next = rest.chars().nth(1);
        let found = stop.iter().find(|piece| rest.starts_with(piece.as_str()));
        let inside = |letter: Option<char>| letter.is_some_and(is_hiragana);
        let is_letter = found.is_some_and(|piece| {
            piece.chars().count() == 1
                && is_hiragana(first)
                && (kept.is_empty() || (inside(next) && inside(kept.chars().next_back())))
        });
        if let Some(piece) = found.filter(|_| !is_letter) {
            kept.push(' ');
            rest = rest.get(piece.len()..).unwrap_or_default();
        } else {
            kept.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    kept
}

fn is_hiragana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{309f}')
}

/// Returns the words of a text with spaces as they are compared with a list: in lower case and
/// without accents.
pub(super) fn folded_words(text: &str) -> impl Iterator<Item = String> {
    let plain = text.nfkc().collect::<String>().to_lowercase();
    let words: Vec<String> = pieces(&plain).map(folded).collect();
    words.into_iter()
}
