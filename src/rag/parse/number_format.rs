//! Numbers and dates of a spreadsheet, as people see them.
//!
//! Dates are written as `2026-02-28` whatever their format, because the order of day and month
//! depends on the reader's country.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

/// The digits that a spreadsheet shows of a number without a format.
const GENERAL_DIGITS: usize = 10;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Returns the format code of a built-in number.
pub(super) fn built_in(id: u32) -> &'static str {
    match id {
        1 => "0",
        2 => "0.00",
        3 | 37 | 38 => "#,##0",
        4 | 39 | 40 => "#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 | 48 => "0.00E+00",
        14..=17 | 27..=31 | 34..=36 | 50..=54 | 57..=58 => "yyyy-mm-dd",
        18 | 20 | 32 | 55 => "h:mm",
        19 | 21 | 33 | 56 => "h:mm:ss",
        22 => "yyyy-mm-dd h:mm",
        45 | 47 => "mm:ss",
        46 => "[h]:mm:ss",
        _ => "General",
    }
}

/// Returns a number as a format code shows it.
pub(super) fn show(value: f64, code: &str, from_1904: bool) -> String {
    let sections = sections(code);
    let section = match (sections.as_slice(), value) {
        ([_, _, zero, ..], 0.0) => zero,
        ([_, negative, ..], value) if value < 0.0 => negative,
        ([first, ..], _) => first,
        ([], _) => return general(value),
    };
    let own_sign = sections.len() > 1 && value < 0.0;
    let value = if own_sign { value.abs() } else { value };
    match Kind::of(section) {
        Kind::General | Kind::Text => general(value),
        Kind::Date(parts) => date(value, parts, from_1904).unwrap_or_else(|| general(value)),
        Kind::Number => number(value, section),
    }
}

/// Splits a code at its semicolons, outside of quotes.
fn sections(code: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    for token in tokens(code) {
        match (token, sections.last_mut()) {
            (Token::Code(';'), _) => sections.push(Vec::new()),
            (token, Some(section)) => section.push(token),
            (_, None) => {}
        }
    }
    sections
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A character with a meaning.
    Code(char),
    /// Text that is shown as it stands.
    Literal(String),
    /// Hours, minutes or seconds beyond their range: `[h]`.
    Elapsed,
}

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => tokens.push(Token::Literal(
                chars.by_ref().take_while(|c| *c != '"').collect(),
            )),
            '\\' => tokens.extend(chars.next().map(|c| Token::Literal(c.to_string()))),
            // A space as wide as the next character; a character that fills the cell.
            '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let lower = inside.to_ascii_lowercase();
                if !lower.is_empty() && lower.chars().all(|c| matches!(c, 'h' | 'm' | 's')) {
                    tokens.push(Token::Elapsed);
                    tokens.extend(lower.chars().map(Token::Code));
                } else if let Some(currency) = inside.strip_prefix('$') {
                    let sign = currency.split('-').next().unwrap_or_default();
                    tokens.push(Token::Literal(sign.to_owned()));
                }
            }
            c => tokens.push(Token::Code(c)),
        }
    }
    tokens
}

/// The parts of a date that a format shows.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each part is shown or not")]
struct DateParts {
    year: bool,
    month: bool,
    day: bool,
    hour: bool,
    minute: bool,
    second: bool,
    elapsed: bool,
}

enum Kind {
    General,
    Number,
    Text,
    Date(DateParts),
}

impl Kind {
    fn of(section: &[Token]) -> Self {
        let codes: String = section
            .iter()
            .filter_map(|token| match token {
                Token::Code(c) => Some(c.to_ascii_lowercase()),
                Token::Literal(_) | Token::Elapsed => None,
            })
            .collect();
        if codes.contains("general") {
            return Self::General;
        }
        if codes.contains(['0', '#', '?']) && !codes.contains(['y', 'd', 'h', 's']) {
            return Self::Number;
        }
        let codes = codes.replace("am/pm", "").replace("a/p", "");
        if codes.contains(['y', 'm', 'd', 'h', 's']) {
            return Self::Date(DateParts::of(&codes, section.contains(&Token::Elapsed)));
        }
        if codes.contains('@') {
            return Self::Text;
        }
        Self::Number
    }
}

impl DateParts {
    /// A month stands for minutes after hours or before seconds.
    fn of(codes: &str, elapsed: bool) -> Self {
        let mut parts = Self {
            elapsed,
            ..Self::default()
        };
        let mut after_hour = false;
        let letters: Vec<char> = codes.chars().filter(char::is_ascii_alphabetic).collect();
        let mut runs = letters.chunk_by(|a, b| a == b).peekable();
        while let Some(run) = runs.next() {
            let before_second = runs.peek().is_some_and(|next| next.first() == Some(&'s'));
            match run.first() {
                Some('y') => parts.year = true,
                Some('d') => parts.day = true,
                Some('h') => parts.hour = true,
                Some('s') => parts.second = true,
                Some('m') if after_hour || before_second => parts.minute = true,
                Some('m') => parts.month = true,
                _ => {}
            }
            after_hour = run.first() == Some(&'h');
        }
        parts
    }
}

