//! Which elements of a page are visible: the cascade of the few properties that hide text.

use std::collections::HashMap;

use html5ever::tree_builder::QuirksMode as PageMode;
use scraper::{ElementRef, Html, Selector};
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode,
    SelectorCaches,
};
use selectors::matching::matches_selector;
use selectors::parser::Component;

use super::ParseError;
use super::css::{self, Declaration, Rule, Rules};
use super::css_colors::{hex_color, named_color};
use super::css_media;
use super::css_property::{Effect, Property};

/// The most comparisons of selectors with elements; more would take too long for one page.
const MAX_COMPARISONS: usize = 5_000_000;

/// The properties that an element passes on to its children.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of its own"
)]
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// Set if neither the element nor its content is rendered.
    pub(super) removed: bool,
    invisible: bool,
    tiny: bool,
    /// Moved out of the window by its indent.
    indented: bool,
    ink: Ink,
    /// The colour behind the text; `None` if it is unknown.
    paper: Option<[u8; 3]>,
}

/// The colour of text.
#[derive(Clone, Copy)]
enum Ink {
    Unknown,
    Transparent,
    Color([u8; 3]),
}

/// Colours that differ by no more in each part look the same.
const SAME_COLOR: u8 = 8;

impl Seen {
    pub(super) const ALL: Self = Self {
        removed: false,
        invisible: false,
        tiny: false,
        indented: false,
        ink: Ink::Unknown,
        paper: Some([255; 3]),
    };

    /// Whether text directly in the element is visible.
    pub(super) fn text(self) -> bool {
        !(self.removed || self.invisible || self.tiny || self.indented || self.is_blended())
    }

    /// Whether the text has the colour of what is behind it.
    fn is_blended(self) -> bool {
        match (self.ink, self.paper) {
            (Ink::Transparent, Some(_)) => true,
            (Ink::Color(ink), Some(paper)) => ink
                .iter()
                .zip(paper)
                .all(|(one, other)| one.abs_diff(other) <= SAME_COLOR),
            _ => false,
        }
    }
}

/// The rules of a page, indexed by the last part of their selectors, as in browsers, so that an
/// element is compared with few of them.
pub(super) struct Visibility {
    rules: Rules,
    by_name: HashMap<Key, Vec<usize>>,
    of_all: Vec<usize>,
    mode: QuirksMode,
    caches: SelectorCaches,
    comparisons: usize,
    /// Whether other style sheets, which are not available, may colour what is behind the text.
    is_styled_elsewhere: bool,
}

/// The keys are in lower case, because old pages ignore case; the comparison itself respects it.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Id(String),
    Class(String),
    Element(String),
}

impl Visibility {
    /// Reads the style sheets inside the page; external ones are not available.
    pub(super) fn of(html: &Html) -> Result<Self, ParseError> {
        let mut rules = Rules::default();
        if let Ok(style) = Selector::parse("style") {
            for sheet in html.select(&style).filter(applies) {
                rules.add_sheet(&sheet.text().collect::<String>());
            }
        }
        if rules.too_many {
            return Err(ParseError::TooLarge);
        }
        let mut visibility = Self {
            rules,
            by_name: HashMap::new(),
            of_all: Vec::new(),
            mode: match html.quirks_mode {
                PageMode::Quirks => QuirksMode::Quirks,
                PageMode::LimitedQuirks => QuirksMode::LimitedQuirks,
                PageMode::NoQuirks => QuirksMode::NoQuirks,
            },
            caches: SelectorCaches::default(),
            comparisons: 0,
            is_styled_elsewhere: is_styled_elsewhere(html),
        };
        for (at, rule) in visibility.rules.all.iter().enumerate() {
            match key(rule) {
                Some(key) => visibility.by_name.entry(key).or_default().push(at),
                None => visibility.of_all.push(at),
            }
        }
        Ok(visibility)
    }

