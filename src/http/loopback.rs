//! The protection that replaces authentication while it is off: it admits only this machine, and
//! refuses changes from other web pages.
//!
//! A browser on this machine sends requests for every page that it shows. The check of names stops
//! a page whose own name was bound to a loopback address (DNS rebinding). The check of origins
//! stops a page that changes something without reading the answer.

use std::net::IpAddr;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::web;

use super::auth::Authenticator;
use super::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Middleware that answers 403 to requests that another web page could have sent.
pub async fn middleware<B: MessageBody + 'static>(
    authenticator: web::Data<Authenticator>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(own) = authenticator.authentication.open_host() {
        check(request.headers(), request.method().is_safe(), own)?;
    }
    next.call(request).await
}

/// `own` is the name that this server was told to listen on.
fn check(headers: &HeaderMap, reads: bool, own: &str) -> Result<(), Problem> {
    let host = headers.get(HOST).and_then(authority);
    let Some(host) = host.filter(|host| is_this_machine(host.host(), own)) else {
        return Err(Problem::forbidden(
            "Authentication is off, so this server answers only to names of this machine: \
             use http://localhost or http://127.0.0.1 with its port.",
        ));
    };
    if reads || comes_from(headers, &host) {
        return Ok(());
    }
    Err(Problem::forbidden(
        "Another web page sent this request, and authentication is off: \
         use the page of this server, or a program that sends no `Origin`.",
    ))
}

fn authority(value: &HeaderValue) -> Option<Authority> {
    let authority: Authority = value.to_str().ok()?.parse().ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

fn is_this_machine(host: &str, own: &str) -> bool {
    let bare = |name: &str| name.trim_matches(['[', ']']).to_ascii_lowercase();
    let (host, own) = (bare(host), bare(own));
    let address = host.parse::<IpAddr>();
    host == "localhost" || host == own || address.is_ok_and(|address| address.is_loopback())
}

/// Whether the page that sent this request, if any, belongs to this server. Programs send neither
/// header.
fn comes_from(headers: &HeaderMap, host: &Authority) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE);
    let mut origins = headers.get_all(ORIGIN);
    sites.all(|site| site == "same-origin" || site == "none")
        && origins.all(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            let scheme = ["http://", "https://"];
            let mut named = scheme
                .iter()
                .filter_map(|scheme| origin.strip_prefix(scheme));
            named.any(|named| named.eq_ignore_ascii_case(host.as_str()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for (host, answered) in [
            ("localhost:8000", true),
            ("LOCALHOST", true),
            ("127.0.0.1:9000", true),
            ("127.8.8.8", true),
            ("[::1]:8000", true),
            ("ward-7.internal:8000", true),
            ("example.com:8000", false),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com", false),
            ("example.com@localhost", false),
            ("192.168.1.4:8000", false),
            ("0.0.0.0:8000", false),
            ("", false),
        ] {
            let outcome = check(&headers(&[(HOST, host)]), true, "Ward-7.internal");
            assert_eq!(outcome.is_ok(), answered, "{host}");
        }
        assert!(check(&headers(&[]), true, "localhost").is_err());
    }

    #[test]
    fn only_pages_of_this_server_change_anything() {
        for (sent, changes) in [
            (&[][..], true),
            (&[(ORIGIN, "http://localhost:8000")][..], true),
            (&[(ORIGIN, "https://LOCALHOST:8000")], true),
            (&[(SEC_FETCH_SITE, "same-origin")], true),
            (&[(SEC_FETCH_SITE, "none")], true),
            (&[(ORIGIN, "http://localhost:3000")], false),
            (&[(ORIGIN, "http://127.0.0.1:8000")], false),
            (&[(ORIGIN, "http://example.com")], false),
            (&[(ORIGIN, "null")], false),
            (&[(ORIGIN, "")], false),
            (&[(SEC_FETCH_SITE, "same-site")], false),
            (&[(SEC_FETCH_SITE, "cross-site")], false),
            (
                &[(SEC_FETCH_SITE, "same-origin"), (ORIGIN, "http://a.b")],
                false,
            ),
            (
                &[(ORIGIN, "http://localhost:8000"), (ORIGIN, "http://a.b")],
                false,
            ),
        ] {
            let mut all = vec![(HOST, "localhost:8000")];
            all.extend_from_slice(sent);
            let outcome = check(&headers(&all), false, "127.0.0.1");
            assert_eq!(outcome.is_ok(), changes, "{sent:?}");
            assert!(check(&headers(&all), true, "127.0.0.1").is_ok(), "{sent:?}");
        }
    }
}
