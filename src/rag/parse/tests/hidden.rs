//! Pages with text that nobody sees.

use super::*;

/// The text of a page whose body also contains "Shown".
fn page(style: &str, body: &str) -> String {
    let html = format!(
        "<!doctype html><html><head><title>T</title><style>{style}</style></head><body>\
         {body}<p>Shown</p></body></html>"
    );
    parsed(MediaType::Html, html.as_bytes()).unwrap().text
}

fn check_hidden(cases: &[(&str, &str)]) {
    for (style, body) in cases {
        assert_eq!(page(style, body), "Shown", "{style} {body}");
    }
}

fn check_seen(cases: &[(&str, &str)]) {
    for (style, body) in cases {
        let text = page(style, body);
        assert!(text.contains("Wash"), "{style} {body}: {text}");
    }
}

#[test]
fn text_hidden_where_it_stands_is_not_read() {
    check_hidden(&[
        ("", "<p style='display:none'>Old: wash twice.</p>"),
        (
            "",
            "<p style='color:red; DISPLAY : None !important'>Old</p>",
        ),
        ("", "<div style='visibility:hidden'>Old <b>text</b></div>"),
        ("", "<p style='visibility:collapse'>Old</p>"),
        ("", "<p style='opacity:0'>Old</p>"),
        ("", "<p style='font-size:0'>Old</p>"),
        ("", "<p style='content-visibility:hidden'>Old</p>"),
        ("", "<p hidden>Old</p>"),
        ("", "<p hidden='until-found'>Old</p>"),
        ("", "<dialog>Old</dialog>"),
        ("", "<noscript>Old</noscript>"),
        ("", "<template><p>Old</p></template>"),
        ("", "<datalist><option>Old</option></datalist>"),
        ("", "<video>Old</video>"),
        ("", "<p>\n<img style='display:none' alt='Old'></p>"),
        ("", "<ul style='display:none'><li>Old<li>Older</ul>"),
    ]);
}

#[test]
fn text_hidden_by_the_style_sheet_of_the_page_is_not_read() {
    check_hidden(&[
        (".draft{display:none}", "<p class='big draft'>Old</p>"),
        ("#v1 {display:none;}", "<p id=v1>Old</p>"),
        ("aside{visibility:hidden}", "<aside>Old</aside>"),
        (
            "[data-state=retired]{display:none}",
            "<p data-state=retired>Old</p>",
        ),
        (
            ".a, .b > p, h6 { color: red; display: none }",
            "<div class=b><p>Old</p></div>",
        ),
        (
            ".archive p{display:none}",
            "<div class=archive><div><p>Old</p></div></div>",
        ),
        ("h2 + p{display:none}", "<h2 hidden>H</h2><p>Old</p>"),
        ("p:first-child{display:none}", "<p>Old</p>"),
        ("p:not(.now, p:last-child){display:none}", "<p>Old</p>"),
        ("@media screen{.x{display:none}}", "<p class=x>Old</p>"),
        (
            "@media screen and (min-width: 40em){.x{display:none}}",
            "<p class=x>Old</p>",
        ),
        (
            "@media (width >= 600px){.x{display:none}}",
            "<p class=x>Old</p>",
        ),
        ("@media not print{.x{display:none}}", "<p class=x>Old</p>"),
        (
            "@supports (display:grid){.x{display:none}}",
            "<p class=x>Old</p>",
        ),
        ("@layer old{.x{display:none}}", "<p class=x>Old</p>"),
        (
            ".box{color:red; .x{display:none} & > i{display:none}}",
            "<div class=box><p class=x>Old</p></div>",
        ),
        ("a:hover{color:red} .x{display:none}", "<p class=x>Old</p>"),
        (".x:hover, .x{display:none}", "<p class=x>Old</p>"),
        ("<!-- .x{display:none} -->", "<p class=x>Old</p>"),
    ]);
}

#[test]
fn the_cascade_decides() {
    check_hidden(&[
        (".x{display:block} .x{display:none}", "<p class=x>Old</p>"),
        (
            "#x{display:none} .x{display:block}",
            "<p class=x id=x>Old</p>",
        ),
        (
            ".x{display:none!important}",
            "<p class=x style='display:block'>Old</p>",
        ),
        (
            "@layer a{#x{display:block}} .x{display:none}",
            "<p class=x id=x>Old</p>",
        ),
        (
            ".x{display:none}",
            "<div class=x><p style='display:block'>Old</p></div>",
        ),
    ]);
}