    /// The visibility of an element whose parent has this visibility.
    pub(super) fn seen(
        &mut self,
        element: &ElementRef<'_>,
        parent: Seen,
    ) -> Result<Seen, ParseError> {
        let winners = self.cascade(element)?;
        let coloured = self.coloured(element, parent, &winners);
        // A page that hides all of itself is shown by a script after it has loaded.
        if matches!(element.value().name(), "html" | "head" | "title" | "body") {
            return Ok(coloured);
        }
        let inherited = |property: Property, above: bool| match winners.effect(property) {
            Some(Effect::Hides) => true,
            Some(Effect::Shows | Effect::Color(_)) => false,
            Some(Effect::Inherits) | None => above,
        };
        let is_closed = element.value().name() == "dialog"
            && element.value().attr("open").is_none()
            && winners.effect(Property::Display).is_none();
        Ok(Seen {
            removed: parent.removed
                || is_closed
                || element.value().attr("hidden").is_some()
                || winners.remove(),
            invisible: inherited(Property::Visibility, parent.invisible),
            tiny: inherited(Property::FontSize, parent.tiny),
            indented: inherited(Property::TextIndent, parent.indented),
            ..coloured
        })
    }

    /// The colours of the element. Old pages set them by attributes, which any rule overrides.
    fn coloured(&self, element: &ElementRef<'_>, parent: Seen, winners: &Winners) -> Seen {
        let attribute = |name: &str| element.value().attr(name).map(str::trim);
        let named = |value: &str| match value.strip_prefix('#') {
            Some(hex) => hex_color(hex),
            None => named_color(&value.to_ascii_lowercase()),
        };
        let ink = winners.effect(Property::Color).or_else(|| {
            let value = match element.value().name() {
                "font" => attribute("color"),
                "body" => attribute("text"),
                _ => None,
            };
            value.map(|value| named(value).unwrap_or(Effect::Shows))
        });
        let paper = winners.effect(Property::Background).or_else(|| {
            if attribute("background").is_some() {
                return Some(Effect::Shows);
            }
            attribute("bgcolor").map(|value| named(value).unwrap_or(Effect::Shows))
        });
        let unknown =
            self.is_styled_elsewhere && paper.is_none() && element.value().name() == "body";
        Seen {
            ink: match ink {
                Some(Effect::Color(color)) => Ink::Color(color),
                Some(Effect::Hides) => Ink::Transparent,
                Some(Effect::Shows) => Ink::Unknown,
                Some(Effect::Inherits) | None => parent.ink,
            },
            paper: match paper {
                Some(Effect::Color(color)) => Some(color),
                Some(Effect::Shows | Effect::Hides) => None,
                _ if unknown => None,
                Some(Effect::Inherits) | None => parent.paper,
            },
            ..parent
        }
    }

    fn cascade(&mut self, element: &ElementRef<'_>) -> Result<Winners, ParseError> {
        let mut winners = Winners::default();
        if let Some(style) = element.value().attr("style") {
            for declaration in css::inline(style) {
                winners.consider(declaration, Origin::Attribute);
            }
        }
        if self.rules.all.is_empty() {
            return Ok(winners);
        }
        let candidates = self.candidates(element);
        self.comparisons += candidates.len();
        if self.comparisons > MAX_COMPARISONS {
            return Err(ParseError::TooLarge);
        }
        let mut context = MatchingContext::new(
            MatchingMode::Normal,
            None,
            &mut self.caches,
            self.mode,
            NeedsSelectorFlags::No,
            MatchingForInvalidation::No,
        );
        for rule in candidates
            .into_iter()
            .filter_map(|at| self.rules.all.get(at))
        {
            if matches_selector(&rule.selector, 0, None, element, &mut context) {
                for declaration in &rule.declarations {
                    winners.consider(*declaration, Origin::of(rule));
                }
            }
        }
        Ok(winners)
    }

