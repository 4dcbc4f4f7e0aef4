//! Liveness never looks at a dependency; readiness tells the truth within five seconds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures::future::{BoxFuture, join_all};
use serde::Serialize;

/// The reason why a dependency does not serve.
#[derive(Debug)]
pub enum Fault {
    /// The dependency does not answer, or answers with an error.
    Down,
    /// The dependency answers but lacks something that this role needs; readiness shows the text.
    Incomplete(String),
}

/// Checks one dependency.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Fault>> + Send + Sync>;

/// The dependencies that readiness checks; part of the application's data.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, bool, Check)>,
    started: Arc<AtomicBool>,
    draining: Arc<AtomicBool>,
    /// The reasons in the last log entry.
    said: Arc<Mutex<Reasons>>,
}

/// The reasons why dependencies are incomplete, by name.
type Reasons = BTreeMap<&'static str, String>;

/// The longest wait for a required dependency, well inside the five seconds of readiness.
const REQUIRED_DEADLINE: Duration = Duration::from_secs(2);
/// The longest wait for an optional dependency. Probes give up after a second or two, so a silent
/// optional dependency must not make this replica look unready.
const OPTIONAL_DEADLINE: Duration = Duration::from_millis(500);

impl Health {
    /// Adds a required dependency, without which this role cannot serve.
    #[must_use]
    pub fn required(mut self, name: &'static str, check: Check) -> Self {
        self.checks.push((name, true, check));
        self
    }

    /// Adds an optional dependency, which is only reported.
    #[must_use]
    pub fn optional(mut self, name: &'static str, check: Check) -> Self {
        self.checks.push((name, false, check));
        self
    }

    /// Records that startup is complete: migrations ran and models are loaded.
    pub fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// Records that the process is about to stop and wants no new traffic.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the process is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    async fn check(&self) -> Readiness {
        let outcomes = join_all(
            self.checks
                .iter()
                .map(|(name, required, check)| async move {
                    let deadline = if *required {
                        REQUIRED_DEADLINE
                    } else {
                        OPTIONAL_DEADLINE
                    };
                    let outcome = tokio::time::timeout(deadline, check()).await;
                    let outcome = outcome.unwrap_or(Err(Fault::Down));
                    (*name, *required, outcome)
                }),
        )
        .await;
        let healthy = outcomes
            .iter()
            .all(|(_, required, outcome)| outcome.is_ok() || !required);
        let draining = self.is_draining();
        let started = self.started.load(Ordering::Acquire);
        let mut dependencies = BTreeMap::new();
        let mut reasons = Reasons::new();
        for (name, _, outcome) in outcomes {
            let state = match outcome {
                Ok(()) => "up",
                Err(Fault::Down) => "down",
                Err(Fault::Incomplete(reason)) => {
                    reasons.insert(name, reason);
                    "incomplete"
                }
            };
            dependencies.insert(name, state);
        }
        self.say(&reasons);
        Readiness {
            status: match (started, draining, healthy) {
                (false, _, _) => "starting",
                (_, true, _) => "draining",
                (_, _, true) => "ready",
                _ => "unavailable",
            },
            dependencies,
            reasons,
        }
    }

    /// Logs reasons when they change, because the probes do not read the body.
    fn say(&self, reasons: &Reasons) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said == *reasons {
            return;
        }
        for (dependency, reason) in reasons {
            tracing::error!(dependency, reason, "a dependency is incomplete");
        }
        said.clone_from(reasons);
    }
}

/// The body of the readiness probe.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Readiness {
    /// `ready`, `starting`, `draining` or `unavailable`.
    pub status: &'static str,
    /// `up`, `down` or `incomplete`, by name.
    pub dependencies: BTreeMap<&'static str, &'static str>,
    /// The parts that an incomplete dependency lacks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<&'static str, String>,
}

/// Answers 200 while the process is alive.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

/// Answers 200 when every required dependency is up, else 503.
pub async fn ready(health: web::Data<Health>) -> HttpResponse {
    let readiness = health.check().await;
    if readiness.status == "ready" {
        HttpResponse::Ok().json(readiness)
    } else {
        HttpResponse::ServiceUnavailable().json(readiness)
    }
}

/// Answers 200 once migrations ran and models are loaded.
pub async fn startup(health: web::Data<Health>) -> HttpResponse {
    if health.started.load(Ordering::Acquire) {
        HttpResponse::Ok().json(serde_json::json!({ "status": "started" }))
    } else {
        HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "starting" }))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn silent() -> Check {
        Arc::new(|| Box::pin(std::future::pending()))
    }

    fn up() -> Check {
        Arc::new(|| Box::pin(async { Ok(()) }))
    }

    /// The status of these dependencies, and the time it took.
    async fn look(health: Health) -> (&'static str, Duration) {
        health.set_started();
        let begun = Instant::now();
        let status = health.check().await.status;
        (status, begun.elapsed())
    }

    #[tokio::test]
    async fn an_incomplete_dependency_names_the_missing_parts() {
        let lacking = || Box::pin(async { Err(Fault::Incomplete("the table a".into())) }) as _;
        let away = || Box::pin(async { Err(Fault::Down) }) as _;
        let health = Health::default()
            .required("postgresql", Arc::new(lacking))
            .optional("kafka", Arc::new(away));
        health.set_started();
        let readiness = serde_json::to_value(health.check().await).unwrap();
        let expected = serde_json::json!({
            "status": "unavailable",
            "dependencies": {"postgresql": "incomplete", "kafka": "down"},
            "reasons": {"postgresql": "the table a"},
        });
        assert_eq!(readiness, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn an_optional_dependency_does_not_delay() {
        let health = Health::default()
            .required("postgresql", up())
            .optional("kafka", silent());
        let (status, took) = look(health).await;
        assert_eq!(status, "ready");
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_required_dependency_is_down_within_its_deadline() {
        let health = Health::default()
            .required("postgresql", silent())
            .optional("kafka", up());
        let (status, took) = look(health).await;
        assert_eq!(status, "unavailable");
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}
