//! Decisions about versions: approve, take the approval back, quarantine, release.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::documents::{KEEPERS, checked_address, view};
use crate::domain::access::Scope;
use crate::domain::document::{VersionStatus, VersionView};
use crate::domain::name;
use crate::http::auth::Caller;
use crate::http::body::Json;
use crate::http::problem::Problem;
use crate::persistence::DbError;
use crate::persistence::documents::{self, Decided, Decision, Hindrance};
use crate::rag::Rag;

/// The longest reason of a person, in characters.
const MAX_REASON: usize = 1_000;

type Address = web::Path<(String, String, i32)>;

/// `GET /v1/documents/{collection}/{external_id}/versions/{version}`: a version with its text, for
/// the person who decides about it.
pub async fn get(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<web::Json<VersionView>, Problem> {
    caller.require_any(&KEEPERS)?;
    let (collection, external_id, version) = address.into_inner();
    let (collection, external_id) = checked_address(&caller, (collection, external_id))?;
    documents::find_version(&rag.database, &collection, &external_id, version)
        .await?
        .map(web::Json)
        .ok_or_else(no_version)
}

/// `POST …/versions/{version}/approve`: the version answers, from its effective time on, instead of
/// those before it.
pub async fn approve(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Approve)?;
    let place = Place::of(&caller, address)?;
    let decided = documents::approve(&rag.database, &place.decision(&caller, &rag)).await;
    place.respond(&caller, &rag, decided, "a draft").await
}

/// `POST …/versions/{version}/revoke`: the version is a draft again and answers nothing once this
/// returns.
pub async fn revoke(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Approve)?;
    let place = Place::of(&caller, address)?;
    let decided = documents::revoke(&rag.database, &place.decision(&caller, &rag)).await;
    let needed = "the version that answers, or a scheduled one";
    place.respond(&caller, &rag, decided, needed).await
}

/// `POST …/versions/{version}/release`: a version in quarantine is indexed without another
/// inspection.
pub async fn release(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Approve)?;
    let place = Place::of(&caller, address)?;
    let decided = documents::release(&rag.database, &place.decision(&caller, &rag)).await;
    place.respond(&caller, &rag, decided, "in quarantine").await
}

/// Why a person stops a version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRequest {
    reason: String,
}

/// `POST …/versions/{version}/quarantine`: the version answers nothing once this returns.
pub async fn quarantine(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
    body: Json<QuarantineRequest>,
) -> Result<HttpResponse, Problem> {
    caller.require_any(&KEEPERS)?;
    let place = Place::of(&caller, address)?;
    let reason = name::plain(&body.0.reason);
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(Problem::unprocessable(format!(
            "`reason` has 1 to {MAX_REASON} characters."
        )));
    }
    let decision = place.decision(&caller, &rag);
    let decided = documents::quarantine(&rag.database, &decision, &reason).await;
    place
        .respond(&caller, &rag, decided, "a draft, indexed or superseded")
        .await
}

/// A version's address.
struct Place {
    collection: String,
    external_id: String,
    version: i32,
}

impl Place {
    fn of(caller: &Caller, address: Address) -> Result<Self, Problem> {
        let (collection, external_id, version) = address.into_inner();
        let (collection, external_id) = checked_address(caller, (collection, external_id))?;
        Ok(Self {
            collection,
            external_id,
            version,
        })
    }

    fn decision<'a>(&'a self, caller: &'a Caller, rag: &Rag) -> Decision<'a> {
        Decision {
            collection: &self.collection,
            external_id: &self.external_id,
            version: self.version,
            actor: &caller.0.owner_id,
            own_uploads: rag.governance.self_approval,
        }
    }

    /// Responds with the document; `needed` is the state that the decision needs.
    async fn respond(
        &self,
        caller: &Caller,
        rag: &Rag,
        decided: Result<Option<Decided>, DbError>,
        needed: &str,
    ) -> Result<HttpResponse, Problem> {
        match decided?.ok_or_else(no_version)? {
            // Chunks that nobody needs any more are removed in the background.
            Decided::Done(document) => rag.retired.announce(document),
            Decided::Unchanged => {}
            Decided::Hindered(hindrance) => return Err(refusal(hindrance, needed)),
        }
        let document = view(caller, rag, &self.collection, &self.external_id).await?;
        Ok(HttpResponse::Ok().json(document))
    }
}

fn refusal(hindrance: Hindrance, needed: &str) -> Problem {
    match hindrance {
        Hindrance::OwnUpload => Problem::forbidden(
            "You uploaded this version, so another person with the scope `approve` must decide \
             about it.",
        ),
        Hindrance::Withdrawn => {
            Problem::conflict("The document is withdrawn. Upload it again to have it answer.")
        }
        Hindrance::Status(VersionStatus::Received) => {
            Problem::conflict("The version is still being read. Try again shortly.")
        }
        Hindrance::Status(status) => Problem::conflict(format!(
            "The version is `{}`; it must be {needed}.",
            status.as_str()
        )),
        Hindrance::Newer(version) => Problem::conflict(format!(
            "Version {version} is newer. Decide about that one, or upload this one again."
        )),
    }
}

fn no_version() -> Problem {
    Problem::not_found("There is no such version, or it is not one you may see.")
}
