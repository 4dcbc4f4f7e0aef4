//! The kind of statement that can answer a question.

use std::collections::HashSet;

use crate::domain::words::topic_words;

/// Words that forbid or warn.
const RESTRICTING: &str = " not never avoid avoids avoided avoiding cannot dont doesnt shouldnt \
    mustnt cant stop unless unsafe unsuitable dangerous harmful contraindicated contraindications \
    contraindication forbidden except without caution cautious careful warning warnings warn \
    risk risks harm ";

/// What a question asks for, as far as it restricts the lines that may answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    /// Who must not, what to avoid: only lines that forbid or warn answer that.
    pub who_must_not: bool,
    /// How much of something to take or give: only lines with a quantity answer that.
    pub dose: bool,
    /// The topic words of "if …", "with …", "while …" in a question that asks whether something may
    /// be taken: a line that knows none of them does not answer it.
    pub condition: HashSet<String>,
}

impl Asking {
    pub(super) fn of(question: &str) -> Self {
        let words = words(question);
        let has = |any: &str| {
            words
                .iter()
                .any(|word| any.split(' ').any(|other| other == word))
        };
        let takes =
            has("take takes taking took give gives giving use using have having swallow inject");
        Self {
            who_must_not: asks_who_must_not(&words),
            dose: has("dose doses dosage dosages dosing")
                || takes && asks_how_much(&words)
                || has("mg milligrams milligram mcg micrograms") && has("how what many much"),
            condition: if takes && asks_whether(&words) {
                condition(&words)
            } else {
                HashSet::new()
            },
        }
    }
}

/// Lower-case words; "shouldn't" becomes "should", "not".
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('’', "'");
    let text = text
        .replace("can't", "can not")
        .replace("cannot", "can not");
    let text = text.replace("won't", "will not").replace("n't", " not");
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn asks_how_much(words: &[String]) -> bool {
    words.windows(2).any(|pair| {
        matches!(pair, [how, much] if how == "how" && matches!(much.as_str(), "much" | "many" | "often"))
    })
}

/// "Who should not", "which people must avoid", "when is it unsafe"; not "how do I avoid".
fn asks_who_must_not(words: &[String]) -> bool {
    let asked = words.iter().position(|word| {
        matches!(
            word.as_str(),
            "who" | "whom" | "which" | "what" | "when" | "anyone"
        )
    });
    let Some(asked) = asked else {
        return words.iter().any(|word| word.starts_with("contraindicat"));
    };
    let rest = words.get(asked + 1..).unwrap_or_default();
    // The clause of the question only: "when can I drive if I do not feel well".
    let clause = rest
        .iter()
        .position(|word| {
            matches!(
                word.as_str(),
                "if" | "because" | "after" | "before" | "so" | "but"
            )
        })
        .and_then(|end| rest.get(..end))
        .unwrap_or(rest);
    let denied = clause.iter().position(|word| {
        matches!(
            word.as_str(),
            "not"
                | "never"
                | "avoid"
                | "unsafe"
                | "dangerous"
                | "harmful"
                | "unsuitable"
                | "forbidden"
        ) || word.starts_with("contraindicat")
    });
    denied.is_some_and(|denied| {
        let before = clause.get(..denied).unwrap_or_default();
        let how = words.iter().any(|word| word == "how" || word == "why");
        // "What if I cannot come", "what happens if"; "what should I do to avoid falls".
        let to_avoid = before.last().is_some_and(|word| word == "to");
        !how && !to_avoid
    })
}

fn asks_whether(words: &[String]) -> bool {
    let opens = words.iter().any(|word| {
        matches!(
            word.as_str(),
            "can" | "may" | "could" | "should" | "is" | "are" | "ok" | "okay" | "safe"
        )
    });
    let open = words.iter().any(|word| {
        matches!(
            word.as_str(),
            "how" | "what" | "when" | "where" | "which" | "who" | "why"
        )
    });
    opens && !open
}

/// The topic words after the first word that opens a condition.
fn condition(words: &[String]) -> HashSet<String> {
    let opens = |word: &str| {
        matches!(
            word,
            "if" | "while" | "with" | "during" | "because" | "since"
        )
    };
    let Some(at) = words.iter().position(|word| opens(word)) else {
        return HashSet::new();
    };
    let said: Vec<&str> = words.iter().skip(at + 1).map(String::as_str).collect();
    let before: HashSet<String> = words
        .iter()
        .take(at)
        .flat_map(|word| topic_words(word))
        .collect();
    topic_words(&said.join(" "))
        .filter(|word| !before.contains(word) && word != "not")
        .collect()
}

/// Whether the text forbids or warns.
pub(super) fn restricts(text: &str) -> bool {
    let words = words(text);
    words
        .iter()
        .any(|word| RESTRICTING.contains(&format!(" {word} ")) || word.starts_with("contraindicat"))
        || asks_for_advice_first(&words)
}

/// "Ask a doctor first", "speak to us first if"; "at the first sign" says something else.
fn asks_for_advice_first(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).map(String::as_str);
        word == "first" && matches!(next, None | Some("if" | "when" | "before" | "unless"))
    })
}

/// Whether the question sets things side by side.
pub(super) fn compares(question: &str) -> bool {
    words(question).iter().any(|word| {
        matches!(
            word.as_str(),
            "difference"
                | "differences"
                | "differ"
                | "compare"
                | "compared"
                | "versus"
                | "vs"
                | "better"
                | "both"
                | "between"
        )
    })
}