    fn candidates(&self, element: &ElementRef<'_>) -> Vec<usize> {
        let element = element.value();
        let id = element.id().map(|id| Key::Id(id.to_lowercase()));
        let classes = element
            .classes()
            .map(|class| Key::Class(class.to_lowercase()));
        let name = Key::Element(element.name().to_lowercase());
        let mut candidates = self.of_all.clone();
        for key in classes.chain(id).chain([name]) {
            candidates.extend(self.by_name.get(&key).into_iter().flatten());
        }
        candidates
    }
}

fn is_styled_elsewhere(html: &Html) -> bool {
    let Ok(link) = Selector::parse("link[rel~=stylesheet]") else {
        return true;
    };
    html.select(&link).next().is_some()
}

/// Whether a style sheet applies to screens and to a type that browsers read.
fn applies(style: &ElementRef<'_>) -> bool {
    let element = style.value();
    let is_css = element
        .attr("type")
        .is_none_or(|kind| kind.trim().is_empty() || kind.trim().eq_ignore_ascii_case("text/css"));
    let inert = style
        .ancestors()
        .filter_map(ElementRef::wrap)
        .any(|above| above.value().name() == "template");
    is_css
        && !inert
        && element
            .attr("media")
            .is_none_or(css_media::attribute_matches)
}

/// The rarest property that the element itself must have.
fn key(rule: &Rule) -> Option<Key> {
    let mut key = None;
    for component in rule.selector.iter() {
        match component {
            Component::ID(id) => return Some(Key::Id(id.0.to_lowercase())),
            Component::Class(class) => key = Some(Key::Class(class.0.to_lowercase())),
            Component::LocalName(name) if key.is_none() => {
                key = Some(Key::Element(name.lower_name.0.to_lowercase()));
            }
            _ => {}
        }
    }
    key
}

/// The origin of a declaration; the greater one wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Sheet {
        layer: usize,
        specificity: u32,
        order: usize,
    },
    Attribute,
}

impl Origin {
    fn of(rule: &Rule) -> Self {
        Self::Sheet {
            layer: rule.layer,
            specificity: rule.selector.specificity(),
            order: rule.order,
        }
    }

    /// Reverses the order of layers for important declarations.
    fn important(self) -> Self {
        match self {
            Self::Sheet {
                layer,
                specificity,
                order,
            } => Self::Sheet {
                layer: usize::MAX - layer,
                specificity,
                order,
            },
            Self::Attribute => self,
        }
    }
}

/// The winning declaration so far, for each property.
#[derive(Default)]
struct Winners([Option<(bool, Origin, Effect)>; Property::COUNT]);

impl Winners {
    fn consider(&mut self, new: Declaration, origin: Origin) {
        let origin = if new.important {
            origin.important()
        } else {
            origin
        };
        if let Some(winner) = self.0.get_mut(new.property as usize)
            && winner
                .is_none_or(|(important, before, _)| (new.important, origin) >= (important, before))
        {
            *winner = Some((new.important, origin, new.effect));
        }
    }

    fn hide(&self, property: Property) -> bool {
        self.effect(property) == Some(Effect::Hides)
    }

    /// Whether the box of the element, with all that is in it, is not on the page.
    fn remove(&self) -> bool {
        use Property as P;
        let any = |properties: &[P]| properties.iter().any(|property| self.hide(*property));
        any(&[
            P::Display,
            P::Opacity,
            P::ContentVisibility,
            P::MarginLeft,
            P::MarginTop,
            P::Transform,
            P::ClipPath,
        ]) || (self.hide(P::Position) && any(&[P::Top, P::Right, P::Bottom, P::Left, P::Clip]))
            || (self.hide(P::Overflow) && any(&[P::Width, P::Height, P::MaxWidth, P::MaxHeight]))
    }

    fn effect(&self, property: Property) -> Option<Effect> {
        self.0
            .get(property as usize)
            .copied()
            .flatten()
            .map(|(_, _, effect)| effect)
    }
}
