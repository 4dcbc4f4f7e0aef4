//! HTML: the visible text by block, without navigation and code.

use scraper::node::Element;
use scraper::{ElementRef, Node};

use super::builder::Builder;
use super::flow::Flow;
use super::html_main::{Surroundings, is_decoration, words_in};
use super::html_tree;
use super::html_visibility::{Seen, Visibility};
use super::shift::{Shift, shifted};
use super::table::{Cell, Table};
use super::{BlockKind, ParseError, ParseLimits, ParsedDocument, Warning};

pub(super) fn parse(text: &str, limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let Page { document, hidden } = read(text, limits)?;
    let warnings = Warning::of_hidden(hidden, TOLERATED_WORDS);
    Ok(ParsedDocument {
        warnings: warnings.into_iter().collect(),
        ..document?
    })
}

/// A page, or the reason why it has no text.
pub(super) struct Page {
    pub(super) document: Result<ParsedDocument, ParseError>,
    /// The number of words that nobody sees.
    pub(super) hidden: usize,
}

/// Walks the document without recursion, because the author controls the depth of nesting.
pub(super) fn read(text: &str, limits: &ParseLimits) -> Result<Page, ParseError> {
    let html = html_tree::build(text)?;
    let mut visibility = Visibility::of(&html)?;
    let surroundings = Surroundings::of(&html);
    let mut reader = HtmlReader {
        seen: Vec::new(),
        flow: Flow::new(Builder::new(limits)),
        inline: String::new(),
        lists: Vec::new(),
        prefix: None,
        preformatted: 0,
        shifts: Vec::new(),
        in_title: false,
        title: String::new(),
        hidden: 0,
    };
    let root = html.tree.root();
    let mut next = root.first_child();
    while let Some(node) = next {
        let goes_in = match ElementRef::wrap(node) {
            Some(element) => {
                let surrounds = surroundings.contain(node.id());
                reader.enter(&element, &mut visibility, surrounds)?
            }
            None => reader.enter_text(node.value()),
        };
        next = if goes_in { node.first_child() } else { None };
        if next.is_some() {
            continue;
        }
        let mut at = node;
        loop {
            reader.leave(at.value())?;
            if let Some(sibling) = at.next_sibling() {
                next = Some(sibling);
                break;
            }
            match at.parent() {
                Some(parent) if parent != root => at = parent,
                _ => break,
            }
        }
    }
    reader.flush(BlockKind::Paragraph)?;
    let title = Some(reader.title)
        .filter(|t| !t.trim().is_empty())
        .or_else(|| reader.flow.builder.first_heading());
    Ok(Page {
        document: reader.flow.builder.finish(title.as_deref()),
        hidden: reader.hidden,
    })
}

/// The effect of an element on the text around it.
enum Role {
    Skipped,
    Title,
    Heading(u8),
    Block,
    List(Option<u64>),
    Item,
    Table,
    Caption,
    Head,
    Row,
    Cell,
    Preformatted,
    Break,
    Inline,
}

fn role(element: &Element) -> Role {
    match element.name() {
        "script" | "style" | "noscript" | "template" | "svg" | "math" | "iframe" | "object"
        | "canvas" | "select" | "button" | "textarea" | "datalist" | "audio" | "video"
        | "noembed" | "noframes" | "rp" => Role::Skipped,
        "title" => Role::Title,
        "h1" => Role::Heading(1),
        "h2" => Role::Heading(2),
        "h3" => Role::Heading(3),
        "h4" => Role::Heading(4),
        "h5" => Role::Heading(5),
        "h6" => Role::Heading(6),
        "ol" => Role::List(Some(
            element
                .attr("start")
                .and_then(|s| s.trim().parse().ok())
                .unwrap_or(1),
        )),
        "ul" | "menu" => Role::List(None),
        "li" => Role::Item,
        "table" => Role::Table,
        "caption" => Role::Caption,
        "thead" => Role::Head,
        "tr" => Role::Row,
        "td" | "th" => Role::Cell,
        "pre" => Role::Preformatted,
        "br" => Role::Break,
        "p" | "div" | "nav" | "section" | "article" | "main" | "header" | "footer" | "aside"
        | "address" | "blockquote" | "figure" | "figcaption" | "dl" | "dt" | "dd" | "form"
        | "fieldset" | "legend" | "details" | "summary" | "hr" | "body" | "head" | "html"
        | "center" | "hgroup" | "dialog" => Role::Block,
        _ => Role::Inline,
    }
}

