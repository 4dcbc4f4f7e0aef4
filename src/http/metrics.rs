//! Prometheus metrics. Labels are route patterns and states, never anything a person wrote.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The labels under which a request is counted.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

/// The registry and the metrics of the HTTP edge; part of the application's data.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::default();
        // 1 ms to 16 s: the time to the response's head, not to the end of a stream.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let mut registry = Registry::with_prefix("chatbot");
        registry.register("http_requests", "HTTP requests", requests.clone());
        registry.register(
            "http_request_seconds",
            "Seconds from request to response head",
            seconds.clone(),
        );
        Self {
            registry: Arc::new(Mutex::new(registry)),
            requests,
            seconds,
        }
    }
}

impl Metrics {
    /// Lets another module register its metrics.
    pub fn register(&self, register: impl FnOnce(&mut Registry)) {
        if let Ok(mut registry) = self.registry.lock() {
            register(&mut registry);
        }
    }

    fn render(&self) -> Result<String, std::fmt::Error> {
        let registry = self.registry.lock().map_err(|_| std::fmt::Error)?;
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// Middleware that counts and times requests.
pub async fn middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let metrics = request.app_data::<web::Data<Metrics>>().cloned();
    let method = known_method(request.method());
    let start = Instant::now();
    let outcome = next.call(request).await;
    let (route, status) = match &outcome {
        Ok(response) => (response.request().match_pattern(), response.status()),
        Err(error) => (None, error.as_response_error().status_code()),
    };
    if let Some(metrics) = metrics {
        let route = route.unwrap_or_else(|| "unmatched".to_owned());
        let status = status.as_u16();
        tracing::debug!(
            http.method = %method, http.route = %route, http.status = status,
            duration_ms = start.elapsed().as_millis(), "request"
        );
        metrics.seconds.observe(start.elapsed().as_secs_f64());
        metrics
            .requests
            .get_or_create(&RequestLabels {
                method,
                route,
                status,
            })
            .inc();
    }
    outcome
}

/// Maps unknown methods to one label, because a client may send any word as a method.
fn known_method(method: &Method) -> String {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH") => known,
        _ => "other",
    }
    .to_owned()
}

/// `GET /metrics`.
pub async fn show(metrics: web::Data<Metrics>) -> HttpResponse {
    match metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
