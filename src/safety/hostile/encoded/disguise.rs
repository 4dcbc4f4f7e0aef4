//! Other readings of a sentence: its letters moved by thirteen places, from back to front, with
//! digits as letters, or with the spaces between single letters removed.

use super::super::concepts::concepts;
use super::super::features::Read;
use super::super::fold::Placed;

/// The digits and signs that stand for letters. A one is an `i` or an `l`.
const DIGITS: &str = "013456789@$!|+";
const LETTERS: [&str; 2] = ["oieasgtbgasiit", "oleasgtbgaslit"];
/// The fewest single letters in a row that may be a spelled sentence.
const MIN_SPELLED: usize = 10;
/// The longest word of a spelled sentence.
const MAX_WORD: usize = 14;

/// Returns the readings of a sentence that differ from the text.
pub(super) fn readings(text: &[Placed]) -> impl Iterator<Item = Read> {
    let all = [
        rotated(text),
        reversed(text),
        lettered(text, 0),
        lettered(text, 1),
        spelled(text),
    ];
    let all = all.into_iter().flatten();
    all.map(|reading| Read::new(&reading))
}

fn map(text: &[Placed], with: impl Fn(char) -> char) -> Vec<Placed> {
    text.iter().map(|(c, at)| (with(*c), *at)).collect()
}

/// rot13, if more of the frequent letters appear than without it.
fn rotated(text: &[Placed]) -> Option<Vec<Placed>> {
    let (mut open, mut turned) = (0, 0);
    for (c, _) in text {
        open += usize::from(matches!(c, 'e' | 't' | 'a' | 'o' | 'i' | 'n'));
        turned += usize::from(matches!(c, 'r' | 'g' | 'n' | 'b' | 'v' | 'a'));
    }
    if turned <= open {
        return None;
    }
    let turn = |c: char| match c {
        'a'..='m' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        c => c,
    };
    Some(map(text, turn))
}

/// From back to front, if more of the frequent pairs of letters appear that way. Only Latin letters
/// are looked at.
fn reversed(text: &[Placed]) -> Option<Vec<Placed>> {
    let (mut forwards, mut backwards) = (0, 0);
    for pair in text.windows(2) {
        if let [(one, _), (next, _)] = pair {
            forwards += usize::from(is_frequent(*one, *next));
            backwards += usize::from(is_frequent(*next, *one));
        }
    }
    (backwards > forwards).then(|| text.iter().rev().copied().collect())
}

/// Whether two letters are frequent in this order, and rare in the other.
fn is_frequent(one: char, next: char) -> bool {
    matches!(
        (one, next),
        ('t' | 'c', 'h')
            | ('h' | 'v', 'e')
            | ('n', 'd' | 's')
            | ('i', 'o')
            | ('o' | 'q' | 'r', 'u')
            | ('p', 'r')
            | ('s', 't')
    )
}

/// "1gn0r3": digits inside words are letters.
fn lettered(text: &[Placed], which: usize) -> Option<Vec<Placed>> {
    let letters = LETTERS.get(which)?;
    if !text.iter().any(|(c, _)| is_digit(*c)) {
        return None;
    }
    let mixed = text.split(|(c, _)| c.is_whitespace()).filter(|word| {
        let digits = word.iter().filter(|(c, _)| is_digit(*c)).count();
        let letters = word.iter().filter(|(c, _)| c.is_alphabetic()).count();
        digits > 0 && letters > 1
    });
    if mixed.count() < 2 {
        return None;
    }
    let letter = |c: char| {
        let at = DIGITS.find(c)?;
        letters.get(at..)?.chars().next()
    };
    Some(map(text, |c| letter(c).unwrap_or(c)))
}

/// Whether a character is one of [`DIGITS`].
fn is_digit(c: char) -> bool {
    matches!(c, '0' | '1' | '3'..='9' | '@' | '$' | '!' | '|' | '+')
}

/// "i g n o r e": single letters are joined, and cut into words that the list knows.
fn spelled(text: &[Placed]) -> Option<Vec<Placed>> {
    let singles: Vec<Placed> = text
        .split(|(c, _)| !c.is_alphanumeric())
        .filter_map(|word| match word {
            [one] => Some(*one),
            _ => None,
        })
        .collect();
    let words = text.split(|(c, _)| !c.is_alphanumeric());
    let words = words.filter(|word| word.len() > 1).count();
    if singles.len() < MIN_SPELLED || words * 2 > singles.len() {
        return None;
    }
    // Several spaces end a word, if the writer kept them.
    let mut kept = Vec::new();
    let mut gap = 0;
    let mut gaps = false;
    for (c, at) in text {
        if c.is_alphanumeric() {
            if gap > 1 {
                gaps = true;
                kept.push((' ', *at));
            }
            gap = 0;
            kept.push((*c, *at));
        } else {
            gap += 1;
        }
    }
    Some(if gaps { kept } else { segmented(&singles) })
}

/// Cuts joined letters into the longest words of the list; letters between them are words too.
fn segmented(letters: &[Placed]) -> Vec<Placed> {
    let list = concepts();
    let mut cut = Vec::new();
    let mut rest = letters;
    let mut open = false;
    while let Some((first, after)) = rest.split_first() {
        let longest = (3..=MAX_WORD.min(rest.len())).rev().find(|length| {
            let word: String = rest.iter().take(*length).map(|(c, _)| *c).collect();
            list.is_entry(&word)
                || word
                    .strip_suffix('s')
                    .is_some_and(|word| list.is_entry(word))
        });
        if let Some(length) = longest {
            cut.push((' ', first.1));
            cut.extend(rest.iter().take(length));
            rest = rest.get(length..).unwrap_or_default();
            open = false;
        } else {
            if !open {
                cut.push((' ', first.1));
            }
            open = true;
            cut.push(*first);
            rest = after;
        }
    }
    cut
}
