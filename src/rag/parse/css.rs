//! The part of CSS that decides whether text is visible: the rules of a style sheet that hide or
//! show.

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, ParseError, Parser, ParserState,
    QualifiedRuleParser, RuleBodyItemParser, RuleBodyParser, StyleSheetParser, Token,
    parse_important,
};
use scraper::selector::{Parser as SelectorParser, Simple};
use selectors::parser::{ParseRelative, Selector, SelectorList};

use super::css_media;
use super::css_property::{Effect, Property};
use super::css_values;

/// The most selectors with a relevant property, over all sheets of a page.
const MAX_RULES: usize = 20_000;
/// The most bytes of one selector after nested rules are expanded, since each may double it.
const MAX_SELECTOR_BYTES: usize = 4_096;

/// One relevant declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration {
    pub(super) property: Property,
    pub(super) effect: Effect,
    pub(super) important: bool,
}

/// A selector with its declarations.
pub(super) struct Rule {
    pub(super) selector: Selector<Simple>,
    pub(super) declarations: Vec<Declaration>,
    /// The greater layer wins among normal declarations, the smaller one among important ones.
    pub(super) layer: usize,
    /// The later declaration wins among equals.
    pub(super) order: usize,
}

/// The rules of all sheets of a page.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    layers: Vec<String>,
    blocks: usize,
    /// Set when rules were dropped because there were too many.
    pub(super) too_many: bool,
}

/// Declarations outside every layer win over those inside one.
const NO_LAYER: usize = usize::MAX;

impl Rules {
    /// Adds a style sheet in the form that applies on a screen.
    pub(super) fn add_sheet(&mut self, sheet: &str) {
        let mut input = Parser::new(sheet);
        let mut reader = SheetReader::new(self, false);
        // A rule that cannot be parsed does not apply; browsers do the same.
        StyleSheetParser::new(&mut input, &mut reader).for_each(drop);
    }

    fn add(&mut self, selector: &str, declarations: &[Declaration], layer: usize, order: usize) {
        if self.all.len() >= MAX_RULES || selector.len() > MAX_SELECTOR_BYTES {
            self.too_many = true;
            return;
        }
        let mut input = Parser::new(selector);
        // Selectors that depend on a pointer or on generated boxes, such as `:hover`, are unknown
        // to this parser and do not apply.
        let Ok(list) = SelectorList::parse(&SelectorParser, &mut input, ParseRelative::No) else {
            return;
        };
        for selector in list.slice() {
            self.all.push(Rule {
                selector: selector.clone(),
                declarations: declarations.to_vec(),
                layer,
                order,
            });
        }
    }

    fn layer(&mut self, name: String) -> usize {
        if let Some(at) = self.layers.iter().position(|known| *known == name) {
            return at;
        }
        if self.layers.len() < MAX_RULES / 10 {
            self.layers.push(name);
        } else {
            self.too_many = true;
        }
        self.layers.len() - 1
    }
}

/// Parses the declarations of a `style` attribute.
pub(super) fn inline(style: &str) -> Vec<Declaration> {
    let mut unused = Rules::default();
    let mut reader = SheetReader::new(&mut unused, true);
    let mut input = Parser::new(style);
    reader.read_body(&mut input);
    reader.declarations
}

struct SheetReader<'a> {
    rules: &'a mut Rules,
    /// A `style` attribute: declarations only.
    inline: bool,
    /// The selectors of the open block.
    selectors: Vec<String>,
    declarations: Vec<Declaration>,
    layer: Vec<String>,
}

/// The blocks with conditions or a layer whose content is read.
enum AtRule {
    Applies,
    Layer(Vec<String>),
}

type Failure = ParseError<()>;

impl<'a> SheetReader<'a> {
    fn new(rules: &'a mut Rules, inline: bool) -> Self {
        Self {
            rules,
            inline,
            selectors: Vec::new(),
            declarations: Vec::new(),
            layer: Vec::new(),
        }
    }

    fn read_body(&mut self, input: &mut Parser<'_>) {
        RuleBodyParser::new(input, self).for_each(drop);
    }

    /// Expands the selectors of a nested block, as if it stood on its own.
    fn unnested(&self, selectors: Vec<String>) -> Vec<String> {
        if self.selectors.is_empty() {
            return selectors;
        }
        let parent = format!(":is({})", self.selectors.join(","));
        let unnest = |own: String| {
            let places = own.matches('&').count();
            if own.len() + places * parent.len() > MAX_SELECTOR_BYTES {
                // The selector is too long to keep; `add` records this.
                " ".repeat(MAX_SELECTOR_BYTES + 1)
            } else if places > 0 {
                own.replace('&', &parent)
            } else {
                format!("{parent} {own}")
            }
        };
        selectors.into_iter().map(unnest).collect()
    }
}

