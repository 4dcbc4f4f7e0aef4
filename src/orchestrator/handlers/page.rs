//! The web page: embedded files under a strict policy.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::http::problem::Problem;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /`.
pub async fn index() -> HttpResponse {
    file(
        "text/html; charset=utf-8",
        include_str!("../../../web/index.html"),
    )
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

fn file(content_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(text)
}
