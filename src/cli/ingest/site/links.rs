//! The links of a page.

use encoding_rs::{Encoding, UTF_8};
use scraper::{Html, Selector};
use url::Url;

use crate::rag::parse::{Charset, charset_parameter};

/// The addresses that a page names.
#[derive(Debug, Default)]
pub struct Links {
    /// The address that the page calls its own.
    pub canonical: Option<Url>,
    pub pages: Vec<Url>,
}

/// Reads the links of an HTML page at this address.
pub fn of(bytes: &[u8], content_type: &str, address: &Url) -> Links {
    let (text, _, _) = encoding(content_type).decode(bytes);
    let page = Html::parse_document(&text);
    let first = |selector: &str| values(&page, selector).into_iter().next();
    let base = first("base[href]").and_then(|base| address.join(base).ok());
    let base = base.unwrap_or_else(|| address.clone());
    let join = |link: &str| {
        let mut url = base.join(link.trim()).ok()?;
        url.set_fragment(None);
        ["http", "https"].contains(&url.scheme()).then_some(url)
    };
    Links {
        canonical: first("link[rel~=canonical][href]").and_then(join),
        pages: values(&page, "a[href], area[href], frame[src], iframe[src]")
            .into_iter()
            .filter_map(join)
            .collect(),
    }
}

fn values<'a>(page: &'a Html, selector: &str) -> Vec<&'a str> {
    let Ok(selector) = Selector::parse(selector) else {
        return Vec::new();
    };
    page.select(&selector)
        .filter_map(|element| element.attr("href").or_else(|| element.attr("src")))
        .collect()
}

fn encoding(content_type: &str) -> &'static Encoding {
    match charset_parameter(content_type) {
        Some(Charset::Known(encoding)) => encoding,
        Some(Charset::Utf32 { .. }) | None => UTF_8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_joined_with_the_base_of_the_page() {
        let page = "<base href='/docs/'><link rel='x canonical' href='a'>\
            <a href='b.pdf#page=2'>B</a><a href='https://other.example/'>O</a>\
            <a href='mailto:ward@a.example'>M</a><area href='../c'><a>no link</a>";
        let address = Url::parse("https://a.example/start/").unwrap();
        let links = of(page.as_bytes(), "text/html; Charset=\"utf-8\"", &address);
        assert_eq!(
            links.canonical.unwrap().as_str(),
            "https://a.example/docs/a"
        );
        let pages: Vec<&str> = links.pages.iter().map(Url::as_str).collect();
        assert_eq!(
            pages,
            [
                "https://a.example/docs/b.pdf",
                "https://other.example/",
                "https://a.example/c"
            ]
        );
    }
}