#[test]
fn text_that_another_rule_shows_is_read() {
    check_seen(&[
        (".x{display:none} .x{display:block}", "<p class=x>Wash</p>"),
        (
            "#x{display:block} .x{display:none}",
            "<p class=x id=x>Wash</p>",
        ),
        (
            ".x{display:none}",
            "<p class=x style='display:block'>Wash</p>",
        ),
        (
            ".x{visibility:hidden} .x b{visibility:visible}",
            "<p class=x>Old <b>Wash</b></p>",
        ),
        (
            "",
            "<p style='visibility:hidden'>Old<i style='visibility:visible'>Wash</i></p>",
        ),
        (
            ".x{font-size:0} .x b{font-size:1rem}",
            "<p class=x>Old <b>Wash</b></p>",
        ),
        (".y .x{display:none}", "<p class=x>Wash</p>"),
        ("@media print{.x{display:none}}", "<p class=x>Wash</p>"),
        (
            "@media (max-width:600px){.x{display:none}}",
            "<p class=x>Wash</p>",
        ),
        (
            "@media (prefers-color-scheme: dark){.x{display:none}}",
            "<p class=x>Wash</p>",
        ),
        (
            "@supports not (display:grid){.x{display:none}}",
            "<p class=x>Wash</p>",
        ),
        (".x:hover{display:none}", "<p class=x>Wash</p>"),
        (".x::before{display:none}", "<p class=x>Wash</p>"),
        ("body{display:none}", "<p>Wash</p>"),
        (".x{position:absolute; opacity:.5}", "<p class=x>Wash</p>"),
        ("", "<details><summary>More</summary>Wash</details>"),
        ("", "<p aria-hidden=true>Wash</p>"),
    ]);
    let text = page(
        ".x{visibility:hidden} .x b{visibility:visible}",
        "<p class=x>Old <b>Wash</b>",
    );
    assert!(!text.contains("Old"), "{text}");
}

#[test]
fn sheets_of_other_media_and_types_are_ignored() {
    let read = |attributes: &str, doctype: &str| {
        let html = format!(
            "{doctype}<style {attributes}>.x{{display:none}}</style><p class=X>Wash</p><p>Shown</p>"
        );
        parsed(MediaType::Html, html.as_bytes()).unwrap().text
    };
    // Old pages ignore the case of a class.
    assert_eq!(read("", ""), "Shown");
    assert_eq!(read("media=screen type=TEXT/CSS", ""), "Shown");
    assert_eq!(read("", "<!doctype html>"), "Wash\n\nShown");
    assert_eq!(read("media=print", ""), "Wash\n\nShown");
    assert_eq!(read("type=text/less", ""), "Wash\n\nShown");
}

#[test]
fn missing_parts_leave_the_rest_in_order() {
    let text = page(
        ".x{display:none}",
        "<h1>Wash <span class=x>not </span>daily</h1><h2 class=x>Old</h2>\
         <ol><li>One<li class=x>Old<li>Two</ol>\
         <table><tr><th>A<th class=x>Old<th>B<tr class=x><td>Old<tr><td>1<td class=x>9<td>2</table>",
    );
    assert_eq!(
        text,
        "Wash daily\n\n1. One\n2. Two\n\nA | B\n1 | 2\n\nShown"
    );
}

#[test]
fn a_page_of_too_many_rules_or_levels_is_refused() {
    let rules = ".a{display:none}".repeat(20_001);
    let html = format!("<style>{rules}</style><p>Shown");
    assert_eq!(
        parsed(MediaType::Html, html.as_bytes()),
        Err(ParseError::TooLarge)
    );
    let rules = "p{display:block}".repeat(10_000);
    let html = format!("<style>{rules}</style>{}", "<p>Shown".repeat(501));
    assert_eq!(
        parsed(MediaType::Html, html.as_bytes()),
        Err(ParseError::TooLarge)
    );
    let doubling = ".a &, .b & {".repeat(60);
    let html = format!("<style>.c {{ {doubling} display:none</style><p>Shown");
    assert_eq!(
        parsed(MediaType::Html, html.as_bytes()),
        Err(ParseError::TooLarge)
    );
}
