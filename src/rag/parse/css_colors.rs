//! Colours in CSS, as far as they tell whether text can be told from what is behind it.

use cssparser::{ParseError, Parser, Token};

use super::css_property::{Effect, INHERITING, is_one_of};

/// Reads the colour of text.
pub(super) fn color(input: &mut Parser<'_>) -> Effect {
    let Ok(token) = input.next().cloned() else {
        return Effect::Shows;
    };
    let inherits =
        |word: &str| is_one_of(word, &INHERITING) || word.eq_ignore_ascii_case("currentcolor");
    match &token {
        Token::Ident(word) if inherits(word) => Effect::Inherits,
        _ => color_of(&token, input).unwrap_or(Effect::Shows),
    }
}

/// Reads the colour behind the text. A picture or a gradient may have any colour.
pub(super) fn background(input: &mut Parser<'_>) -> Effect {
    let mut effect = Effect::Inherits;
    while let Ok(token) = input.next() {
        let token = token.clone();
        match &token {
            Token::UnquotedUrl(_) => return Effect::Shows,
            Token::Delim('!') => break,
            Token::Ident(word) if is_one_of(word, &["none", "transparent", "initial"]) => {}
            _ => match color_of(&token, input) {
                Some(Effect::Hides) => {}
                Some(found) => effect = found,
                None => {
                    if matches!(token, Token::Function(_)) {
                        return Effect::Shows;
                    }
                }
            },
        }
    }
    effect
}

/// Returns the colour that a token begins, `Hides` for one that is transparent.
fn color_of(token: &Token<'_>, input: &mut Parser<'_>) -> Option<Effect> {
    match token {
        Token::Hash(hex) | Token::IDHash(hex) => hex_color(hex),
        Token::Ident(name) => named_color(&name.to_ascii_lowercase()),
        Token::Function(name) if is_one_of(name, &["rgb", "rgba"]) => {
            let parts = input.parse_nested_block(|input| {
                let mut parts = Vec::new();
                while let Ok(token) = input.next() {
                    match token {
                        Token::Number { value, .. } => parts.push(*value),
                        Token::Percentage { unit_value, .. } => parts.push(unit_value * 255.0),
                        _ => {}
                    }
                }
                Ok::<_, ParseError<()>>(parts)
            });
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a clamped float becomes a byte"
            )]
            let byte = |value: &f32| value.clamp(0.0, 255.0).round() as u8;
            match parts.ok()?.as_slice() {
                [_, _, _, alpha] if *alpha <= 0.01 => Some(Effect::Hides),
                [_, _, _, alpha] if *alpha < 1.0 => Some(Effect::Shows),
                [red, green, blue, ..] => Some(Effect::Color([byte(red), byte(green), byte(blue)])),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Reads `#fff`, `#ffff`, `#ffffff` or `#ffffffff`.
pub(super) fn hex_color(hex: &str) -> Option<Effect> {
    let mut digits = Vec::with_capacity(8);
    for c in hex.chars() {
        digits.push(u8::try_from(c.to_digit(16)?).ok()?);
    }
    Some(match digits.as_slice() {
        [_, _, _, 0] | [_, _, _, _, _, _, 0, 0] => Effect::Hides,
        [red, green, blue] | [red, green, blue, 15] => {
            Effect::Color([red * 17, green * 17, blue * 17])
        }
        [r, red, g, green, b, blue] | [r, red, g, green, b, blue, 15, 15] => {
            Effect::Color([r * 16 + red, g * 16 + green, b * 16 + blue])
        }
        _ => return None,
    })
}

/// The names of the colours of paper and ink; others are read as unknown.
pub(super) fn named_color(name: &str) -> Option<Effect> {
    Some(match name {
        "white" => Effect::Color([255; 3]),
        "black" => Effect::Color([0; 3]),
        "snow" => Effect::Color([255, 250, 250]),
        "ivory" => Effect::Color([255, 255, 240]),
        "whitesmoke" => Effect::Color([245; 3]),
        "transparent" => Effect::Hides,
        "red" => Effect::Color([255, 0, 0]),
        "yellow" => Effect::Color([255, 255, 0]),
        "green" => Effect::Color([0, 128, 0]),
        "blue" => Effect::Color([0, 0, 255]),
        "navy" => Effect::Color([0, 0, 128]),
        "gray" | "grey" => Effect::Color([128; 3]),
        "lightgray" | "lightgrey" => Effect::Color([211; 3]),
        "silver" => Effect::Color([192; 3]),
        _ => return None,
    })
}
