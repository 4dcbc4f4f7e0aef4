//! The values of the CSS properties that can hide text.

use cssparser::{ParseError, Parser, Token};

use super::css_colors::{background, color};
use super::css_property::{Effect, INHERITING, Property, is_one_of};

/// Text with a smaller font is not legible.
const MIN_FONT_PX: f32 = 1.5;
/// A box that is moved farther to the left or up, or much farther elsewhere, is outside the window.
const OUTSIDE_PX: f32 = 900.0;
const FAR_OUTSIDE_PX: f32 = 5_000.0;
/// A box of this width or height has no room for a letter.
const NO_ROOM_PX: f32 = 1.0;

/// Reads the value of a property; `None` if the property hides nothing.
pub(super) fn read(name: &str, input: &mut Parser<'_>) -> Option<(Property, Effect)> {
    use Property as P;
    Some(match name {
        "display" => (P::Display, keyword(input, &["none"], &[])),
        "visibility" => (
            P::Visibility,
            keyword(input, &["hidden", "collapse"], &INHERITING),
        ),
        "content-visibility" => (P::ContentVisibility, keyword(input, &["hidden"], &[])),
        "opacity" => (P::Opacity, opacity(input)),
        "font-size" | "font" => (P::FontSize, font_size(input)),
        "position" => (
            P::Position,
            keyword(input, &["absolute", "fixed", "relative", "sticky"], &[]),
        ),
        "overflow" | "overflow-x" | "overflow-y" => {
            (P::Overflow, keyword(input, &["hidden", "clip"], &[]))
        }
        "top" => (P::Top, outside(input)),
        "right" => (P::Right, outside(input)),
        "bottom" => (P::Bottom, outside(input)),
        "left" => (P::Left, outside(input)),
        "inset" => (P::Inset, outside(input)),
        "margin-left" | "margin-inline-start" => (P::MarginLeft, outside(input)),
        "margin-top" | "margin-block-start" => (P::MarginTop, outside(input)),
        "text-indent" => (P::TextIndent, indent(input)),
        "transform" | "translate" | "scale" => (P::Transform, transform(name, input)),
        "clip" => (P::Clip, function(input, &["rect"], is_empty_rect)),
        "clip-path" => (
            P::ClipPath,
            function(input, &["inset", "circle", "polygon"], is_empty_path),
        ),
        "width" => (P::Width, no_room(input)),
        "height" => (P::Height, no_room(input)),
        "max-width" => (P::MaxWidth, no_room(input)),
        "max-height" => (P::MaxHeight, no_room(input)),
        "color" => (P::Color, color(input)),
        "background" | "background-color" => (P::Background, background(input)),
        _ => return None,
    })
}

fn hides(is_hidden: bool) -> Effect {
    if is_hidden {
        Effect::Hides
    } else {
        Effect::Shows
    }
}

/// Decides by the first word; any other word shows the text.
fn keyword(input: &mut Parser<'_>, hiding: &[&str], inheriting: &[&str]) -> Effect {
    match input.next() {
        Ok(Token::Ident(word)) if is_one_of(word, hiding) => Effect::Hides,
        Ok(Token::Ident(word)) if is_one_of(word, inheriting) => Effect::Inherits,
        _ => Effect::Shows,
    }
}

fn opacity(input: &mut Parser<'_>) -> Effect {
    match input.next() {
        Ok(
            Token::Number { value, .. }
            | Token::Percentage {
                unit_value: value, ..
            },
        ) => hides(*value <= 0.01),
        _ => Effect::Shows,
    }
}

/// The pixels of a length; a share of the window or of the box around counts as if that had 1,000.
fn pixels(token: &Token<'_>) -> Option<f32> {
    match token {
        Token::Number { value, .. } => Some(*value),
        Token::Percentage { unit_value, .. } => Some(unit_value * 1_000.0),
        Token::Dimension { value, unit, .. } => Some(
            value
                * match unit.to_ascii_lowercase().as_str() {
                    "em" | "rem" | "pc" => 16.0,
                    "ex" | "ch" => 8.0,
                    "pt" => 4.0 / 3.0,
                    "in" => 96.0,
                    "cm" => 37.8,
                    "mm" => 3.78,
                    "vw" | "vh" | "vmin" | "vmax" | "dvw" | "dvh" => 10.0,
                    _ => 1.0,
                },
        ),
        _ => None,
    }
}

