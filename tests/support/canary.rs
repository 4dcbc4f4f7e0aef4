//! Words that nobody else uses, and whether a text holds one in any spelling.

use chatbot::domain::ids::new_uuid;

/// How many lines, and how many characters that stand alone, may come between two characters of a
/// word that is spelled.
const LINES_BETWEEN: usize = 8;
const LETTERS_BETWEEN: usize = 16;

/// A word that no other run has.
pub fn word(start: &str) -> String {
    let (high, low) = new_uuid().as_u64_pair();
    format!("{start}{:06x}{:08x}", high & 0xff_ffff, low & 0xffff_ffff)
}

/// Whether a text holds a word: in whatever case, as a list of its bytes, or character by character.
pub fn holds(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let bytes = format!("{:?}", word.as_bytes());
    text.contains(&word)
        || text.contains(bytes.trim_matches(['[', ']']))
        || is_spelled(&letters(&text), &word)
}

/// The characters that stand alone, each with its line.
fn letters(text: &str) -> Vec<(usize, char)> {
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(number, line)| {
            let words = line.split(|c: char| !c.is_alphanumeric());
            words.filter_map(move |word| {
                let mut chars = word.chars();
                let first = chars.next()?;
                chars.next().is_none().then_some((number, first))
            })
        })
        .collect()
}

/// Whether the characters of a word follow one another, with little between them.
fn is_spelled(letters: &[(usize, char)], word: &str) -> bool {
    let mut ends: Option<Vec<usize>> = None;
    for wanted in word.chars() {
        let mut next: Vec<usize> = match &ends {
            None => (0..letters.len()).collect(),
            Some(ends) => ends.iter().flat_map(|end| near(letters, *end)).collect(),
        };
        next.retain(|at| letters[*at].1 == wanted);
        next.sort_unstable();
        next.dedup();
        ends = Some(next);
    }
    ends.is_some_and(|ends| !ends.is_empty())
}

/// The characters shortly after this one.
fn near(letters: &[(usize, char)], end: usize) -> impl Iterator<Item = usize> {
    let last = letters.len().min(end + 2 + LETTERS_BETWEEN);
    (end + 1..last).filter(move |at| letters[*at].0 - letters[end].0 <= LINES_BETWEEN)
}

#[test]
fn a_word_is_found_in_every_spelling() {
    let word = "canary0af3";
    let spelled = |between: &str| -> String {
        let lines = word
            .chars()
            .map(|c| format!("12:30 TRACE {c:?} size 1{between}\n"));
        lines.collect()
    };
    let listed = format!("{:?}", word.chars().collect::<Vec<_>>());
    for text in [
        format!("before{word}after"),
        word.to_uppercase(),
        format!("{:?}", word.as_bytes()),
        listed,
        spelled(""),
        spelled("\nTotal bytes to remove: 0\nNew offset: 7\nnew alignment: 1x (7, 8)"),
    ] {
        assert!(holds(&text, word), "{text}");
    }
    for text in ["", "canary", "c a n a r y 0 a f", "3 f a 0 y r a n a c"] {
        assert!(!holds(text, word), "{text}");
    }
}
