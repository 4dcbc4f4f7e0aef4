//! The rules seen to fail, on small invented sources.

use super::graph::Graph;
use super::order::{self, Order};
use super::{forbidden, unnamed};

/// A graph of files given as path and text.
fn graph(files: &[(&str, &str)]) -> Graph {
    Graph::read(&|path: &str| {
        let found = files.iter().find(|(name, _)| *name == path);
        found.map(|(_, text)| (*text).to_owned())
    })
}

/// The files that the imports of product code lead to, in the order of the lines.
fn leads_to(files: &[(&str, &str)], from: &str) -> Vec<String> {
    let graph = graph(files);
    graph
        .imports
        .iter()
        .filter(|import| graph.file(import.from) == from && !import.test && !import.only_module)
        .map(|import| graph.file(import.to).to_owned())
        .collect()
}

fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let graph = graph(files);
    let mut told = Vec::new();
    for imports in graph.circles() {
        told.push(imports.iter().map(|import| graph.line(import)).collect());
    }
    told
}

#[test]
fn a_child_that_imports_from_the_parent_that_imports_it_is_a_circle() {
    let files = [
        ("lib.rs", "mod bus;"),
        (
            "bus/mod.rs",
            "mod relay;\npub use relay::Relay;\npub struct Settings;",
        ),
        (
            "bus/relay.rs",
            "use super::Settings;\npub struct Relay(Settings);",
        ),
    ];
    assert_eq!(
        circles(&files),
        [[
            "src/bus/mod.rs:2 imports `relay::Relay` of src/bus/relay.rs",
            "src/bus/relay.rs:1 imports `super::Settings` of src/bus/mod.rs",
        ]]
    );
}

#[test]
fn a_shared_type_in_a_file_of_its_own_breaks_the_circle() {
    let files = [
        ("lib.rs", "mod bus;"),
        (
            "bus/mod.rs",
            "mod relay; mod settings; pub use relay::Relay; pub use settings::Settings;",
        ),
        (
            "bus/relay.rs",
            "use super::Settings; pub struct Relay(Settings);",
        ),
        ("bus/settings.rs", "pub struct Settings;"),
    ];
    assert!(circles(&files).is_empty());
    assert_eq!(leads_to(&files, "bus/relay.rs"), ["bus/settings.rs"]);
}

#[test]
fn a_bare_module_declaration_is_no_import() {
    let files = [
        ("lib.rs", "mod bus;"),
        ("bus.rs", "mod relay; pub struct Settings;"),
        ("bus/relay.rs", "use super::Settings;"),
    ];
    assert!(circles(&files).is_empty());
}

#[test]
fn a_circle_of_three_files_is_found_whole() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B; fn f() { crate::c::f(); }"),
        ("c.rs", "use super::{a::A, d::D}; pub fn f() {}"),
        ("d.rs", "pub struct D;"),
    ];
    let found = circles(&files);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].len(), 3, "without d.rs: {found:?}");
}

#[test]
fn re_exports_renames_and_globs_lead_to_the_definition() {
    let files = [
        ("lib.rs", "mod a; mod store;"),
        (
            "store/mod.rs",
            "mod error; mod pool; pub use error::*; pub use pool::Pool as Database;",
        ),
        ("store/error.rs", "pub enum DbError { Busy }"),
        ("store/pool.rs", "pub struct Pool;"),
        (
            "a.rs",
            "use crate::store::{self, DbError, Database};\nfn f() { store::Database::new(); }",
        ),
    ];
    assert_eq!(
        leads_to(&files, "a.rs"),
        ["store/error.rs", "store/pool.rs", "store/pool.rs"]
    );
}

#[test]
fn paths_in_bodies_types_macros_and_attributes_count() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
        (
            "a.rs",
            "fn f(x: crate::b::B) -> Vec<super::c::C> { log!(\"{}\", crate::d::LIMIT); }\n\
             #[arg(value_parser = crate::e::parse)] struct S;",
        ),
        ("b.rs", "pub struct B;"),
        ("c.rs", "pub struct C;"),
        ("d.rs", "pub const LIMIT: u8 = 1;"),
        ("e.rs", "pub fn parse() {}"),
    ];
    assert_eq!(leads_to(&files, "a.rs"), ["b.rs", "c.rs", "d.rs", "e.rs"]);
}

#[test]
fn tests_visibility_and_other_crates_make_no_circle() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use serde::b; use ::b::B; pub struct A;\n\
             pub(in crate::b) struct Seen;\n\
             #[cfg(test)] mod tests;\n\
             #[cfg(test)] mod inline { use crate::b::B; }",
        ),
        ("a/tests.rs", "use crate::b::B;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ];
    assert!(circles(&files).is_empty());
    assert!(leads_to(&files, "a.rs").is_empty());
}

#[test]
fn a_module_without_a_row_and_a_row_without_a_module_are_told() {
    let graph = graph(&[
        ("lib.rs", "mod cli; mod drawer;"),
        ("cli.rs", ""),
        ("drawer.rs", ""),
    ]);
    assert_eq!(
        unnamed(&graph, &[("gone", &[])]),
        [
            "`drawer` is not in ALLOWED: say there what it may import",
            "ALLOWED has a row for `gone`, which does not exist",
        ]
    );
}

#[test]
fn an_import_that_no_row_allows_is_told_even_in_a_group_or_a_test() {
    let graph = graph(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        (
            "a.rs",
            "use crate::{b::B, c::C};\n#[cfg(test)] mod tests { use crate::c; }",
        ),
        ("b.rs", "pub struct B;"),
        ("c.rs", "pub struct C;"),
    ]);
    assert_eq!(
        forbidden(&graph, &[("a", &["b"])]),
        [
            "`a` must not import `c`: src/a.rs:1 imports `crate::c::C` of src/c.rs",
            "`a` must not import `c`: src/a.rs:2 imports `crate::c` of src/c.rs",
        ]
    );
}

#[test]
fn imports_inside_a_role_go_down_only() {
    const ROLE: Order = Order {
        of: "role",
        rooms: &["handlers", "turn", "answer"],
        whole: &["handlers"],
        shared: &["question"],
    };
    let graph = graph(&[
        ("lib.rs", "mod role;"),
        (
            "role/mod.rs",
            "mod handlers; mod turn; mod answer; mod question; mod attic; pub struct Role(turn::T);",
        ),
        ("role/handlers.rs", "use super::{Role, turn::T};"),
        (
            "role/turn.rs",
            "use super::answer::A; use super::question::Q; pub struct T;",
        ),
        (
            "role/answer.rs",
            "use super::turn::T;\nuse crate::role::Role;\npub struct A;",
        ),
        ("role/question.rs", "use super::answer::A; pub struct Q;"),
        ("role/attic.rs", ""),
    ]);
    assert_eq!(
        order::against(&graph, &ROLE),
        [
            "`role::attic` has no place in the order",
            "`role::answer` must not import `turn`: \
             src/role/answer.rs:1 imports `super::turn::T` of src/role/turn.rs",
            "`role::answer` must not import `mod.rs`: \
             src/role/answer.rs:2 imports `crate::role::Role` of src/role/mod.rs",
            "`role::question` must not import `answer`: \
             src/role/question.rs:1 imports `super::answer::A` of src/role/answer.rs",
        ]
    );
}
