//! The token that opens a demo: first in the printed address, then in a cookie of the browser.

use actix_web::http::header::{CACHE_CONTROL, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::auth::{Authentication, Authenticator, bearer, hash_secret};
use super::problem::Problem;

/// The query of the page's address.
#[derive(Deserialize)]
struct Opening {
    token: Option<String>,
}

/// Whether the request shows the token with this hash, as a bearer token or as the cookie.
pub(super) fn shows_token(request: &HttpRequest, hash: &[u8; 32]) -> bool {
    let shown = bearer(request).or_else(|| cookie(request));
    shown.is_some_and(|shown| is_token(&shown, hash))
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

fn is_token(shown: &str, hash: &[u8; 32]) -> bool {
    bool::from(hash_secret(shown).ct_eq(hash))
}

fn cookie(request: &HttpRequest) -> Option<String> {
    let name = cookie_name(request);
    let all = request.headers().get_all(COOKIE);
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// Names the cookie after the port, because browsers send cookies to every port of a host.
fn cookie_name(request: &HttpRequest) -> String {
    format!("chatbot_{}", request.app_config().local_addr().port())
}
