//! PowerPoint presentations: a section for each slide, under its title, with its notes at the end.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::builder::Builder;
use super::flow::Flow;
use super::note::Note;
use super::package::Package;
use super::pptx_slide::Slide;
use super::xml::{foreign_attribute, text_of};
use super::{MediaType, ParseError, ParseLimits, ParsedDocument};

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, limits)?;
    let Some(main) = package.find("ppt/presentation.xml") else {
        return Err(package.mismatch(MediaType::Pptx));
    };
    let presentation = package.needed(&main)?;
    let relations = package.relations(&main)?;
    let mut flow = Flow::new(Builder::new(limits));
    flow.builder.start_pages();
    let mut hidden = 0;
    let mut title = None;
    let slides = slide_ids(&presentation)?;
    if slides.len() > limits.max_pages {
        return Err(ParseError::TooLarge);
    }
    for (at, id) in slides.iter().enumerate() {
        if at > 0 {
            flow.builder.break_page();
        }
        let Some(part) = relations.part(id) else {
            continue;
        };
        let slide = Slide::read(&package.needed(part)?)?;
        if slide.is_hidden {
            hidden += 1;
            continue;
        }
        let part = part.to_owned();
        let notes = package.relations(&part)?;
        let notes = match notes.of_kind("/notesSlide") {
            Some(notes) => package.part(notes)?,
            None => None,
        };
        title = title.or_else(|| slide.title.clone());
        slide.write(at + 1, &mut flow)?;
        if let Some(notes) = notes {
            Slide::read(&notes)?.write_notes(&mut flow)?;
        }
    }
    let core = package.part("docProps/core.xml")?;
    let title = core.and_then(|xml| text_of(&xml, "title")).or(title);
    let mut document = flow.builder.finish(title.as_deref())?;
    if hidden > 0 {
        document.notes.push(Note::HiddenSlides { slides: hidden });
    }
    Ok(document)
}

/// Returns the relations of the slides in their order.
fn slide_ids(xml: &str) -> Result<Vec<String>, ParseError> {
    let mut reader = Reader::from_str(xml);
    let mut ids = Vec::new();
    loop {
        match reader.read_event().map_err(|_| ParseError::Damaged)? {
            Event::Start(e) | Event::Empty(e) if e.local_name().into_inner() == "sldId" => {
                ids.extend(foreign_attribute(&e, "id"));
            }
            Event::Eof => return Ok(ids),
            _ => {}
        }
    }
}
