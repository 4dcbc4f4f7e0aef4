//! API keys for callers, and the internal credential between orchestrator and rag.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures::FutureExt;
use futures::future::{LocalBoxFuture, ready};
use subtle::ConstantTimeEq;

use super::credential::{bearer, hash_secret, shows_token};
use super::failures::{Failures, Shown};
use super::limits;
use super::problem::Problem;
use crate::domain::access::{Principal, Scope};
use crate::persistence::{Database, api_keys};

/// How this server identifies callers; part of the application's data.
#[derive(Clone)]
pub struct Authenticator {
    pub database: Database,
    pub authentication: Authentication,
    /// The SHA-256 of the credential that orchestrator and rag share. During a rotation it also
    /// holds that of the previous credential.
    pub internal_token_hashes: Vec<[u8; 32]>,
    pub failures: Failures,
}

impl Authenticator {
    /// Compares every hash, so that the time does not reveal which one matched.
    fn knows_internal(&self, given: &[u8; 32]) -> bool {
        let accepted = self.internal_token_hashes.iter();
        accepted.fold(false, |known, hash| known | bool::from(hash.ct_eq(given)))
    }
}

/// How callers authenticate. Without keys, everyone is one person with every scope, on loopback
/// only.
#[derive(Clone)]
pub enum Authentication {
    Keys,
    /// Admits everybody who reaches this server under this name.
    Off {
        host: String,
    },
    /// Admits everybody who has the demo's token, whose SHA-256 this is.
    Token {
        host: String,
        hash: [u8; 32],
    },
}

impl Authentication {
    /// The name to listen on if there are no keys.
    pub(super) fn open_host(&self) -> Option<&str> {
        match self {
            Self::Keys => None,
            Self::Off { host } | Self::Token { host, .. } => Some(host),
        }
    }

    /// The caller if there are no keys.
    fn admit(&self, request: &HttpRequest) -> Option<Result<Principal, Problem>> {
        match self {
            Self::Keys => None,
            Self::Token { hash, .. } if !shows_token(request, hash) => {
                Some(Err(Problem::demo_token_needed()))
            }
            Self::Off { .. } | Self::Token { .. } => Some(Ok(everyone(DEMO_OWNER))),
        }
    }
}

/// The owner of everything in an open `demo`.
pub const DEMO_OWNER: &str = "demo";

/// An authenticated caller.
pub struct Caller(pub Principal);

impl Caller {
    /// Returns 403 unless the caller holds the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.0.allows(scope) {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "This API key lacks the scope `{}`.",
            scope.as_str()
        )))
    }

    /// Returns 403 unless the caller holds one of the scopes.
    pub fn require_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.0.allows(*scope)) {
            return Ok(());
        }
        let names: Vec<String> = scopes
            .iter()
            .map(|scope| format!("`{}`", scope.as_str()))
            .collect();
        Err(Problem::forbidden(format!(
            "This API key lacks the scope {}.",
            names.join(" or ")
        )))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    /// Counts the request against the owner's limits.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = authenticate(request);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            limits::check(&request, &caller.0.owner_id, false).await?;
            Ok(caller)
        })
    }
}

/// Identifies the caller. The calling function must count the request against the limits.
pub fn authenticate(request: &HttpRequest) -> LocalBoxFuture<'static, Result<Caller, Problem>> {
    let Some(authenticator) = request.app_data::<web::Data<Authenticator>>().cloned() else {
        return ready(Err(Problem::unauthorized())).boxed_local();
    };
    let open = authenticator.authentication.admit(request);
    let secret = bearer(request);
    let shown = shown(request);
    let peer = request.peer_addr().map(|address| address.ip());
    Box::pin(async move {
        let refused = match (open, secret) {
            (Some(Ok(everyone)), _) => return Ok(Caller(everyone)),
            (Some(Err(problem)), _) => problem,
            (None, None) => Problem::unauthorized(),
            (None, Some(secret)) => {
                let hash = hash_secret(&secret);
                let find = api_keys::find_principal(&authenticator.database, &hash);
                match find.await? {
                    Some(principal) => return Ok(Caller(principal)),
                    None => Problem::unauthorized(),
                }
            }
        };
        Err(authenticator.failures.refuse(shown, peer, refused).await)
    })
}

/// The kind of credential that the request shows.
fn shown(request: &HttpRequest) -> Shown {
    if request.headers().contains_key(AUTHORIZATION) {
        Shown::Unknown
    } else {
        Shown::Nothing
    }
}

/// The orchestrator, which calls with the shared internal credential.
pub struct InternalCaller;

impl FromRequest for InternalCaller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authenticator = request.app_data::<web::Data<Authenticator>>().cloned();
        let given = bearer(request).map(|secret| hash_secret(&secret));
        let peer = request.peer_addr().map(|address| address.ip());
        let shown = given.map_or(Shown::Nothing, |_| Shown::UnknownInternal);
        Box::pin(async move {
            let refused = Problem::unauthorized();
            let Some(authenticator) = authenticator else {
                return Err(refused);
            };
            if given.is_some_and(|given| authenticator.knows_internal(&given)) {
                return Ok(Self);
            }
            Err(authenticator.failures.refuse(shown, peer, refused).await)
        })
    }
}

fn everyone(owner: &str) -> Principal {
    Principal {
        owner_id: owner.to_owned(),
        key: None,
        scopes: Scope::ALL.to_vec(),
        collections: None,
    }
}
