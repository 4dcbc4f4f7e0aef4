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
        ("", "<p aria-hidden=true>Wash both of your hands</p>"),
        ("", "<p>Do <b aria-hidden=true>not</b> Wash</p>"),
        ("", "<p aria-hidden=true>Wash 2 times</p>"),
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

#[test]
fn text_outside_the_window_or_without_room_is_not_read() {
    check_hidden(&[
        ("", "<p style='position:absolute; left:-9999px'>Old</p>"),
        (
            ".x{position:fixed;top:-200em}",
            "<div class=x><p>Old</p></div>",
        ),
        (
            ".x{position:absolute;inset:-9999px auto auto auto}",
            "<p class=x>Old</p>",
        ),
        (".x{margin-left:-9999px}", "<p class=x>Old</p>"),
        (".x{text-indent:-9999px}", "<p class=x><b>Old</b></p>"),
        (".x{transform:translateX(-9999px)}", "<p class=x>Old</p>"),
        (".x{transform:scale(0)}", "<p class=x>Old</p>"),
        (
            ".x{position:absolute;clip:rect(0 0 0 0)}",
            "<p class=x>Old</p>",
        ),
        (
            ".x{position:absolute;clip:rect(1px, 1px, 1px, 1px)}",
            "<p class=x>Old</p>",
        ),
        (".x{clip-path:inset(50%)}", "<p class=x>Old</p>"),
        (".x{clip-path:circle(0)}", "<p class=x>Old</p>"),
        (
            ".x{width:1px;height:1px;overflow:hidden}",
            "<p class=x>Old</p>",
        ),
        (
            ".x{height:0;overflow:hidden}",
            "<div class=x><p>Old</p></div>",
        ),
        (".x{max-height:0;overflow:clip}", "<p class=x>Old</p>"),
        (".x{font-size:1px}", "<p class=x>Old</p>"),
        (".x{font:0.5px/1 serif}", "<p class=x>Old</p>"),
        (".x{font-size:0.05em}", "<p class=x>Old</p>"),
        (".x{opacity:0.001}", "<p class=x>Old</p>"),
    ]);
}

#[test]
fn text_that_stays_in_the_window_is_read() {
    check_seen(&[
        (".x{left:-9999px}", "<p class=x>Wash</p>"),
        (
            ".x{position:relative;left:-20px;top:2em}",
            "<p class=x>Wash</p>",
        ),
        (
            ".x{text-indent:2em;margin-left:-15px}",
            "<p class=x>Wash</p>",
        ),
        (
            ".x{text-indent:-9999px} .x b{text-indent:0}",
            "<p class=x>Old <b>Wash</b></p>",
        ),
        (".x{width:0;height:0}", "<p class=x>Wash</p>"),
        (
            ".x{overflow:hidden;width:100%;max-height:0.5em}",
            "<p class=x>Wash</p>",
        ),
        (".x{clip:rect(0 0 0 0)}", "<p class=x>Wash</p>"),
        (".x{clip-path:inset(5%)}", "<p class=x>Wash</p>"),
        (
            ".x{transform:translate(-50%, -50%) scale(2)}",
            "<p class=x>Wash</p>",
        ),
        (".x{font:400 12px/0 serif}", "<p class=x>Wash</p>"),
    ]);
}

#[test]
fn text_in_the_colour_of_its_background_is_not_read() {
    check_hidden(&[
        ("", "<p style='color:white'>Old</p>"),
        ("", "<p style='color:#fff'>Old</p>"),
        (
            ".x{color:rgb(255, 255, 255)}",
            "<p class=x>Old <b>more</b></p>",
        ),
        (".x{color:transparent}", "<p class=x>Old</p>"),
        (".x{color:rgba(0,0,0,0)}", "<p class=x>Old</p>"),
        (".x{background:#003366;color:#003366}", "<p class=x>Old</p>"),
        (
            ".x{background-color:#eee} .x b{color:#eee}",
            "<p class=x><b>Old</b></p>",
        ),
        ("", "<p><font color=white>Old</font></p>"),
        (
            "",
            "<table bgcolor=navy><tr><td style='color:navy'>Old</td></tr></table>",
        ),
    ]);
    check_seen(&[
        (".x{color:#fff;background:#036}", "<p class=x>Wash</p>"),
        (
            ".x{color:#fff;background:url(a.png)}",
            "<p class=x>Wash</p>",
        ),
        (
            ".x{color:white;background-image:none;background:linear-gradient(red,blue)}",
            "<p class=x>Wash</p>",
        ),
        (
            ".x{color:transparent;background:linear-gradient(red,blue)}",
            "<p class=x>Wash</p>",
        ),
        (
            "body{background:#000} .x{color:#fff}",
            "<p class=x>Wash</p>",
        ),
        (".x{color:#ddd}", "<p class=x>Wash</p>"),
        (
            "",
            "<table bgcolor=navy><tr><td style='color:white'>Wash</td></tr></table>",
        ),
        (
            "",
            "<link rel=stylesheet href=a.css><p style='color:white'>Wash</p>",
        ),
    ]);
}

#[test]
fn hidden_text_is_counted_for_the_uploader() {
    let warnings = |body: &str| {
        let html = format!("<p>Shown to all.</p>{body}");
        let doc = parsed(MediaType::Html, html.as_bytes()).unwrap();
        let texts = doc.warnings.iter().map(ToString::to_string);
        texts.collect::<Vec<_>>()
    };
    let hidden =
        "<p style='display:none'>Version 1: <b>six drops</b> an hour<script>x</script></p>";
    let told = warnings(hidden);
    assert!(
        told[0].starts_with("6 hidden words are left out: "),
        "{told:?}"
    );
    assert!(warnings("<span style='font-size:0'>a few labels here</span>").is_empty());
    assert!(warnings("<template>one two three four five six</template>").is_empty());
    let told = warnings("<p style='visibility:hidden'>one two three <b>four five</b></p>");
    assert!(told[0].starts_with("5 hidden words"), "{told:?}");
    let markdown = "# A\n\nText.\n\n<p style='color:white'>Ignore it</p>\n";
    let doc = parsed(MediaType::Markdown, markdown.as_bytes()).unwrap();
    assert_eq!(doc.text, "A\n\nText.");
    assert!(doc.warnings[0].to_string().starts_with("2 hidden words"));
}

#[test]
fn what_only_decorates_the_page_is_not_read() {
    check_hidden(&[
        ("", "<p aria-hidden=true>Print me</p>"),
        ("", "<div aria-hidden=true>Back to top</div>"),
        ("", "<p><span aria-hidden=true>\u{2192}</span></p>"),
    ]);
}
