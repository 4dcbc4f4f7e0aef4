//! Whether a media query matches the screen for which pages are parsed.

use cssparser::{ParseError, Parser, Token};

/// The width of a desktop window in CSS pixels; text that is hidden there counts as hidden.
const WIDTH: f32 = 1_280.0;
const HEIGHT: f32 = 800.0;

type Failure = ParseError<()>;

/// Whether one query of a list matches; an empty list matches.
pub(super) fn matches(input: &mut Parser<'_>) -> bool {
    if input.is_exhausted() {
        return true;
    }
    let holds = input.parse_comma_separated(|input| {
        let holds = query(input);
        while input.next().is_ok() {}
        Ok::<bool, Failure>(holds)
    });
    holds.is_ok_and(|holds| holds.contains(&true))
}

/// Whether the value of a `media` attribute matches.
pub(super) fn attribute_matches(media: &str) -> bool {
    matches(&mut Parser::new(media))
}

/// Parses types and features joined by `and` or `or`. With a type, `not` negates the whole query.
fn query(input: &mut Parser<'_>) -> bool {
    let mut holds: Option<bool> = None;
    let mut negated = false;
    let mut negate_next = false;
    let mut any = false;
    loop {
        let part = match input.next() {
            Ok(Token::Ident(word)) => match word.to_ascii_lowercase().as_str() {
                "not" if holds.is_none() => {
                    negated = true;
                    continue;
                }
                "not" => {
                    negate_next = true;
                    continue;
                }
                "or" => {
                    any = true;
                    continue;
                }
                "and" | "only" => continue,
                medium => matches!(medium, "all" | "screen"),
            },
            Ok(Token::ParenthesisBlock) => input
                .parse_nested_block(|input| Ok::<bool, Failure>(condition(input)))
                .unwrap_or(false),
            Ok(_) => false,
            Err(_) => break,
        };
        let part = part != std::mem::take(&mut negate_next);
        holds = Some(match holds {
            None => part,
            Some(before) if any => before || part,
            Some(before) => before && part,
        });
    }
    holds.unwrap_or(true) != negated
}

/// Parses the content of parentheses: a feature or another query.
fn condition(input: &mut Parser<'_>) -> bool {
    let start = input.state();
    let is_query = match input.next() {
        Ok(Token::ParenthesisBlock) => true,
        Ok(Token::Ident(word)) => word.eq_ignore_ascii_case("not"),
        _ => false,
    };
    input.reset(&start);
    let holds = if is_query {
        query(input)
    } else {
        feature(input)
    };
    while input.next().is_ok() {}
    holds
}

/// A piece of a feature.
enum Piece {
    Name(String),
    Value(f32),
    Less,
    More,
}

/// `name`, `name: value`, or a range such as `400px <= width < 60em`.
fn feature(input: &mut Parser<'_>) -> bool {
    let mut pieces = Vec::new();
    while let Ok(token) = input.next() {
        match token {
            Token::Ident(word) => pieces.push(Piece::Name(word.to_ascii_lowercase())),
            Token::Number { value, .. } => pieces.push(Piece::Value(*value)),
            Token::Dimension { value, unit, .. } => {
                pieces.push(Piece::Value(pixels(*value, unit)));
            }
            Token::Delim('<') => pieces.push(Piece::Less),
            Token::Delim('>') => pieces.push(Piece::More),
            Token::Colon | Token::Delim('=') => {}
            _ => return false,
        }
    }
    match pieces.as_slice() {
        [Piece::Name(name)] => matches!(
            name.as_str(),
            "width" | "height" | "color" | "hover" | "any-hover" | "pointer" | "any-pointer"
        ),
        [Piece::Name(name), Piece::Value(value)] => {
            let (bound, extent) = name.split_once('-').unwrap_or(("", name));
            extent_of(extent).is_some_and(|extent| match bound {
                "min" => extent >= *value,
                "max" => extent <= *value,
                _ => (extent - value).abs() < 0.5,
            })
        }
        [Piece::Name(name), Piece::Name(value)] => is_usual(name, value),
        range => ordered(range),
    }
}

/// Compares values and extents, each smaller or larger than the one before.
fn ordered(range: &[Piece]) -> bool {
    let mut holds = range.len() >= 3;
    for window in range.windows(3).step_by(2) {
        let [left, relation, right] = window else {
            return false;
        };
        let (Some(left), Some(right)) = (measure(left), measure(right)) else {
            return false;
        };
        holds &= match relation {
            Piece::Less => left <= right,
            Piece::More => left >= right,
            Piece::Name(_) | Piece::Value(_) => false,
        };
    }
    holds
}

fn measure(piece: &Piece) -> Option<f32> {
    match piece {
        Piece::Value(value) => Some(*value),
        Piece::Name(name) => extent_of(name),
        Piece::Less | Piece::More => None,
    }
}

fn extent_of(name: &str) -> Option<f32> {
    match name {
        "width" | "device-width" => Some(WIDTH),
        "height" | "device-height" => Some(HEIGHT),
        _ => None,
    }
}

fn pixels(value: f32, unit: &str) -> f32 {
    let factor = match unit.to_ascii_lowercase().as_str() {
        "em" | "rem" => 16.0,
        "pt" => 4.0 / 3.0,
        "in" => 96.0,
        "cm" => 96.0 / 2.54,
        _ => 1.0,
    };
    value * factor
}

/// The features that most readers' browsers report.
fn is_usual(name: &str, value: &str) -> bool {
    matches!(
        (name, value),
        ("orientation", "landscape")
            | ("prefers-color-scheme", "light")
            | ("hover" | "any-hover", "hover")
            | ("pointer" | "any-pointer", "fine")
            | ("scripting", "enabled")
    ) || (name.starts_with("prefers-") && value == "no-preference")
}
