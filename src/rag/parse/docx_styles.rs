//! Paragraph styles and numbering of a DOCX file: which style is a heading, and how lists count.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::ParseError;
use super::docx_look::Look;
use super::xml::{attribute, number};

/// The longest chain of `basedOn` that is followed.
const MAX_INHERITANCE: usize = 16;

/// The meaning of a paragraph style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StyleMeaning {
    /// The heading level, 1 to 9.
    pub(super) heading: Option<u8>,
    pub(super) is_title: bool,
    pub(super) numbering: Option<u32>,
    pub(super) look: Look,
}

#[derive(Default)]
struct Style {
    meaning: StyleMeaning,
    based_on: Option<String>,
}

/// The styles of `word/styles.xml` by id.
#[derive(Default)]
pub(super) struct Styles(HashMap<String, Style>);

impl Styles {
    pub(super) fn read(xml: &str) -> Result<Self, ParseError> {
        let mut styles = HashMap::new();
        let mut id = None;
        let mut style = Style::default();
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e) => match e.local_name().into_inner() {
                    "style" => {
                        id = attribute(&e, "styleId");
                        style = Style::default();
                    }
                    "name" => set_name(&mut style, &attribute(&e, "val").unwrap_or_default()),
                    "basedOn" => style.based_on = attribute(&e, "val"),
                    "outlineLvl" => {
                        let level = outline_level(&e);
                        style.meaning.heading = style.meaning.heading.or(level);
                    }
                    "numId" => style.meaning.numbering = number(&e, "val"),
                    _ => style.meaning.look.read(&e),
                },
                Event::End(e) if e.local_name().into_inner() == "style" => {
                    if let Some(id) = id.take() {
                        styles.insert(id, std::mem::take(&mut style));
                    }
                }
                Event::Eof => return Ok(Self(styles)),
                _ => {}
            }
        }
    }

    /// The meaning of the style, including the styles it is based on.
    pub(super) fn meaning(&self, id: &str) -> StyleMeaning {
        let mut meaning = StyleMeaning::default();
        let mut at = Some(id);
        for _ in 0..MAX_INHERITANCE {
            let Some(style) = at.and_then(|id| self.0.get(id)) else {
                break;
            };
            meaning.heading = meaning.heading.or(style.meaning.heading);
            meaning.is_title |= style.meaning.is_title;
            meaning.numbering = meaning.numbering.or(style.meaning.numbering);
            meaning.look = meaning.look.or(style.meaning.look);
            at = style.based_on.as_deref();
        }
        if !self.0.contains_key(id) {
            meaning.heading = heading_of_name(id);
        }
        meaning
    }
}

fn set_name(style: &mut Style, name: &str) {
    if let Some(level) = heading_of_name(name) {
        style.meaning.heading = Some(level);
    } else if name.eq_ignore_ascii_case("title") {
        style.meaning.heading = Some(1);
        style.meaning.is_title = true;
    }
}

/// Reads "heading 2" and "Heading2"; Word stores built-in names in English in every language.
fn heading_of_name(name: &str) -> Option<u8> {
    let level = name.to_ascii_lowercase();
    let level = level.strip_prefix("heading")?.trim().parse().ok()?;
    (1..=9).contains(&level).then_some(level)
}

/// The heading level of `w:outlineLvl`, in which 0 is the highest and 9 means body text.
pub(super) fn outline_level(e: &BytesStart<'_>) -> Option<u8> {
    let level = number(e, "val")?;
    u8::try_from(level).ok().filter(|l| *l < 9).map(|l| l + 1)
}

#[derive(Clone, Copy)]
enum Format {
    Bullet,
    Decimal,
    Letter,
    Hidden,
}

/// The content of `word/numbering.xml`, and the current position of each list.
#[derive(Default)]
pub(super) struct Numbering {
    /// The definition of each instance.
    instances: HashMap<u32, u32>,
    levels: HashMap<(u32, u32), (Format, u64)>,
    counters: HashMap<(u32, u32), u64>,
}

impl Numbering {
    pub(super) fn read(xml: &str) -> Result<Self, ParseError> {
        let mut numbering = Self::default();
        let (mut definition, mut level, mut instance) = (0, 0, 0);
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e) => match e.local_name().into_inner() {
                    "abstractNum" => definition = number(&e, "abstractNumId").unwrap_or(0),
                    "lvl" => {
                        level = number(&e, "ilvl").unwrap_or(0);
                        numbering
                            .levels
                            .insert((definition, level), (Format::Decimal, 1));
                    }
                    "start" => {
                        if let Some(entry) = numbering.levels.get_mut(&(definition, level)) {
                            entry.1 = number(&e, "val").unwrap_or(1).into();
                        }
                    }
                    "numFmt" => {
                        if let Some(entry) = numbering.levels.get_mut(&(definition, level)) {
                            entry.0 = format(&attribute(&e, "val").unwrap_or_default());
                        }
                    }
                    "num" => instance = number(&e, "numId").unwrap_or(0),
                    "abstractNumId" => {
                        let definition = number(&e, "val").unwrap_or(0);
                        numbering.instances.insert(instance, definition);
                    }
                    _ => {}
                },
                Event::Eof => return Ok(numbering),
                _ => {}
            }
        }
    }

    /// Returns the marker of the next item of a list at a level, with a space after it.
    pub(super) fn next_marker(&mut self, instance: u32, level: u32) -> String {
        let definition = self.instances.get(&instance).copied();
        let (format, first) = definition
            .and_then(|d| self.levels.get(&(d, level)).copied())
            .unwrap_or((Format::Bullet, 1));
        // Instances of one definition continue the count of another only in Word's own list
        // continuation, which uses the same instance.
        for deeper in level + 1..level.saturating_add(9) {
            self.counters.remove(&(instance, deeper));
        }
        let count = self.counters.entry((instance, level)).or_insert(first);
        let current = *count;
        *count = count.saturating_add(1);
        match format {
            Format::Bullet => "- ".to_owned(),
            Format::Hidden => String::new(),
            Format::Decimal => format!("{current}. "),
            Format::Letter => match u8::try_from(current) {
                Ok(n @ 1..=26) => format!("{}. ", char::from(b'a' + n - 1)),
                _ => format!("{current}. "),
            },
        }
    }
}

fn format(name: &str) -> Format {
    match name {
        "bullet" => Format::Bullet,
        "none" => Format::Hidden,
        "lowerLetter" | "upperLetter" => Format::Letter,
        _ => Format::Decimal,
    }
}
