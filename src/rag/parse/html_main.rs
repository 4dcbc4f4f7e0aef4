//! Tells the text of a page from what surrounds it: navigation, cookie banners, share bars, footers.
//!
//! Elements and roles decide first, then names and the share of the words that are links. Warnings
//! and asides are parts of the text. A page that would have no text without its links keeps them.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::node::Element;
use scraper::{ElementRef, Html, Node};

/// A page with fewer words may be a list of links.
const FEW_WORDS: usize = 25;
/// A page with fewer words is none.
const NO_WORDS: usize = 3;
/// A banner, a bar or a form that is longer is a part of the text.
const MAX_BANNER_WORDS: usize = 250;
const MAX_BAR_WORDS: usize = 60;
const MAX_FORM_WORDS: usize = 30;
/// The words of a list of links that are no links are fewer than one in so many.
const FEW_UNLINKED: usize = 4;
/// The fewest links of a menu, and the most words of each.
const MENU_LINKS: usize = 3;
const MENU_LINK_WORDS: usize = 6;

/// The names of banners that ask for consent to cookies. "consent" alone may be about an operation.
const CONSENT: [&str; 6] = [
    "cookie",
    "cookies",
    "gdpr",
    "cookiebanner",
    "cookieconsent",
    "onetrust",
];
/// The names of bars of links.
const BARS: [&str; 16] = [
    "share",
    "sharing",
    "social",
    "breadcrumb",
    "breadcrumbs",
    "pagination",
    "pager",
    "menu",
    "nav",
    "navbar",
    "navigation",
    "toolbar",
    "skip",
    "skiplink",
    "related",
    "tags",
];

/// The surroundings of a page's text.
pub(super) struct Surroundings(HashSet<NodeId>);

/// How certain it is that an element surrounds the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// The page says so.
    Declared,
    /// It looks like it.
    Likely,
}

/// The content of an element.
#[derive(Clone, Copy, Default)]
struct Content {
    words: usize,
    linked: usize,
    links: usize,
    fields: usize,
    /// Whether it holds the page's main heading or its text.
    is_main: bool,
}

impl Surroundings {
    pub(super) fn of(html: &Html) -> Self {
        let contents = measure(html);
        let mut found: Vec<(NodeId, Certainty, usize)> = Vec::new();
        let mut within = Vec::new();
        let mut skipped: Option<NodeId> = None;
        let mut total = 0;
        for edge in html.tree.root().traverse() {
            match edge {
                Edge::Open(node) => {
                    let (Node::Element(element), None) = (node.value(), skipped) else {
                        continue;
                    };
                    let content = contents.get(&node.id()).copied().unwrap_or_default();
                    if element.name() == "body" {
                        total = content.words;
                    }
                    if let Some(certainty) = surrounds(element, content, &within) {
                        found.push((node.id(), certainty, content.words));
                        skipped = Some(node.id());
                    } else if is_text(element) {
                        within.push(node.id());
                    }
                }
                Edge::Close(node) => {
                    if skipped == Some(node.id()) {
                        skipped = None;
                    } else if within.last() == Some(&node.id()) {
                        within.pop();
                    }
                }
            }
        }
        let without = |found: &[(NodeId, Certainty, usize)]| {
            total.saturating_sub(found.iter().map(|(_, _, words)| words).sum())
        };
        if without(&found) < FEW_WORDS {
            found.retain(|(_, certainty, _)| *certainty == Certainty::Declared);
        }
        if without(&found) < NO_WORDS {
            found.clear();
        }
        Self(found.into_iter().map(|(id, _, _)| id).collect())
    }

    pub(super) fn contain(&self, id: NodeId) -> bool {
        self.0.contains(&id)
    }
}

/// Measures every element in one pass.
fn measure(html: &Html) -> HashMap<NodeId, Content> {
    let mut contents = HashMap::new();
    let mut open: Vec<Content> = vec![Content::default()];
    let mut links = 0_usize;
    let mut unread = 0_usize;
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    links += usize::from(element.name() == "a");
                    unread += usize::from(is_unread(element));
                    open.push(Content::default());
                }
                Node::Text(text) if unread == 0 => {
                    let is_word = |word: &&str| word.contains(char::is_alphanumeric);
                    let words = text.split_whitespace().filter(is_word).count();
                    if let Some(content) = open.last_mut() {
                        content.words += words;
                        content.linked += if links > 0 { words } else { 0 };
                    }
                }
                _ => {}
            },
            Edge::Close(node) => {
                let Node::Element(element) = node.value() else {
                    continue;
                };
                links = links.saturating_sub(usize::from(element.name() == "a"));
                unread = unread.saturating_sub(usize::from(is_unread(element)));
                let Some(mut content) = open.pop() else {
                    continue;
                };
                content.links += usize::from(element.name() == "a" && content.words > 0);
                content.fields += usize::from(matches!(element.name(), "input" | "textarea"));
                content.is_main |= matches!(element.name(), "h1" | "main" | "article")
                    || element.attr("role") == Some("main");
                if let Some(above) = open.last_mut() {
                    above.words += content.words;
                    above.linked += content.linked;
                    above.links += content.links;
                    above.fields += content.fields;
                    above.is_main |= content.is_main;
                }
                contents.insert(node.id(), content);
            }
        }
    }
    contents
}

