//! The HTTP server of a role: its routes, its shared data, and how it stops.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error, HttpServer};
use rustix::net::sockopt;

use super::auth::Authenticator;
use super::body::JsonLimit;
use super::health::Health;
use super::limits::Limits;
use super::metrics::{self, Metrics};
use super::{deadline, headers, loopback, problem, request_id};
use crate::shutdown::{self, Shutdown};

/// How long an idle connection stays open. Load balancers and clients keep theirs for up to 60 s.
/// If this server closed first, a request on its way would get no answer.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Adds a role's routes and data.
pub type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The settings that every role's server needs.
#[derive(Clone)]
pub struct Edge {
    pub authenticator: Authenticator,
    pub health: Health,
    pub metrics: Metrics,
    pub limits: Limits,
    pub max_json_bytes: usize,
    pub workers: usize,
    /// How long open requests may take to end after the stop.
    pub drain: Duration,
    /// How long to keep serving after readiness turns false, so that load balancers notice.
    pub endpoint_delay: Duration,
    /// How long a client may leave unread what it is sent.
    pub stalled_client: Duration,
}

/// The buffer for a client that reads slowly, in bytes: once in the kernel, which doubles it for
/// its own book-keeping, and once in the server.
const SOCKET_BUFFER: usize = 32 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;

/// Serves until the shutdown begins, then drains.
pub async fn serve(
    listener: TcpListener,
    edge: Edge,
    routes: Routes,
    shutdown: Shutdown,
) -> io::Result<()> {
    bound_clients(&listener, edge.stalled_client)?;
    let authenticator = web::Data::new(edge.authenticator);
    let health = web::Data::new(edge.health.clone());
    let metrics = web::Data::new(edge.metrics);
    let limits = web::Data::new(edge.limits);
    let json_limit = web::Data::new(JsonLimit(edge.max_json_bytes));
    let server = HttpServer::new(move || {
        let routes = Arc::clone(&routes);
        App::new()
            .app_data(authenticator.clone())
            .app_data(health.clone())
            .app_data(metrics.clone())
            .app_data(limits.clone())
            .app_data(json_limit.clone())
            .wrap(from_fn(deadline::middleware))
            .wrap(from_fn(loopback::middleware))
            .wrap(from_fn(last_of_its_connection))
            .wrap(from_fn(metrics::middleware))
            .wrap(from_fn(request_id::middleware))
            .wrap(from_fn(headers::middleware))
            .wrap(from_fn(own_headers))
            .configure(move |config| routes(config))
            .default_service(web::to(problem::not_found))
    })
    .workers(edge.workers)
    .keep_alive(KEEP_ALIVE)
    .h1_write_buffer_size(WRITE_BUFFER)
    .disable_signals()
    // Waits a little longer than the streams do, because they announce their end first.
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

/// Marks each answer of a stopping server as the last on its connection. A client that kept the
/// connection would lose a request that is on its way when the server closes it.
async fn last_of_its_connection<B: MessageBody>(
    health: web::Data<Health>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = next.call(request).await?;
    if health.is_draining() {
        let head = answer.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

/// Copies the headers into a map of their own size. Actix keeps hundreds of finished requests for
/// reuse. Each of them would otherwise hold a map with room for 28 headers (8 KiB), and through
/// their values the buffer that its connection read into.
async fn own_headers<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let received = request.headers();
    let mut own = HeaderMap::with_capacity(received.len_keys());
    for (name, value) in received {
        // The bytes were a valid header value before, so this always succeeds.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            own.append(name.clone(), value);
        }
    }
    *request.headers_mut() = own;
    next.call(request).await
}

/// Bounds how much the kernel buffers for a client, and for how long. Connections inherit both
/// limits from their listener. A client that reads nothing blocks its stream, which then cannot
/// notice the time that passes; the kernel can.
fn bound_clients(listener: &TcpListener, stalled: Duration) -> io::Result<()> {
    sockopt::set_socket_send_buffer_size(listener, SOCKET_BUFFER)?;
    #[cfg(target_os = "linux")]
    {
        let millis = u32::try_from(stalled.as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(listener, millis)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stalled;
    Ok(())
}
