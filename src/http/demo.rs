//! The token that opens a demo: first in the printed address, then in a cookie of the browser.

use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::auth::{Authentication, Authenticator};
use super::credential::{cookie_name, is_token};
use super::problem::Problem;

/// The query of the page's address.
#[derive(Deserialize)]
struct Opening {
    token: Option<String>,
}

/// Handles `GET /?token=…` of a demo: the browser stores the token as a cookie, and the address
/// loses it. Returns `None` for every other request.
pub fn open(request: &HttpRequest) -> Result<Option<HttpResponse>, Problem> {
    let authenticator = request.app_data::<web::Data<Authenticator>>();
    let Some(Authentication::Token { hash, .. }) =
        authenticator.map(|authenticator| &authenticator.authentication)
    else {
        return Ok(None);
    };
    let opening = web::Query::<Opening>::from_query(request.query_string());
    let Some(token) = opening.ok().and_then(|opening| opening.into_inner().token) else {
        return Ok(None);
    };
    if !is_token(&token, hash) {
        return Err(Problem::demo_token_needed());
    }
    let name = cookie_name(request);
    let kept = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict");
    let answer = HttpResponse::SeeOther()
        .insert_header((LOCATION, "/"))
        .insert_header((SET_COOKIE, kept))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish();
    Ok(Some(answer))
}