fn is_unread(element: &Element) -> bool {
    matches!(
        element.name(),
        "script" | "style" | "template" | "noscript" | "svg" | "select" | "button" | "iframe"
    )
}

/// Whether the element is the page's text or a part of it with a heading of its own.
fn is_text(element: &Element) -> bool {
    matches!(
        element.name(),
        "main" | "article" | "section" | "blockquote"
    ) || matches!(element.attr("role"), Some("main" | "article"))
}

fn surrounds(element: &Element, content: Content, within: &[NodeId]) -> Option<Certainty> {
    let name = element.name();
    let role = element.attr("role").map(str::trim).unwrap_or_default();
    let is_inside = !within.is_empty();
    if matches!(name, "html" | "head" | "body" | "main") || content.words == 0 {
        return None;
    }
    if name == "nav" || matches!(role, "navigation" | "search") {
        return Some(Certainty::Declared);
    }
    if !is_inside && name == "footer" {
        return Some(Certainty::Declared);
    }
    if content.is_main && name != "article" {
        return None;
    }
    if !is_inside && role == "contentinfo" {
        return Some(Certainty::Declared);
    }
    let named = |names: &[&str]| is_named(element, names);
    let asks_consent = content.words <= MAX_BANNER_WORDS
        && (named(&CONSENT) || matches!(role, "dialog" | "alertdialog"));
    if asks_consent {
        return Some(Certainty::Declared);
    }
    let is_linked = content.links > 0
        && (content.words - content.linked.min(content.words)) * FEW_UNLINKED <= content.words;
    let is_bar = content.words <= MAX_BAR_WORDS && is_linked && named(&BARS);
    let is_outer = !is_inside
        && content.words <= MAX_BANNER_WORDS
        && (named(&["footer", "colophon", "copyright"])
            || name == "header"
            || (role == "banner" && is_linked));
    let is_menu = !is_inside
        && is_linked
        && matches!(name, "ul" | "ol" | "div" | "aside" | "header" | "td" | "p")
        && content.links >= MENU_LINKS
        && content.linked <= content.links * MENU_LINK_WORDS;
    let is_form = name == "form" && content.fields > 0 && content.words <= MAX_FORM_WORDS;
    (is_bar || is_outer || is_menu || is_form).then_some(Certainty::Likely)
}

/// Whether a part of the id or of a class is one of these words.
fn is_named(element: &Element, names: &[&str]) -> bool {
    let attributes = ["id", "class"].into_iter();
    attributes
        .filter_map(|name| element.attr(name))
        .flat_map(|value| value.split(|c: char| !c.is_ascii_alphanumeric()))
        .any(|part| names.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

/// Counts the words of an element that is not shown, without code.
pub(super) fn words_in(element: &ElementRef<'_>) -> usize {
    let is_code = |name: &str| matches!(name, "script" | "style" | "template" | "noscript");
    let texts = element.descendants().filter_map(|node| {
        let text = node.value().as_text()?;
        let above = node.parent().and_then(ElementRef::wrap)?;
        (!is_code(above.value().name())).then_some(text)
    });
    texts.map(|text| text.split_whitespace().count()).sum()
}

/// Whether an element that is hidden from screen readers only decorates the page: a sign, or a
/// block of a few words without figures. A word in a sentence may turn its meaning.
pub(super) fn is_decoration(element: &ElementRef<'_>) -> bool {
    const FEW: usize = 3;
    if element.value().attr("aria-hidden") != Some("true") {
        return false;
    }
    let mut signs = true;
    let mut words = 0;
    for text in element.text() {
        if text.contains(|c: char| c.is_ascii_digit()) {
            return false;
        }
        signs &= !text.contains(char::is_alphanumeric);
        words += text.split_whitespace().count();
        if words > FEW {
            return false;
        }
    }
    let is_block = matches!(
        element.value().name(),
        "p" | "div" | "li" | "section" | "aside" | "header" | "footer" | "figure"
    );
    signs || is_block
}