impl<'i> QualifiedRuleParser<'i> for SheetReader<'_> {
    type Prelude = Vec<String>;
    type QualifiedRule = ();
    type Error = ();

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<Vec<String>, Failure> {
        input.parse_comma_separated(|input| {
            let start = input.position();
            while input.next().is_ok() {}
            Ok(input.slice_from(start).trim().to_owned())
        })
    }

    fn parse_block(
        &mut self,
        selectors: Vec<String>,
        _start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), Failure> {
        let selectors = self.unnested(selectors);
        let outer = (
            std::mem::replace(&mut self.selectors, selectors),
            std::mem::take(&mut self.declarations),
        );
        self.rules.blocks += 1;
        let order = self.rules.blocks;
        self.read_body(input);
        let selectors = std::mem::replace(&mut self.selectors, outer.0);
        let declarations = std::mem::replace(&mut self.declarations, outer.1);
        if declarations.is_empty() {
            return Ok(());
        }
        let layer = match self.layer.as_slice() {
            [] => NO_LAYER,
            names => self.rules.layer(names.join(".")),
        };
        for selector in selectors {
            self.rules.add(&selector, &declarations, layer, order);
        }
        Ok(())
    }
}

impl<'i> AtRuleParser<'i> for SheetReader<'_> {
    type Prelude = AtRule;
    type AtRule = ();
    type Error = ();

    fn parse_prelude(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
    ) -> Result<AtRule, Failure> {
        let applies = match name.to_ascii_lowercase().as_str() {
            "media" => css_media::matches(input),
            // Current browsers support nearly everything that a sheet asks for.
            "supports" => input.try_parse(|i| i.expect_ident_matching("not")).is_err(),
            "layer" => return Ok(AtRule::Layer(layer_names(input))),
            _ => false,
        };
        while input.next().is_ok() {}
        if applies {
            Ok(AtRule::Applies)
        } else {
            Err(ParseError::unexpected_token())
        }
    }

    /// `@layer a, b;` fixes an order.
    fn rule_without_block(&mut self, prelude: AtRule, _start: &ParserState) -> Result<(), ()> {
        if let AtRule::Layer(names) = prelude {
            for name in names {
                let path = [self.layer.clone(), vec![name]].concat();
                self.rules.layer(path.join("."));
            }
        }
        Ok(())
    }

    fn parse_block(
        &mut self,
        prelude: AtRule,
        _start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), Failure> {
        let depth = self.layer.len();
        if let AtRule::Layer(names) = prelude {
            let anonymous = || format!("({})", self.rules.blocks);
            let name = names.into_iter().next().unwrap_or_else(anonymous);
            self.layer.push(name);
            self.rules.blocks += 1;
        }
        self.read_body(input);
        self.layer.truncate(depth);
        Ok(())
    }
}

fn layer_names(input: &mut Parser<'_>) -> Vec<String> {
    let names = input.parse_comma_separated(|input| -> Result<String, Failure> {
        let start = input.position();
        input.expect_ident()?;
        while input.next().is_ok() {}
        Ok(input.slice_from(start).trim().to_owned())
    });
    names.unwrap_or_default()
}

impl<'i> DeclarationParser<'i> for SheetReader<'_> {
    type Declaration = ();
    type Error = ();

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _start: &ParserState,
    ) -> Result<(), Failure> {
        let Some((property, effect)) = css_values::read(&name.to_ascii_lowercase(), input) else {
            return pass_by(input);
        };
        let mut important = false;
        while !input.is_exhausted() {
            important = input.try_parse(parse_important).is_ok();
            if !important && input.next().is_err() {
                break;
            }
        }
        let properties = property.longhands();
        self.declarations
            .extend(properties.iter().map(|property| Declaration {
                property: *property,
                effect,
                important,
            }));
        Ok(())
    }
}

impl RuleBodyItemParser<'_, (), ()> for SheetReader<'_> {
    fn parse_declarations(&self) -> bool {
        self.inline || !self.selectors.is_empty()
    }

    fn parse_qualified(&self) -> bool {
        !self.inline
    }
}

/// Skips any other property. A block in it means a nested rule, which looks alike: `a:hover {`.
fn pass_by(input: &mut Parser<'_>) -> Result<(), Failure> {
    while let Ok(token) = input.next() {
        if *token == Token::CurlyBracketBlock {
            return Err(ParseError::unexpected_token());
        }
    }
    Ok(())
}
