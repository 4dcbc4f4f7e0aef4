//! A page as a person sees it.

use hayro_interpret::kurbo::Point;

/// A glyph with its position along its own line.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// One character, several for a ligature; empty if the glyph shows nothing.
    pub(super) text: String,
    pub(super) origin: Point,
    /// The advance along the line.
    pub(super) advance: f64,
    /// The type size.
    pub(super) size: f64,
    /// The direction of the line in degrees, clockwise; 0 for most text.
    pub(super) angle: i32,
    pub(super) is_bold: bool,
    /// The position in the file; `None` for fields and notes, which are drawn after the page.
    pub(super) order: Option<usize>,
}

/// A straight line that is drawn, or the edge of a box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) from: Point,
    pub(super) to: Point,
}

/// A page as a person sees it.
#[derive(Default)]
pub(super) struct Sheet {
    pub(super) glyphs: Vec<Glyph>,
    pub(super) rules: Vec<Rule>,
    /// The number of words that nobody can see.
    pub(super) hidden: usize,
    /// The share of the page that images cover, at most 1.
    pub(super) pictured: f64,
    /// Whether a program recognised the text of a scan.
    pub(super) is_recognised: bool,
}
