//! Finds runs of characters that are text in another code: base64, base32, base85, hexadecimal and
//! binary bytes, percent signs and escapes.

/// A shorter run holds no instruction.
const MIN_RUN: usize = 16;
/// A longer run is decoded in parts. Each code repeats after a number of characters that divides
/// this one.
const MAX_PART: usize = 4_000;
/// The share of letters and spaces in a text, in per cent.
const MIN_TEXT: usize = 80;

/// A run and the texts that it may mean.
pub(super) struct Run {
    /// The offset of its first character in the text.
    pub start: usize,
    /// The offset after its last character.
    pub end: usize,
    pub texts: Vec<String>,
}

/// Returns the runs of a text that decode to text.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run> {
    let mut words = Words { rest: text, at: 0 };
    let mut digits: Option<(usize, usize, String)> = None;
    let mut done = false;
    std::iter::from_fn(move || {
        while !done {
            let word = words.next();
            let (start, end, word) = word.unwrap_or_else(|| {
                done = true;
                (0, 0, "")
            });
            // Bytes with spaces between them are one run.
            let bare = bare(word);
            let is_byte =
                matches!(bare.len(), 2 | 8) && bare.chars().all(|c| c.is_ascii_hexdigit());
            let joins = |(_, _, run): &(usize, usize, String)| {
                run.len() < MAX_PART
                    && run.len() % bare.len() == 0
                    && (run.len() != 2 || bare.len() == 2)
            };
            if is_byte && digits.as_ref().is_none_or(joins) {
                let (_, last, run) = digits.get_or_insert((start, end, String::new()));
                *last = end;
                run.push_str(bare);
                continue;
            }
            let ended = digits
                .take()
                .and_then(|(start, end, run)| decode(start, end, &run));
            if is_byte {
                digits = Some((start, end, bare.to_owned()));
            }
            let own = decode(start, end, word);
            if let Some(run) = own.or(ended) {
                return Some(run);
            }
        }
        None
    })
}

/// The words between white space, cut to parts, each with its offsets.
struct Words<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let word = self.rest.trim_start();
        let blank = self.rest.len() - word.len();
        self.at += self.rest.get(..blank)?.chars().count();
        let mut length = 0;
        let mut bytes = word.len();
        for (at, c) in word.char_indices() {
            if c.is_whitespace() || length == MAX_PART {
                bytes = at;
                break;
            }
            length += 1;
        }
        if length == 0 {
            return None;
        }
        let (word, rest) = word.split_at_checked(bytes)?;
        let start = self.at;
        self.rest = rest;
        self.at += length;
        Some((start, self.at, word))
    }
}

/// Returns a byte without its prefix and the comma after it.
fn bare(word: &str) -> &str {
    let word = word.trim_matches([',', ';', ':', '"', '\'', '(', ')', '[', ']', '.']);
    let word = word.strip_prefix("0x").unwrap_or(word);
    word.strip_prefix("\\x").unwrap_or(word)
}

fn decode(start: usize, end: usize, run: &str) -> Option<Run> {
    if run.len() < MIN_RUN {
        return None;
    }
    let mut texts = Vec::new();
    let mut take = |bytes: Option<Vec<u8>>| {
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        texts.extend(text.filter(|text| is_text(text)));
    };
    take(percent(run));
    take(escapes(run));
    // "payload=aGVsbG8=" is a name and a run.
    let parts = run.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)));
    for part in parts.filter(|part| part.len() >= MIN_RUN) {
        take(hexadecimal(part));
        take(binary(part));
        take(base64(part));
        take(base32(part));
    }
    if run.chars().any(|c| !c.is_ascii_alphanumeric()) || run.len() >= 2 * MIN_RUN {
        take(base85(
            run.trim_start_matches("<~").trim_end_matches("~>"),
            ascii85,
        ));
        take(base85(run, rfc1924));
    }
    (!texts.is_empty()).then_some(Run { start, end, texts })
}

/// Whether decoded characters are language, and not chance.
fn is_text(text: &str) -> bool {
    let all = text.chars().count();
    let is_language = |c: &char| c.is_alphabetic() || c.is_whitespace();
    let language = text.chars().filter(is_language).count();
    all >= 8
        && language * 100 >= all * MIN_TEXT
        && !text.contains(|c: char| c.is_control() && !c.is_whitespace())
}