struct HtmlReader {
    /// The visibility of each open element.
    seen: Vec<Seen>,
    flow: Flow,
    inline: String,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    prefix: Option<String>,
    preformatted: usize,
    shifts: Vec<Shift>,
    in_title: bool,
    title: String,
    /// The number of words that nobody sees.
    hidden: usize,
}

/// A page hides a few labels for screen readers.
const TOLERATED_WORDS: usize = 4;

impl HtmlReader {
    /// Enters an element; returns whether to visit its children.
    fn enter(
        &mut self,
        element: &ElementRef<'_>,
        visibility: &mut Visibility,
        surrounds: bool,
    ) -> Result<bool, ParseError> {
        let parent = self.parent();
        let mut seen = visibility.seen(element, parent)?;
        if seen.removed && !surrounds {
            self.hidden += words_in(element);
        }
        seen.removed |= surrounds || is_decoration(element);
        self.seen.push(seen);
        if seen.removed {
            return Ok(false);
        }
        self.shifts
            .extend(Shift::of_element(element.value().name()));
        self.open(element.value())
    }

    /// Enters a node that is not an element; such nodes have no children.
    fn enter_text(&mut self, node: &Node) -> bool {
        if let Node::Text(text) = node {
            if self.parent().text() {
                self.text(text);
            } else {
                self.hidden += text.split_whitespace().count();
            }
        }
        false
    }

    fn parent(&self) -> Seen {
        self.seen.last().copied().unwrap_or(Seen::ALL)
    }

    fn text(&mut self, text: &str) {
        let text = &*shifted(self.shifts.last().copied(), text);
        if self.in_title {
            if self.title.len() < 4_096 {
                self.title.push_str(text);
            }
        } else if self.preformatted > 0 {
            self.inline.push_str(text);
        } else {
            // Line feeds in the source are white space; only <br> breaks a line.
            let spaced = text
                .chars()
                .map(|c| if c.is_whitespace() { ' ' } else { c });
            self.inline.extend(spaced);
        }
    }

