//! Follows each path to the file that defines what it names, and finds circles of files.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, Mention, Module};

/// An import, or a path that does an import's work.
pub struct Import {
    /// The modules on both sides; an item's is the one that defines it.
    pub from: usize,
    pub to: usize,
    /// The deepest module that the path itself names, before any re-export is followed.
    pub named: Option<usize>,
    pub line: usize,
    pub written: String,
    pub test: bool,
    /// The path ends at a module; what is used of it stands in other paths.
    pub only_module: bool,
}

pub struct Graph {
    pub modules: Vec<Module>,
    pub imports: Vec<Import>,
}

/// The target of a path.
#[derive(Clone, Copy)]
enum Place {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

impl Graph {
    /// `read` gives a file's text by its path below `src/`.
    pub fn read(read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut graph = Self {
            modules: source::modules(read),
            imports: Vec::new(),
        };
        let mut imports = Vec::new();
        for (module, found) in graph.modules.iter().enumerate() {
            for mention in &found.mentions {
                imports.extend(graph.import(module, mention));
            }
        }
        graph.imports = imports;
        graph
    }

    fn import(&self, from: usize, mention: &Mention) -> Option<Import> {
        let place = self.resolve(from, &mention.path, &mut Vec::new())?;
        let (to, only_module) = match place {
            Place::Module(module) => (module, !mention.glob),
            Place::Item(module) => (module, false),
        };
        Some(Import {
            from,
            to,
            named: self.named(from, &mention.path),
            line: mention.line,
            written: mention.path.join("::"),
            test: mention.test || self.modules[to].test,
            only_module,
        })
    }

    /// The module that a path starts from, if its first name says so, and the names after it.
    fn start<'p>(&self, from: usize, path: &'p [String]) -> Option<(usize, &'p [String])> {
        let mut at = match path.first()?.as_str() {
            "crate" => 0,
            "self" => from,
            "super" => self.modules[from].parent,
            _ => return None,
        };
        let mut rest = &path[1..];
        while rest.first().is_some_and(|name| name == "super") {
            at = self.modules[at].parent;
            rest = &rest[1..];
        }
        Some((at, rest))
    }

    fn named(&self, from: usize, path: &[String]) -> Option<usize> {
        let (mut at, rest) = match self.start(from, path) {
            Some(found) => found,
            None => (*self.modules[from].children.get(&path[0])?, &path[1..]),
        };
        for name in rest {
            match self.modules[at].children.get(name) {
                Some(child) => at = *child,
                None => break,
            }
        }
        Some(at)
    }

    /// Where a path written in `from` leads; `None` if that is another crate. `seen` holds the
    /// names that are being looked up already.
    fn resolve(
        &self,
        from: usize,
        path: &[String],
        seen: &mut Vec<(usize, String)>,
    ) -> Option<Place> {
        let (mut place, rest) = match self.start(from, path) {
            Some((module, rest)) => (Place::Module(module), rest),
            None => (
                self.look_up(from, path.first()?, path.len() == 1, seen)?,
                &path[1..],
            ),
        };
        for (index, name) in rest.iter().enumerate() {
            let Place::Module(module) = place else {
                break;
            };
            let last = index + 1 == rest.len();
            // A name without an item or import comes from a macro of that module.
            place = self
                .look_up(module, name, last, seen)
                .unwrap_or(Place::Item(module));
        }
        Some(place)
    }

    /// Returns the meaning of a name in a module. At a path's end an item goes before a module.
    fn look_up(
        &self,
        at: usize,
        name: &str,
        last: bool,
        seen: &mut Vec<(usize, String)>,
    ) -> Option<Place> {
        let module = &self.modules[at];
        let item = module.items.contains(name).then_some(Place::Item(at));
        let child = module.children.get(name).map(|child| Place::Module(*child));
        if let Some(found) = if last { item.or(child) } else { child.or(item) } {
            return Some(found);
        }
        let key = (at, name.to_owned());
        if seen.contains(&key) {
            return None;
        }
        seen.push(key);
        let found = match module.aliases.get(name) {
            Some(path) => self.resolve(at, path, seen),
            None => module
                .globs
                .iter()
                .find_map(|path| match self.resolve(at, path, seen)? {
                    Place::Module(other) => self.look_up(other, name, last, seen),
                    Place::Item(_) => None,
                }),
        };
        seen.pop();
        found
    }

    pub fn file(&self, module: usize) -> &str {
        &self.modules[module].file
    }

    /// The circles of files in the product's own code, each as the imports that make it.
    pub fn circles(&self) -> Vec<Vec<&Import>> {
        let imports: Vec<&Import> = self
            .imports
            .iter()
            .filter(|import| !import.test && !import.only_module)
            .filter(|import| self.file(import.from) != self.file(import.to))
            .collect();
        let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for import in &imports {
            next.entry(self.file(import.from))
                .or_default()
                .insert(self.file(import.to));
        }
        let reached: BTreeMap<&str, BTreeSet<&str>> = next
            .keys()
            .map(|file| (*file, reach(&next, file)))
            .collect();
        let mut circles: BTreeMap<BTreeSet<&str>, Vec<&Import>> = BTreeMap::new();
        for import in imports {
            let (from, to) = (self.file(import.from), self.file(import.to));
            if reached.get(to).is_some_and(|files| files.contains(from)) {
                let circle = reached[from]
                    .iter()
                    .filter(|file| reached.get(*file).is_some_and(|back| back.contains(from)))
                    .copied()
                    .collect();
                circles.entry(circle).or_default().push(import);
            }
        }
        circles.into_values().collect()
    }

    /// Such as "src/a.rs:3 imports `crate::b::C` of src/b.rs".
    pub fn line(&self, import: &Import) -> String {
        self.lines(&[import])
    }

    /// A line for each pair of files, whatever one of them imports of the other.
    pub fn lines(&self, imports: &[&Import]) -> String {
        let mut pairs: BTreeMap<(&str, &str), (usize, Vec<String>)> = BTreeMap::new();
        for import in imports {
            let pair = (self.file(import.from), self.file(import.to));
            let (_, written) = pairs.entry(pair).or_insert((import.line, Vec::new()));
            let path = format!("`{}`", import.written);
            if !written.contains(&path) {
                written.push(path);
            }
        }
        let lines: Vec<String> = pairs
            .into_iter()
            .map(|((from, to), (line, written))| {
                format!(
                    "src/{from}:{line} imports {} of src/{to}",
                    written.join(", ")
                )
            })
            .collect();
        lines.join("\n  ")
    }
}

/// Every file that one file needs, directly or through others.
fn reach<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for other in next.get(file).into_iter().flatten() {
            if found.insert(*other) {
                open.push(other);
            }
        }
    }
    found
}
