//! Whether text of a DOCX file can be seen: its size, its colour and what is behind it.

use quick_xml::events::BytesStart;

use super::shift::Shift;
use super::xml::{attribute, is_on, number};

/// Text of this size in half points or a smaller one is not legible.
const TINY: u32 = 2;
/// The least part of red, green and blue that looks white.
const WHITE: u8 = 0xF5;

/// The properties that decide whether text can be seen; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    vanishes: Option<bool>,
    is_white: Option<bool>,
    half_points: Option<u32>,
    shift: Option<Shift>,
    /// Whether something other than white paper may be behind the text.
    is_shaded: Option<bool>,
}

impl Look {
    /// Reads a property of a run, a paragraph, a cell or a style.
    pub(super) fn read(&mut self, e: &BytesStart<'_>) {
        match e.local_name().into_inner() {
            "vanish" => self.vanishes = Some(is_on(e)),
            "vertAlign" => {
                self.shift = attribute(e, "val").and_then(|val| match val.as_str() {
                    "superscript" => Some(Shift::Up),
                    "subscript" => Some(Shift::Down),
                    _ => None,
                });
            }
            "sz" => self.half_points = number(e, "val").or(self.half_points),
            "color" => self.is_white = Some(attribute(e, "val").is_some_and(|hex| is_white(&hex))),
            "shd" => {
                let fill = attribute(e, "fill").unwrap_or_default();
                let plain = fill.is_empty() || fill == "auto" || is_white(&fill);
                let pattern = attribute(e, "val").unwrap_or_default();
                let is_solid = !matches!(pattern.as_str(), "" | "clear" | "nil");
                // Any part of a table's style may be shaded.
                self.is_shaded = Some(self.is_shaded() || !plain || is_solid);
            }
            "highlight" => {
                let color = attribute(e, "val").unwrap_or_default();
                self.is_shaded = Some(!matches!(color.as_str(), "none" | "white"));
            }
            _ => {}
        }
    }

    /// Adds what a less specific source says.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            vanishes: self.vanishes.or(other.vanishes),
            is_white: self.is_white.or(other.is_white),
            half_points: self.half_points.or(other.half_points),
            shift: self.shift.or(other.shift),
            is_shaded: self.is_shaded.or(other.is_shaded),
        }
    }

    fn is_shaded(self) -> bool {
        self.is_shaded == Some(true)
    }

    /// Whether a reader does not see the text; `on_paper` says whether nothing around the paragraph
    /// is shaded.
    fn hides(self, on_paper: bool) -> bool {
        self.vanishes == Some(true)
            || self.half_points.is_some_and(|size| size <= TINY)
            || (self.is_white == Some(true) && on_paper && !self.is_shaded())
    }
}

/// The properties around the text that is being read.
#[derive(Default)]
pub(super) struct Sight {
    /// The properties of the open run.
    run: Option<Look>,
    /// The shading of the open tables and cells.
    shaded: Vec<bool>,
    /// The number of open text boxes, whose colour is unknown.
    boxes: usize,
}

impl Sight {
    pub(super) fn open_run(&mut self) {
        self.run = Some(Look::default());
    }

    pub(super) fn close_run(&mut self) {
        self.run = None;
    }

    /// Adds the properties of the run's style.
    pub(super) fn style_run(&mut self, style: Look) {
        self.run = self.run.map(|run| run.or(style));
    }

    pub(super) fn open_box(&mut self) {
        self.boxes += 1;
    }

    pub(super) fn close_box(&mut self) {
        self.boxes = self.boxes.saturating_sub(1);
    }

    /// Opens a table or a cell.
    pub(super) fn open_area(&mut self) {
        self.shaded.push(false);
    }

    pub(super) fn close_area(&mut self) {
        self.shaded.pop();
    }

    /// Reads a property of the open run or of the open cell.
    pub(super) fn read(&mut self, e: &BytesStart<'_>) {
        if let Some(run) = &mut self.run {
            run.read(e);
            return;
        }
        let mut look = Look::default();
        look.read(e);
        self.shade(look);
    }

    /// Adds the shading of a table's style or of a cell.
    pub(super) fn shade(&mut self, look: Look) {
        if let Some(shaded) = self.shaded.last_mut() {
            *shaded |= look.is_shaded();
        }
    }

    /// Whether the open run is raised or lowered.
    pub(super) fn shift(&self) -> Option<Shift> {
        self.run?.shift
    }

    /// Whether a reader does not see the text of a paragraph with these properties.
    pub(super) fn hides(&self, paragraph: Look) -> bool {
        let on_paper = self.boxes == 0 && !self.shaded.contains(&true) && !paragraph.is_shaded();
        self.run.unwrap_or_default().or(paragraph).hides(on_paper)
    }
}

fn is_white(hex: &str) -> bool {
    let parts = [hex.get(0..2), hex.get(2..4), hex.get(4..6)];
    hex.len() == 6
        && parts.iter().all(|part| {
            let value = part.and_then(|part| u8::from_str_radix(part, 16).ok());
            value.is_some_and(|value| value >= WHITE)
        })
}
