//! The credential that a request shows, and the hash it is compared by.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, COOKIE};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Hashes a secret with SHA-256, as it is stored.
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

pub(super) fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !secret.trim().is_empty())
        .then(|| secret.trim().to_owned())
}

/// Whether the request shows the token with this hash, as a bearer token or as the cookie.
pub(super) fn shows_token(request: &HttpRequest, hash: &[u8; 32]) -> bool {
    let shown = bearer(request).or_else(|| cookie(request));
    shown.is_some_and(|shown| is_token(&shown, hash))
}

pub(super) fn is_token(shown: &str, hash: &[u8; 32]) -> bool {
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
pub(super) fn cookie_name(request: &HttpRequest) -> String {
    format!("chatbot_{}", request.app_config().local_addr().port())
}
