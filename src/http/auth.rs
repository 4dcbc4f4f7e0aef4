//! API keys for callers, and the internal credential between orchestrator and rag.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures::future::LocalBoxFuture;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use crate::domain::access::{Principal, Scope};
use crate::persistence::{Database, api_keys, bounded};

/// How this server tells who calls; put into the application's data.
#[derive(Clone)]
pub struct Authenticator {
    pub database: Database,
    /// Off only in `demo` on loopback: everyone is one person with every scope.
    pub enabled: bool,
    /// SHA-256 of the credential that orchestrator and rag share, if one is set.
    pub internal_token_hash: Option<[u8; 32]>,
}

/// The owner of everything in an open `demo`.
pub const DEMO_OWNER: &str = "demo";
/// The owner id of the orchestrator when it calls rag.
pub const INTERNAL_OWNER: &str = "internal:orchestrator";

/// SHA-256 of a secret, as it is stored.
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// An authenticated caller.
pub struct Caller(pub Principal);

impl Caller {
    /// 403 unless the caller holds the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.0.allows(scope) {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "This API key lacks the scope `{}`.",
            scope.as_str()
        )))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authenticator = request.app_data::<web::Data<Authenticator>>().cloned();
        let secret = bearer(request);
        Box::pin(async move {
            let authenticator = authenticator.ok_or_else(Problem::unauthorized)?;
            if !authenticator.enabled {
                return Ok(Self(everyone(DEMO_OWNER)));
            }
            let secret = secret.ok_or_else(Problem::unauthorized)?;
            let hash = hash_secret(&secret);
            bounded(api_keys::find_principal(&authenticator.database, &hash))
                .await?
                .map(Self)
                .ok_or_else(Problem::unauthorized)
        })
    }
}

/// The orchestrator, calling with the shared internal credential.
pub struct InternalCaller;

impl FromRequest for InternalCaller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let expected = request
            .app_data::<web::Data<Authenticator>>()
            .and_then(|authenticator| authenticator.internal_token_hash);
        let given = bearer(request).map(|secret| hash_secret(&secret));
        std::future::ready(match (expected, given) {
            (Some(expected), Some(given)) if bool::from(expected.ct_eq(&given)) => Ok(Self),
            _ => Err(Problem::unauthorized()),
        })
    }
}

fn everyone(owner: &str) -> Principal {
    Principal {
        owner_id: owner.to_owned(),
        scopes: Scope::ALL.to_vec(),
        collections: None,
    }
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !secret.trim().is_empty())
        .then(|| secret.trim().to_owned())
}
