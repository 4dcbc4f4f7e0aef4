//! Every route of the rag role.

use actix_web::guard::{Get, Post};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use super::handlers::{decisions, documents, search, uploads};
use crate::http::{deadline, health, metrics, openapi};

/// Lists every route: reading this function is reading the API.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/documents/{collection}/{external_id:.+}/withdraw")
                .guard(Post())
                .route(web::post().to(documents::withdraw)),
        )
        .configure(versions)
        .service(
            // A collection may contain a document called `impact`.
            web::resource("/v1/documents/{id:[0-9A-Fa-f-]{36}}/impact")
                .guard(Get())
                .route(web::get().to(documents::impact)),
        )
        .service(
            web::resource("/v1/documents/{collection}/{external_id:.+}")
                .route(
                    web::put()
                        .to(uploads::put)
                        .wrap(from_fn(deadline::of_the_handler)),
                )
                .route(web::get().to(documents::get))
                .route(web::delete().to(documents::delete)),
        )
        .route("/v1/documents", web::get().to(documents::list))
        .route("/v1/search", web::post().to(search::search))
        .route("/v1/retrieve", web::post().to(search::retrieve))
        .route("/v1/health", web::get().to(health::alive))
        .route("/v1/health/ready", web::get().to(health::ready))
        .route("/v1/health/startup", web::get().to(health::startup))
        .route("/metrics", web::get().to(metrics::show))
        .route("/openapi.json", web::get().to(openapi::show_rag));
}

/// The versions of a document, and the decisions about them.
fn versions(config: &mut ServiceConfig) {
    let decision = |name: &str| {
        let path = "/v1/documents/{collection}/{external_id:.+}/versions/{version:[0-9]{1,9}}";
        web::resource(format!("{path}/{name}")).guard(Post())
    };
    config
        .service(decision("approve").route(web::post().to(decisions::approve)))
        .service(decision("revoke").route(web::post().to(decisions::revoke)))
        .service(decision("quarantine").route(web::post().to(decisions::quarantine)))
        .service(decision("release").route(web::post().to(decisions::release)))
        .service(
            web::resource(
                "/v1/documents/{collection}/{external_id:.+}/versions/{version:[0-9]{1,9}}",
            )
            .guard(Get())
            .route(web::get().to(decisions::get)),
        );
}
