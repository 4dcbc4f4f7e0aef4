//! Collects the glyphs, rules and fills of a page, as a person sees it.
//!
//! Lengths are in points. The origin is the top left corner of the page as it is shown, and y grows
//! downwards.

use hayro_interpret::font::GlyphRun;
use hayro_interpret::hayro_cmap::WritingMode;
use hayro_interpret::hayro_syntax::object::{Dict, String as PdfString};
use hayro_interpret::kurbo::{BezPath, Point, Rect, Shape, Vec2};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
};

use super::characters::Characters;
use super::glyphs::{glyph_at, replace, turned};
use super::sheet::{Glyph, Rule, Sheet};
use super::strings::text_string;

/// The most fills that are kept as backgrounds; later ones replace the first ones.
const MAX_FILLS: usize = 4_000;
const MAX_RULES: usize = 20_000;
/// The most glyphs of one page.
const MAX_GLYPHS: usize = 500_000;
/// A filled shape no thicker than this is a rule.
const RULE_THICKNESS: f64 = 2.5;
const RULE_LENGTH: f64 = 8.0;
/// Type smaller than this cannot be read.
const SMALLEST_TYPE: f64 = 1.0;
/// Colours that differ less than this in every channel, out of 255, cannot be told apart.
const LEAST_CONTRAST: u8 = 12;
/// An image that covers this share of a page is the page: invisible text over it was recognised.
const SCAN_SHARE: f64 = 0.5;

struct Fill {
    area: Rect,
    /// `None` if the colour is not one colour.
    colour: Option<[u8; 3]>,
}

/// Text that replaces the glyphs of a marked sequence.
struct Replacement {
    text: Option<String>,
    /// The first of the glyphs.
    first: usize,
}

/// Receives the drawing operations of one page.
pub(super) struct Reader<'c> {
    sheet: Sheet,
    characters: &'c mut Characters,
    page: Rect,
    fills: Vec<Fill>,
    clips: Vec<Rect>,
    marked: Vec<Replacement>,
    /// Glyphs in the mode for invisible text; they count if the page is a scan.
    invisible: Vec<Glyph>,
    in_hidden_word: bool,
    in_annotations: bool,
}

impl<'c> Reader<'c> {
    pub(super) fn new(page: Rect, characters: &'c mut Characters) -> Self {
        Self {
            sheet: Sheet::default(),
            characters,
            page,
            fills: Vec::new(),
            clips: Vec::new(),
            marked: Vec::new(),
            invisible: Vec::new(),
            in_hidden_word: false,
            in_annotations: false,
        }
    }

    /// Expects the annotations of the page from now on.
    pub(super) fn begin_annotations(&mut self) {
        self.in_annotations = true;
        self.clips.clear();
        self.marked.clear();
    }

    pub(super) fn into_sheet(mut self) -> Sheet {
        if self.sheet.pictured >= SCAN_SHARE {
            self.sheet.is_recognised = !self.invisible.is_empty();
            self.sheet.glyphs.append(&mut self.invisible);
        } else {
            let text: String = self
                .invisible
                .iter()
                .map(|glyph| glyph.text.as_str())
                .collect();
            self.sheet.hidden += text.split_whitespace().count();
        }
        self.sheet
    }

    fn show(&mut self, mut glyph: Glyph, is_hidden: bool, is_invisible: bool) {
        let order = self.sheet.glyphs.len() + self.invisible.len();
        if order >= MAX_GLYPHS {
            return;
        }
        glyph.order = (!self.in_annotations).then_some(order);
        if is_hidden {
            let is_blank = glyph.text.trim().is_empty();
            self.sheet.hidden += usize::from(!is_blank && !self.in_hidden_word);
            self.in_hidden_word = !is_blank;
            return;
        }
        self.in_hidden_word = false;
        if is_invisible {
            self.invisible.push(glyph);
        } else {
            self.sheet.glyphs.push(glyph);
        }
    }

    /// Whether a glyph at this place is outside the page, too small, or of its background's colour.
    fn is_hidden(&self, centre: Point, size: f64, paint: &Paint<'_>) -> bool {
        if size < SMALLEST_TYPE || !self.page.inflate(1.0, 1.0).contains(centre) {
            return true;
        }
        if let Some(clip) = self.clips.last()
            && !clip.inflate(size, size).contains(centre)
        {
            return true;
        }
        let Paint::Color(colour) = paint else {
            return false;
        };
        let [red, green, blue, alpha] = colour.to_rgba().to_rgba8();
        if alpha < LEAST_CONTRAST {
            return true;
        }
        let own = [red, green, blue];
        // Dark type on a dark box is as rare as light type on paper is usual.
        if own.iter().any(|channel| *channel < 200) {
            return false;
        }
        let behind = self.fills.iter().rev().find(|f| f.area.contains(centre));
        let behind = behind.map_or(Some([255; 3]), |fill| fill.colour);
        behind.is_some_and(|behind| {
            let mut pairs = own.iter().zip(behind);
            pairs.all(|(own, behind)| own.abs_diff(behind) < LEAST_CONTRAST)
        })
    }

