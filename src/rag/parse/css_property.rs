//! The CSS properties that can hide text, and what their values do.

/// A property that can hide text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// `display` and similar properties: the content of such an element cannot show itself again.
    Display,
    Opacity,
    ContentVisibility,
    /// An inherited property: a child may be visible although its parent is not.
    Visibility,
    FontSize,
    /// Whether the box can be moved by its offsets.
    Position,
    Top,
    Right,
    Bottom,
    Left,
    MarginLeft,
    MarginTop,
    Transform,
    TextIndent,
    Clip,
    ClipPath,
    Width,
    Height,
    MaxWidth,
    MaxHeight,
    Overflow,
    Color,
    Background,
    /// All four offsets at once.
    Inset,
}

impl Property {
    pub(super) const COUNT: usize = 24;

    /// The properties that this one sets.
    pub(super) fn longhands(self) -> Vec<Self> {
        match self {
            Self::Inset => vec![Self::Top, Self::Right, Self::Bottom, Self::Left],
            one => vec![one],
        }
    }
}

/// The effect of a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Hides,
    Shows,
    Inherits,
    /// A colour as red, green and blue.
    Color([u8; 3]),
}

/// The values that take a property from the element around.
pub(super) const INHERITING: [&str; 4] = ["inherit", "unset", "revert", "revert-layer"];

/// Whether a word is one of these, in whatever case.
pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|w| word.eq_ignore_ascii_case(w))
}
