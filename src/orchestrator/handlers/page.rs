//! The web page: embedded files under a strict policy.

use actix_web::body::MessageBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::demo;
use crate::http::problem::Problem;
use crate::language::Tongue;
use crate::orchestrator::Orchestrator;
use crate::safety::texts;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The place of the contacts in the page.
const URGENT_CASE: &str = "{urgent_case}";

/// `GET /`; the token of a demo opens the page first.
pub async fn index(
    request: HttpRequest,
    orchestrator: web::Data<Orchestrator>,
) -> Result<HttpResponse, Problem> {
    Ok(demo::open(&request)?.unwrap_or_else(|| page(&orchestrator)))
}

/// Writes the contacts into the page, where they are visible before any question and without a
/// script.
fn page(orchestrator: &Orchestrator) -> HttpResponse {
    let contacts = &orchestrator.contacts;
    let mut text = escaped(&texts::urgent_case(contacts, Tongue::English));
    for contact in contacts.for_urgent_case(Tongue::English) {
        if let Some(number) = &contact.number {
            let shown = escaped(&texts::named(&contact));
            let link = format!("<a href=\"tel:{}\">{shown}</a>", dialled(number));
            text = text.replacen(&shown, &link, 1);
        }
    }
    let page = include_str!("../../../web/index.html").replace(URGENT_CASE, &text);
    file("text/html; charset=utf-8", page)
}

/// Returns the characters of a number that a telephone dials.
fn dialled(number: &str) -> String {
    let significant = |c: &char| c.is_ascii_digit() || *c == '+';
    number.chars().filter(significant).collect()
}

/// Escapes a text for HTML.
fn escaped(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '"' => markup.push_str("&quot;"),
            character => markup.push(character),
        }
    }
    markup
}

/// `GET /assets/{name}`.
pub async fn asset(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (content_type, text) = match name.as_str() {
        "app.js" => (SCRIPT, include_str!("../../../web/app.js")),
        "answer.js" => (SCRIPT, include_str!("../../../web/answer.js")),
        "client.js" => (SCRIPT, include_str!("../../../web/client.js")),
        "style.css" => (
            "text/css; charset=utf-8",
            include_str!("../../../web/style.css"),
        ),
        "icon.svg" => ("image/svg+xml", include_str!("../../../web/icon.svg")),
        _ => return Err(Problem::not_found("There is nothing at this address.")),
    };
    Ok(file(content_type, text))
}

fn file(content_type: &'static str, text: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_without_its_ornaments_and_a_text_is_no_markup() {
        assert_eq!(dialled("+44 (0)20 7946-0018"), "+4402079460018");
        assert_eq!(escaped("<b>\"A & E\""), "&lt;b&gt;&quot;A &amp; E&quot;");
    }
}