/// Packs digits of so many bits into bytes; bits left over are padding.
fn pack(digits: impl Iterator<Item = Option<u32>>, bits: u32) -> Option<Vec<u8>> {
    let (mut held, mut count) = (0_u32, 0);
    let mut bytes = Vec::new();
    for digit in digits {
        held = (held << bits | digit?) & 0xffff;
        count += bits;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(held >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn hexadecimal(run: &str) -> Option<Vec<u8>> {
    pack(run.chars().map(|c| c.to_digit(16)), 4)
}

fn binary(run: &str) -> Option<Vec<u8>> {
    pack(run.chars().map(|c| c.to_digit(2)), 1)
}

fn base64(run: &str) -> Option<Vec<u8>> {
    let digit = |c: char| match c {
        'A'..='Z' => Some(u32::from(c) - 65),
        'a'..='z' => Some(u32::from(c) - 71),
        '0'..='9' => Some(u32::from(c) + 4),
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        _ => None,
    };
    pack(run.chars().map(digit), 6)
}

fn base32(run: &str) -> Option<Vec<u8>> {
    let digit = |c: char| match c.to_ascii_uppercase() {
        c @ 'A'..='Z' => Some(u32::from(c) - 65),
        c @ '2'..='7' => Some(u32::from(c) - 24),
        _ => None,
    };
    pack(run.chars().map(digit), 5)
}

fn ascii85(c: char) -> Option<u32> {
    let digit = u32::from(c).checked_sub(33)?;
    (digit < 85).then_some(digit)
}

fn rfc1924(c: char) -> Option<u32> {
    const DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\
        !#$%&()*+-;<=>?@^_`{|}~";
    DIGITS.find(c).and_then(|at| u32::try_from(at).ok())
}

fn base85(run: &str, digit: fn(char) -> Option<u32>) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = run.chars().map(digit).collect();
    let mut bytes = Vec::new();
    for group in digits?.chunks(5) {
        let padded = group.iter().copied().chain(std::iter::repeat(84)).take(5);
        let value = padded.map(u64::from).fold(0, |sum, digit| sum * 85 + digit);
        let value = u32::try_from(value).ok()?;
        let kept = group.len().checked_sub(1)?;
        bytes.extend(value.to_be_bytes().into_iter().take(kept));
    }
    Some(bytes)
}

/// Decodes "%69%67"; a run with few percent signs is an address.
fn percent(run: &str) -> Option<Vec<u8>> {
    (run.matches('%').count() >= 4).then_some(())?;
    let mut bytes = Vec::new();
    let mut rest = run;
    while let Some(c) = rest.chars().next() {
        let hex = rest.strip_prefix('%').and_then(|rest| rest.get(..2));
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = rest.get(3..)?;
        } else {
            let mut buffer = [0; 4];
            bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            rest = rest.get(c.len_utf8()..)?;
        }
    }
    Some(bytes)
}

/// Decodes `\u0069`, `\x69`, `&#105;` and `&#x69;`.
fn escapes(run: &str) -> Option<Vec<u8>> {
    let marks = run.matches("\\u").count() + run.matches("\\x").count() + run.matches("&#").count();
    (marks >= 4).then_some(())?;
    let mut text = String::new();
    let mut rest = run;
    while let Some(c) = rest.chars().next() {
        let (digits, radix, after) = if let Some(after) = rest.strip_prefix("\\u") {
            (after.get(..4)?, 16, after.get(4..)?)
        } else if let Some(after) = rest.strip_prefix("\\x") {
            (after.get(..2)?, 16, after.get(2..)?)
        } else if let Some(after) = rest.strip_prefix("&#") {
            let (number, after) = after.split_once(';')?;
            match number.strip_prefix('x') {
                Some(hex) => (hex, 16, after),
                None => (number, 10, after),
            }
        } else {
            text.push(c);
            rest = rest.get(c.len_utf8()..)?;
            continue;
        };
        text.push(char::from_u32(u32::from_str_radix(digits, radix).ok()?)?);
        rest = after;
    }
    Some(text.into_bytes())
}
