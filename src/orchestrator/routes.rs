//! Every route of the orchestrator role.

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use super::handlers::{completions, conversations, messages, page, turns};
use crate::http::{deadline, health, metrics, openapi};

/// Lists every route: reading this function is reading the API.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/conversations")
                .route(web::post().to(conversations::create))
                .route(web::get().to(conversations::list)),
        )
        .service(
            web::resource("/v1/conversations/{id}")
                .route(web::get().to(conversations::get))
                .route(web::delete().to(conversations::delete)),
        )
        .route(
            "/v1/conversations/{id}/messages",
            web::post()
                .to(messages::ask)
                .wrap(from_fn(deadline::of_the_handler)),
        )
        .route("/v1/turns/{id}", web::get().to(turns::get))
        .route("/v1/turns/{id}/events", web::get().to(turns::events))
        .route("/v1/turns/{id}/cancel", web::post().to(turns::cancel))
        .route(
            "/v1/messages/{id}/feedback",
            web::post().to(messages::feedback),
        )
        .route(
            "/v1/chat/completions",
            web::post()
                .to(completions::create)
                .wrap(from_fn(deadline::of_the_handler)),
        )
        .route("/v1/models", web::get().to(completions::models))
        .route("/health", web::get().to(health::alive))
        .route("/health/ready", web::get().to(health::ready))
        .route("/health/startup", web::get().to(health::startup))
        .route("/metrics", web::get().to(metrics::show))
        .route("/openapi.json", web::get().to(openapi::show_orchestrator))
        .route("/", web::get().to(page::index))
        .route("/assets/{name}", web::get().to(page::asset));
}