    fn fill(&mut self, area: Rect, paint: &Paint<'_>) {
        if self.fills.len() >= MAX_FILLS {
            self.fills.drain(..MAX_FILLS / 2);
        }
        let colour = match paint {
            Paint::Color(colour) => {
                let [red, green, blue, alpha] = colour.to_rgba().to_rgba8();
                if alpha < 128 {
                    return;
                }
                Some([red, green, blue])
            }
            Paint::Pattern(_) => None,
        };
        self.fills.push(Fill { area, colour });
    }

    fn rule(&mut self, from: Point, to: Point) {
        let long = (to - from).hypot() >= RULE_LENGTH;
        let straight = (from.x - to.x).abs() < 1.0 || (from.y - to.y).abs() < 1.0;
        if long && straight && self.sheet.rules.len() < MAX_RULES {
            self.sheet.rules.push(Rule { from, to });
        }
    }

    fn edges(&mut self, area: Rect) {
        let (wide, high) = (
            area.width() > RULE_THICKNESS,
            area.height() > RULE_THICKNESS,
        );
        let middle = area.center();
        match (wide, high) {
            (true, false) => {
                self.rule(Point::new(area.x0, middle.y), Point::new(area.x1, middle.y));
            }
            (false, true) => {
                self.rule(Point::new(middle.x, area.y0), Point::new(middle.x, area.y1));
            }
            (true, true) => {
                for y in [area.y0, area.y1] {
                    self.rule(Point::new(area.x0, y), Point::new(area.x1, y));
                }
                for x in [area.x0, area.x1] {
                    self.rule(Point::new(x, area.y0), Point::new(x, area.y1));
                }
            }
            (false, false) => {}
        }
    }

    fn stroke(&mut self, path: &BezPath) {
        for segment in path.segments() {
            if let hayro_interpret::kurbo::PathSeg::Line(line) = segment {
                self.rule(line.p0, line.p1);
            }
        }
    }
}

impl<'a> Device<'a> for Reader<'_> {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        let path = props.transform * path;
        if matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..)) {
            let area = path.bounding_box();
            if path.elements().len() <= 6 {
                self.edges(area);
            }
            self.fill(area, &props.paint);
        }
        if matches!(mode, DrawMode::Stroke(_) | DrawMode::FillAndStroke(..)) {
            self.stroke(&path);
        }
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let mut area = clip.path.bounding_box();
        if let Some(outer) = self.clips.last() {
            area = area.intersect(*outer);
        }
        self.clips.push(area);
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn pop_transparency_group(&mut self) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let is_vertical = run.writing_mode() == WritingMode::Vertical;
        for positioned in run.glyphs() {
            let place = props.transform * positioned.transform();
            let Some(glyph) = glyph_at(place, positioned, is_vertical, self.characters) else {
                continue;
            };
            let along = Vec2::from_angle(f64::from(glyph.angle).to_radians());
            let centre =
                glyph.origin + along * (glyph.advance / 2.0) - turned(along) * (glyph.size * 0.3);
            let is_invisible = matches!(mode, DrawMode::Invisible);
            let is_hidden = self.is_hidden(centre, glyph.size, &props.paint) && !is_invisible;
            self.show(glyph, is_hidden, is_invisible);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        let area = props
            .transform
            .transform_rect_bbox(Rect::new(0.0, 0.0, width, height));
        let share = area.intersect(self.page).area() / self.page.area().max(1.0);
        self.sheet.pictured = (self.sheet.pictured + share).min(1.0);
        if self.fills.len() < MAX_FILLS {
            self.fills.push(Fill { area, colour: None });
        }
    }

    fn begin_marked_content(&mut self, _tag: &[u8], properties: Option<&Dict<'_>>) {
        let text = properties
            .and_then(|p| p.get::<PdfString<'_>>(b"ActualText".as_slice()))
            .and_then(|text| text_string(text.as_bytes()));
        let first = self.sheet.glyphs.len();
        self.marked.push(Replacement { text, first });
    }

    fn end_marked_content(&mut self) {
        if let Some(Replacement {
            text: Some(text),
            first,
        }) = self.marked.pop()
        {
            replace(&mut self.sheet, first, &text);
        }
    }
}