    fn open(&mut self, element: &Element) -> Result<bool, ParseError> {
        match role(element) {
            Role::Skipped => return Ok(false),
            Role::Title => self.in_title = true,
            Role::Heading(_) => self.flush(self.kind())?,
            Role::Block => self.boundary()?,
            Role::List(first) => {
                self.boundary()?;
                self.lists.push(first);
            }
            Role::Item => {
                self.boundary()?;
                let prefix = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let prefix = format!("{number}. ");
                        *number = number.saturating_add(1);
                        prefix
                    }
                    _ => "- ".to_owned(),
                };
                self.prefix = Some(prefix);
            }
            Role::Table => {
                self.boundary()?;
                self.flow.open_table(Table {
                    is_layout: element
                        .attr("role")
                        .is_some_and(|role| matches!(role.trim(), "presentation" | "none")),
                    ..Table::default()
                });
            }
            Role::Caption => {
                self.boundary()?;
                self.flow.open_caption();
            }
            Role::Head => self.flow.set_head(true),
            Role::Row => {
                self.boundary()?;
                self.flow.open_row();
            }
            Role::Cell => {
                self.boundary()?;
                self.flow.open_cell(cell(element));
            }
            Role::Preformatted => {
                self.flush(self.kind())?;
                self.preformatted += 1;
            }
            Role::Break => self.inline.push('\n'),
            Role::Inline => {
                if element.name() == "img"
                    && self.parent().text()
                    && let Some(alt) = element.attr("alt")
                {
                    self.inline.push(' ');
                    self.inline.push_str(alt);
                    self.inline.push(' ');
                }
            }
        }
        Ok(true)
    }

    fn leave(&mut self, node: &Node) -> Result<(), ParseError> {
        let Node::Element(element) = node else {
            return Ok(());
        };
        if self.seen.pop().is_some_and(|seen| seen.removed) {
            return Ok(());
        }
        if Shift::of_element(element.name()).is_some() {
            self.shifts.pop();
        }
        match role(element) {
            Role::Title => self.in_title = false,
            Role::Heading(level) => self.flush(BlockKind::Heading(level))?,
            Role::Block => self.boundary()?,
            Role::List(_) => {
                self.boundary()?;
                self.lists.pop();
            }
            Role::Item => {
                self.boundary()?;
                self.prefix = None;
            }
            Role::Table => {
                self.boundary()?;
                self.flow.close_table()?;
            }
            Role::Caption => {
                self.boundary()?;
                self.flow.close_caption();
            }
            Role::Head => self.flow.set_head(false),
            Role::Row => {
                self.boundary()?;
                self.flow.close_row();
            }
            Role::Cell => {
                self.boundary()?;
                self.flow.close_cell();
            }
            Role::Preformatted => {
                self.preformatted = self.preformatted.saturating_sub(1);
                let content = std::mem::take(&mut self.inline);
                self.flow.push(BlockKind::Code, 0, &content)?;
            }
            Role::Skipped | Role::Break | Role::Inline => {}
        }
        Ok(())
    }

    fn kind(&self) -> BlockKind {
        if self.lists.is_empty() {
            BlockKind::Paragraph
        } else {
            BlockKind::ListItem
        }
    }

    /// Begins or ends a block.
    fn boundary(&mut self) -> Result<(), ParseError> {
        if self.preformatted > 0 {
            if !self.inline.is_empty() {
                self.inline.push('\n');
            }
            return Ok(());
        }
        self.flush(self.kind())
    }

    fn flush(&mut self, kind: BlockKind) -> Result<(), ParseError> {
        let content = std::mem::take(&mut self.inline);
        if content.trim().is_empty() {
            return Ok(());
        }
        let lists = self.lists.len();
        match self.prefix.take() {
            Some(prefix) if kind == BlockKind::ListItem => {
                self.flow.push(kind, lists, &format!("{prefix}{content}"))
            }
            _ => self.flow.push(kind, lists, &content),
        }
    }
}

/// Reads the spans of a cell. A header of a row names no column.
fn cell(element: &Element) -> Cell {
    let span = |name: &str| {
        let value = element.attr(name)?.trim();
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        value.get(..digits)?.parse::<usize>().ok()
    };
    let names_row = element
        .attr("scope")
        .is_some_and(|scope| scope.trim().to_ascii_lowercase().starts_with("row"));
    Cell {
        rows: span("rowspan").unwrap_or(1),
        columns: span("colspan").unwrap_or(1),
        is_header: element.name() == "th" && !names_row,
        ..Cell::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_text_by_block() {
        let doc = parse(
            "<html><head><title>Asthma &amp; you</title><style>x{}</style></head><body>\
             <nav>Home</nav><h1>Asthma</h1><p>Use  your\ninhaler<br>daily.</p><script>1</script>\
             <ol start=2><li>Shake<li>Breathe</ol><table><tr><th>Dose<th>Time<tr><td><p>1</p>\
             <td>8 am</table><pre>a\n  b</pre><div hidden>no</div>tail</body></html>",
            &ParseLimits::default(),
        )
        .unwrap();
        assert_eq!(doc.title.as_deref(), Some("Asthma & you"));
        assert_eq!(
            doc.text,
            "Asthma\n\nUse your inhaler\ndaily.\n\n2. Shake\n3. Breathe\n\nDose | Time\n1 | 8 am\n\n\
             a\n  b\n\ntail"
        );
    }
}
