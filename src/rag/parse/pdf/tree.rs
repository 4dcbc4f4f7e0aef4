//! The pages that a file should have.

use std::collections::HashSet;

use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::dict::keys::{COUNT, KIDS, PAGES, TYPE};
use hayro_interpret::hayro_syntax::object::{Array, Dict, MaybeRef, Name, ObjectIdentifier};

const DEEPEST: usize = 64;

/// Returns an entry for each page of the page tree: whether its object can be read. The interpreter
/// leaves out the others, so that later pages would get the wrong number.
///
/// `found` is the number of pages that the interpreter has; the result has as many true entries.
pub(super) fn pages(pdf: &Pdf, found: usize, most: usize) -> Vec<bool> {
    let xref = pdf.xref();
    let root = xref
        .get::<Dict<'_>>(xref.root_id())
        .and_then(|root| root.get::<Dict<'_>>(PAGES));
    let mut walk = Walk {
        pdf,
        pages: Vec::new(),
        seen: HashSet::new(),
        most,
    };
    if let Some(root) = &root {
        walk.node(root, 0);
    }
    let mut pages = walk.pages;
    if pages.iter().filter(|is_whole| **is_whole).count() != found {
        pages = vec![true; found];
    }
    let stated = root
        .and_then(|root| root.get::<u32>(COUNT))
        .and_then(|count| usize::try_from(count).ok())
        .filter(|count| *count <= most);
    pages.resize(stated.unwrap_or(0).max(pages.len()), false);
    pages
}

struct Walk<'a> {
    pdf: &'a Pdf,
    pages: Vec<bool>,
    seen: HashSet<ObjectIdentifier>,
    most: usize,
}

impl Walk<'_> {
    fn node(&mut self, node: &Dict<'_>, depth: usize) {
        let Some(kids) = node.get::<Array<'_>>(KIDS) else {
            return;
        };
        for kid in kids.raw_iter() {
            if self.pages.len() >= self.most {
                return;
            }
            let dict = match kid {
                MaybeRef::Ref(id) => {
                    if !self.seen.insert(id.into()) {
                        continue;
                    }
                    self.pdf.xref().get::<Dict<'_>>(id.into())
                }
                MaybeRef::NotRef(object) => object.into_dict(),
            };
            match dict {
                None => self.pages.push(false),
                Some(dict) if dict.get::<Name<'_>>(TYPE).as_deref() == Some(PAGES) => {
                    if depth < DEEPEST {
                        self.node(&dict, depth + 1);
                    }
                }
                Some(_) => self.pages.push(true),
            }
        }
    }
}
