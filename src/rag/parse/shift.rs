//! Raised and lowered figures: ten to the ninth power is not 109.

use std::borrow::Cow;

const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
const LOWERED: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];

/// Writes raised or lowered figures as such; leaves other text, such as the letters of `1st`, as it is.
pub(super) fn shifted(shift: Option<Shift>, text: &str) -> Cow<'_, str> {
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '−' | ',' | ' ');
    let are_figures = text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(is_figure);
    match shift {
        Some(shift) if are_figures => Cow::Owned(shift.of_figures(text)),
        _ => Cow::Borrowed(text),
    }
}

/// Where a figure stands beside its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Up,
    Down,
}

impl Shift {
    /// The shift of an element of HTML.
    pub(super) fn of_element(name: &str) -> Option<Self> {
        match name {
            "sup" => Some(Self::Up),
            "sub" => Some(Self::Down),
            _ => None,
        }
    }

    /// Writes the digits and signs of a text.
    pub(super) fn of_figures(self, text: &str) -> String {
        let (digits, minus, plus) = match self {
            Self::Up => (RAISED, '⁻', '⁺'),
            Self::Down => (LOWERED, '₋', '₊'),
        };
        let shifted = |c: char| match c {
            '-' | '−' => minus,
            '+' => plus,
            _ => {
                let value = c.to_digit(10).and_then(|d| usize::try_from(d).ok());
                value.and_then(|d| digits.get(d).copied()).unwrap_or(c)
            }
        };
        text.chars().map(shifted).collect()
    }
}
