//! The HTTP server of a role: routes, shared data, and the way it stops.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};

use super::auth::Authenticator;
use super::body::JsonLimit;
use super::health::Health;
use super::metrics::{self, Metrics};
use super::{deadline, problem, request_id};
use crate::shutdown::{self, Shutdown};

/// How long an idle connection stays open. Load balancers and clients keep theirs for up to 60 s:
/// whoever closes first must not be us, or a request that is just being sent gets no answer.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Adds a role's routes and data.
pub type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// What every role's server needs.
#[derive(Clone)]
pub struct Edge {
    pub authenticator: Authenticator,
    pub health: Health,
    pub metrics: Metrics,
    pub max_json_bytes: usize,
    pub workers: usize,
    /// How long open requests may take to end after the stop.
    pub drain: Duration,
    /// How long to keep serving after readiness turned false, for load balancers to notice.
    pub endpoint_delay: Duration,
}

/// Serves until the shutdown begins, then drains.
pub async fn serve(
    listener: TcpListener,
    edge: Edge,
    routes: Routes,
    shutdown: Shutdown,
) -> std::io::Result<()> {
    let authenticator = web::Data::new(edge.authenticator);
    let health = web::Data::new(edge.health.clone());
    let metrics = web::Data::new(edge.metrics);
    let json_limit = web::Data::new(JsonLimit(edge.max_json_bytes));
    let server = HttpServer::new(move || {
        let routes = Arc::clone(&routes);
        App::new()
            .app_data(authenticator.clone())
            .app_data(health.clone())
            .app_data(metrics.clone())
            .app_data(json_limit.clone())
            .wrap(from_fn(deadline::middleware))
            .wrap(from_fn(metrics::middleware))
            .wrap(from_fn(request_id::middleware))
            .configure(move |config| routes(config))
            .default_service(web::to(problem::not_found))
    })
    .workers(edge.workers)
    .keep_alive(KEEP_ALIVE)
    .disable_signals()
    // A little longer than the streams have: they say goodbye first.
    .shutdown_timeout((edge.drain + shutdown::CLOSING).as_secs())
    .listen(listener)?
    .run();
    let handle = server.handle();
    let stop = async move {
        shutdown.draining().await;
        edge.health.set_draining();
        tokio::time::sleep(edge.endpoint_delay).await;
        handle.stop(true).await;
    };
    let (outcome, ()) = futures::join!(server, stop);
    outcome
}
