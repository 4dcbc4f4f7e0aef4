//! Pages with navigation, banners and footers around their text.

use super::*;

const TEXT: &str = "Keep the wound dry for two days. Change the dressing every morning, and wash \
    your hands before and after. Call the ward if it bleeds, smells or hurts more than yesterday.";

fn read(html: &str) -> String {
    parsed(MediaType::Html, html.as_bytes()).unwrap().text
}

#[test]
fn the_surroundings_of_the_text_are_left_out() {
    for around in [
        "<nav><a href=/>Home</a> <a href=/a>Health A to Z</a></nav>",
        "<div role=navigation>Home</div>",
        "<footer>Copyright 2031 Example Trust</footer>",
        "<div role=contentinfo><p>Privacy</p></div>",
        "<div id=cookie-banner><p>We use cookies. Accept them?</p></div>",
        "<div class='cc gdpr'>We would like to measure visits.</div>",
        "<div role=dialog>Subscribe to our letter</div>",
        "<ul class=share><li><a href=/1>Tweet</a><li><a href=/2>Post</a></ul>",
        "<div class=breadcrumbs><a href=/>Home</a> / <a href=/x>Wounds</a></div>",
        "<ul><li><a href=/1>Home</a><li><a href=/2>Wards</a><li><a href=/3>Visits</a></ul>",
        "<header><a href=/>Example Hospital</a></header>",
        "<form><label>Search <input name=q></label></form>",
    ] {
        assert_eq!(read(&format!("{around}<p>{TEXT}</p>")), TEXT, "{around}");
        assert_eq!(
            read(&format!("<main><p>{TEXT}</p></main>{around}")),
            TEXT,
            "{around}"
        );
    }
}

#[test]
fn parts_of_the_text_are_kept() {
    for part in [
        "<aside><p>Warning: never take a bath.</p></aside>",
        "<main><aside>Warning: never take a bath.</aside></main>",
        "<article><header><h1>Wounds</h1></header></article>",
        "<header><h1>Wounds</h1></header>",
        "<article><footer>Reviewed in May 2031</footer></article>",
        "<details><summary>Stitches</summary>They dissolve.</details>",
        "<main><ul><li><a href=/1>Wash</a><li><a href=/2>Dry</a><li><a href=/3>Dress</a></ul></main>",
        "<ul><li><a href=/1>Wash</a> the wound twice a day with warm water and soap",
        "<p>Cookies and other sweets are no problem.</p>",
        "<div class=consent>The surgeon asks for your consent.</div>",
        "<div role=alert>Call 999 if it spurts.</div>",
    ] {
        let text = read(&format!("<p>{TEXT}</p>{part}"));
        assert!(text.len() > TEXT.len() + 5, "{part}: {text}");
    }
}

#[test]
fn a_page_that_is_nothing_but_links_keeps_them() {
    let links = "<ul><li><a href=/1>Burns</a><li><a href=/2>Bites</a><li><a href=/3>Cuts</a></ul>";
    assert_eq!(read(links), "- Burns\n- Bites\n- Cuts");
    assert_eq!(
        read(&format!("<nav>{links}</nav>")),
        "- Burns\n- Bites\n- Cuts"
    );
    let short = format!("<nav>{links}</nav><h1>First aid</h1>{links}");
    assert_eq!(read(&short), "First aid\n\n- Burns\n- Bites\n- Cuts");
}
