//! Reads a tree of Rust files into modules: what each defines, imports and names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, Meta, UseTree};

/// A module: a file, or a `mod name { … }` inside one.
#[derive(Default)]
pub struct Module {
    /// `["orchestrator", "turn"]`; empty for `lib.rs`.
    pub path: Vec<String>,
    /// Relative to `src/`.
    pub file: String,
    pub parent: usize,
    /// Only compiled for tests.
    pub test: bool,
    pub children: BTreeMap<String, usize>,
    /// The definitions of this module.
    pub items: BTreeSet<String>,
    /// Names that `use` brings in, with the path each stands for.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// The paths of `use path::*`.
    pub globs: Vec<Vec<String>>,
    pub mentions: Vec<Mention>,
}

/// A path in the form that the source has, in a `use` or anywhere else.
pub struct Mention {
    pub path: Vec<String>,
    pub line: usize,
    /// `use path::*`.
    pub glob: bool,
    pub test: bool,
}

/// Every module below `lib.rs`, which comes first. `read` gives a file's text by its path.
pub fn modules(read: &dyn Fn(&str) -> Option<String>) -> Vec<Module> {
    let mut tree = vec![Module {
        file: "lib.rs".into(),
        ..Module::default()
    }];
    load(&mut tree, 0, "", read);
    tree
}

/// Reads a module's file; its children lie in `directory` (empty, or with a slash at its end).
fn load(
    tree: &mut Vec<Module>,
    module: usize,
    directory: &str,
    read: &dyn Fn(&str) -> Option<String>,
) {
    let name = tree[module].file.clone();
    let source = read(&name).unwrap_or_else(|| panic!("{name} cannot be read"));
    let file = syn::parse_file(&source).unwrap_or_else(|error| panic!("{name}: {error}"));
    let test = tree[module].test;
    let mut reader = Reader {
        tree,
        module,
        directory: directory.to_owned(),
        test,
        read,
    };
    reader.items(&file.items);
}

struct Reader<'a> {
    tree: &'a mut Vec<Module>,
    module: usize,
    directory: String,
    test: bool,
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            if let Some(name) = defined(item) {
                let name = name.to_string();
                self.tree[self.module].items.insert(name);
            }
            self.visit_item(item);
        }
    }

    /// Adds a child and reads it, wherever its text stands.
    fn child(&mut self, name: &str, content: Option<&[Item]>) {
        let mut path = self.tree[self.module].path.clone();
        path.push(name.to_owned());
        let directory = format!("{}{name}/", self.directory);
        let file = if content.is_some() {
            self.tree[self.module].file.clone()
        } else {
            let own = format!("{}{name}.rs", self.directory);
            if (self.read)(&own).is_some() {
                own
            } else {
                format!("{directory}mod.rs")
            }
        };
        let child = self.tree.len();
        self.tree.push(Module {
            path,
            file,
            parent: self.module,
            test: self.test,
            ..Module::default()
        });
        self.tree[self.module]
            .children
            .insert(name.to_owned(), child);
        let Some(items) = content else {
            load(self.tree, child, &directory, self.read);
            return;
        };
        let mut reader = Reader {
            tree: self.tree,
            module: child,
            directory,
            test: self.test,
            read: self.read,
        };
        reader.items(items);
    }

    fn mention(&mut self, path: Vec<String>, at: Span, glob: bool) {
        let mention = Mention {
            path,
            line: at.start().line,
            glob,
            test: self.test,
        };
        self.tree[self.module].mentions.push(mention);
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree) {
        let joined = |name: &Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&joined(&path.ident), &path.tree),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree);
                }
            }
            UseTree::Glob(glob) => {
                self.tree[self.module].globs.push(prefix.to_vec());
                self.mention(prefix.to_vec(), glob.star_token.spans[0], true);
            }
            UseTree::Name(name) => self.bring_in(joined(&name.ident), None, name.ident.span()),
            UseTree::Rename(name) => {
                let path = joined(&name.ident);
                self.bring_in(path, Some(name.rename.to_string()), name.ident.span());
            }
        }
    }

    fn bring_in(&mut self, mut path: Vec<String>, renamed: Option<String>, at: Span) {
        // `use a::b::{self}` brings in `b`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = renamed.or_else(|| path.last().cloned()).unwrap_or_default();
        self.tree[self.module].aliases.insert(name, path.clone());
        self.mention(path, at, false);
    }

    /// Notes the paths in what syn leaves unparsed: the insides of macros and attributes.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut start = Span::call_site();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.written(&mut path, start);
                        start = ident.span();
                    }
                    // `::name` alone is another crate's.
                    if colons != 2 || !path.is_empty() {
                        path.push(ident.to_string());
                    }
                    colons = 0;
                }
                other => {
                    self.written(&mut path, start);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.written(&mut path, start);
    }

    /// Notes a path of two names or more; a single one is imported elsewhere or defined here.
    fn written(&mut self, path: &mut Vec<String>, at: Span) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mention(path, at, false);
        }
    }

    fn within(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outer = self.test;
        self.test = outer || attributes.iter().any(is_for_tests);
        visit(self);
        self.test = outer;
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let content = item.content.as_ref().map(|(_, items)| items.as_slice());
        self.within(&item.attrs, |reader| {
            reader.child(&item.ident.to_string(), content);
        });
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.within(&item.attrs, |reader| reader.import(&[], &item.tree));
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(&item.attrs, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.within(&item.attrs, |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.attrs, |reader| {
            visit::visit_impl_item_fn(reader, item);
        });
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let names = path.segments.iter().map(|name| name.ident.to_string());
            self.mention(names.collect(), path.segments[0].ident.span(), false);
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` says who may see an item; it uses nothing of that module.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

/// `#[cfg(test)]`, or a condition that asks for tests among others.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let condition = list.tokens.to_string();
    list.path.is_ident("cfg")
        && !condition.contains("not")
        && condition
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "test")
}

/// The name that an item gives its module.
fn defined(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}
