//! The web page: three embedded files under a strict policy.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::http::problem::Problem;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// `GET /`.
pub async fn index() -> HttpResponse {
    file(
        "text/html; charset=utf-8",
        include_str!("../../../web/index.html"),
    )
}

/// `GET /assets/{name}`.
pub async fn asset(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    match name.as_str() {
        "app.js" => Ok(file(
            "text/javascript; charset=utf-8",
            include_str!("../../../web/app.js"),
        )),
        "style.css" => Ok(file(
            "text/css; charset=utf-8",
            include_str!("../../../web/style.css"),
        )),
        _ => Err(Problem::not_found("There is nothing at this address.")),
    }
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