fn is_outside(pixels: f32) -> bool {
    pixels <= -OUTSIDE_PX || pixels >= FAR_OUTSIDE_PX
}

fn outside(input: &mut Parser<'_>) -> Effect {
    hides(input.next().ok().and_then(pixels).is_some_and(is_outside))
}

fn indent(input: &mut Parser<'_>) -> Effect {
    match input.next() {
        Ok(Token::Ident(word)) if is_one_of(word, &INHERITING) => Effect::Inherits,
        Ok(token) => hides(pixels(token).is_some_and(is_outside)),
        Err(_) => Effect::Shows,
    }
}

fn no_room(input: &mut Parser<'_>) -> Effect {
    let room = input.next().ok().and_then(pixels);
    hides(room.is_some_and(|room| (0.0..=NO_ROOM_PX).contains(&room)))
}

/// Reads every number in a function or in the value itself.
fn numbers(input: &mut Parser<'_>) -> Vec<f32> {
    let mut found = Vec::new();
    while let Ok(token) = input.next() {
        found.extend(pixels(token));
    }
    found
}

/// Decides by the numbers of a function with one of these names.
fn function(input: &mut Parser<'_>, names: &[&str], is_hidden: fn(&str, &[f32]) -> bool) -> Effect {
    let name = match input.next() {
        Ok(Token::Function(name)) if is_one_of(name, names) => name.to_ascii_lowercase(),
        _ => return Effect::Shows,
    };
    let read = input.parse_nested_block(|input| Ok::<_, ParseError<()>>(numbers(input)));
    hides(read.is_ok_and(|numbers| is_hidden(&name, &numbers)))
}

/// `rect(top, right, bottom, left)`.
fn is_empty_rect(_: &str, sides: &[f32]) -> bool {
    match sides {
        [top, right, bottom, left] => right <= left || bottom <= top,
        _ => false,
    }
}

/// A share of the box is a number of thousandths here.
fn is_empty_path(name: &str, numbers: &[f32]) -> bool {
    match (name, numbers) {
        ("inset", [all]) => *all >= 500.0,
        ("inset", [top, right, ..]) => *top >= 500.0 || *right >= 500.0,
        ("circle", [radius, ..]) => *radius <= 0.0,
        ("polygon", [first, rest @ ..]) => {
            rest.iter().all(|other| (other - first).abs() < NO_ROOM_PX)
        }
        _ => false,
    }
}

fn transform(name: &str, input: &mut Parser<'_>) -> Effect {
    if name == "translate" {
        return hides(numbers(input).into_iter().any(is_outside));
    }
    if name == "scale" {
        return hides(numbers(input).contains(&0.0));
    }
    let is_hidden = |name: &str, numbers: &[f32]| {
        if name.starts_with("scale") {
            numbers.contains(&0.0)
        } else {
            numbers.iter().any(|number| is_outside(*number))
        }
    };
    let names = [
        "translate",
        "translatex",
        "translatey",
        "translate3d",
        "scale",
        "scalex",
        "scaley",
        "scale3d",
    ];
    function(input, &names, is_hidden)
}

/// Reads `font-size`, or `font`, which contains the size somewhere.
fn font_size(input: &mut Parser<'_>) -> Effect {
    let mut effect = Effect::Shows;
    while let Ok(token) = input.next() {
        match token {
            // The height of the lines follows a bar.
            Token::Delim('!' | '/') => break,
            // A weight or a line height is no size.
            Token::Number { value, .. } if *value == 0.0 => return Effect::Hides,
            Token::Percentage { unit_value, .. } => {
                if *unit_value <= 0.05 {
                    return Effect::Hides;
                }
                // The parent's size may be zero.
                effect = Effect::Inherits;
            }
            Token::Dimension { unit, .. } => {
                let size = pixels(token);
                if size.is_some_and(|size| size < MIN_FONT_PX) {
                    return Effect::Hides;
                }
                if unit.eq_ignore_ascii_case("em") {
                    effect = Effect::Inherits;
                }
            }
            Token::Ident(word)
                if is_one_of(word, &INHERITING) || is_one_of(word, &["smaller", "larger"]) =>
            {
                effect = Effect::Inherits;
            }
            _ => {}
        }
    }
    effect
}