fn date(value: f64, parts: DateParts, from_1904: bool) -> Option<String> {
    if !(0.0..=2_958_466.0).contains(&value) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked above"
    )]
    let seconds = (value * SECONDS_PER_DAY).round() as u64;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes) = (rest / 3_600, rest / 60 % 60);
    if parts.elapsed {
        let hours = days * 24 + hours;
        return Some(if parts.second {
            format!("{hours}:{minutes:02}:{:02}", rest % 60)
        } else {
            format!("{hours}:{minutes:02}")
        });
    }
    let mut shown = String::new();
    if parts.year || parts.month || parts.day {
        // The calendar of spreadsheets has a 29 February 1900, which never was.
        let (origin, days) = if from_1904 {
            (NaiveDate::from_ymd_opt(1904, 1, 1)?, days)
        } else {
            (
                NaiveDate::from_ymd_opt(1899, 12, 30)?,
                days + u64::from(days < 60),
            )
        };
        let date = origin.checked_add_days(Days::new(days))?;
        let format = match (parts.year, parts.month, parts.day) {
            (true, true, false) => "%B %Y",
            (true, false, false) => "%Y",
            (false, true, false) => "%B",
            (false, true, true) => "%-d %B",
            (false, false, true) => "%A",
            _ => "%Y-%m-%d",
        };
        shown = date.format(format).to_string();
    }
    if parts.hour || parts.minute || parts.second {
        if !shown.is_empty() {
            shown.push(' ');
        }
        let _ = write!(shown, "{hours:02}:{minutes:02}");
        if parts.second {
            let _ = write!(shown, ":{:02}", rest % 60);
        }
    }
    Some(shown)
}

/// Returns a number without a format: whole, or with as many digits as fit.
pub(super) fn general(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let whole = value.abs().log10().max(0.0).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a logarithm of a finite number is small"
    )]
    let decimals = if value.abs() < 1.0 && value != 0.0 {
        GENERAL_DIGITS + (-value.abs().log10()).floor() as usize
    } else {
        (GENERAL_DIGITS - 1).saturating_sub(whole as usize)
    };
    trim_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn trim_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

fn number(value: f64, section: &[Token]) -> String {
    let is_digit = |token: &Token| matches!(token, Token::Code('0' | '#' | '?'));
    let codes: Vec<char> = section
        .iter()
        .filter_map(|token| match token {
            Token::Code(c) => Some(*c),
            Token::Literal(_) | Token::Elapsed => None,
        })
        .collect();
    let exponent = codes.iter().any(|c| matches!(c, 'E' | 'e'));
    if exponent || codes.contains(&'/') {
        // A fraction and a power of ten are rare, and their value is what matters.
        return general(value);
    }
    let percents = codes.iter().filter(|c| **c == '%').count();
    let last_digit = codes.iter().rposition(|c| matches!(c, '0' | '#' | '?'));
    let thousands = codes
        .iter()
        .skip(last_digit.map_or(0, |at| at + 1))
        .take_while(|c| **c == ',')
        .count();
    let grouped = codes
        .iter()
        .take(last_digit.unwrap_or(0))
        .any(|c| *c == ',');
    let mut scaled = value;
    (0..percents).for_each(|_| scaled *= 100.0);
    (0..thousands).for_each(|_| scaled /= 1_000.0);
    let after_point = codes.iter().skip_while(|c| **c != '.').skip(1);
    let decimals: Vec<char> = after_point
        .filter(|c| matches!(c, '0' | '#' | '?'))
        .copied()
        .collect();
    let least = codes
        .iter()
        .take_while(|c| **c != '.')
        .filter(|c| **c == '0')
        .count();
    let shown = digits(scaled, &decimals, least, grouped);
    let mut out = String::new();
    let mut placed = false;
    for token in section {
        match token {
            token if is_digit(token) || matches!(token, Token::Code('.' | ',')) => {
                if !std::mem::replace(&mut placed, true) {
                    out.push_str(&shown);
                }
            }
            Token::Code(c) => out.push(*c),
            Token::Literal(text) => out.push_str(text),
            Token::Elapsed => {}
        }
    }
    out.trim().to_owned()
}

/// Rounds a number to the decimals of a format, of which those of `#` may be left out.
fn digits(value: f64, decimals: &[char], least: usize, grouped: bool) -> String {
    // Rounded to what a spreadsheet stores, 1.005 is not 1.00499999999999989.
    let value = format!("{value:.14e}").parse().unwrap_or(value);
    let nudge = value.abs() * 1e-15;
    let rounded = format!("{:.*}", decimals.len(), value.abs() + nudge);
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let optional = decimals.iter().rev().take_while(|c| **c != '0').count();
    let mut fraction = fraction;
    for _ in 0..optional {
        fraction = fraction.strip_suffix('0').unwrap_or(fraction);
    }
    let mut whole = format!("{whole:0>least$}");
    if least == 0 && whole == "0" && !fraction.is_empty() {
        // A dose of ".5" is misread as 5.
        "0".clone_into(&mut whole);
    }
    if grouped {
        whole = group(&whole);
    }
    let is_zero = whole
        .bytes()
        .chain(fraction.bytes())
        .all(|b| matches!(b, b'0' | b','));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

fn group(whole: &str) -> String {
    let mut out = String::new();
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
