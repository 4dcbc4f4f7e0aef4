//! Liveness never looks at a dependency; readiness tells the truth within five seconds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures::future::{BoxFuture, join_all};
use serde::Serialize;

/// Why a dependency does not serve.
#[derive(Debug)]
pub enum Fault {
    /// No answer, or an error.
    Down,
    /// It answers, but lacks something that this role needs; readiness shows the text.
    Incomplete(String),
}

/// Checks one dependency.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Fault>> + Send + Sync>;

/// What readiness asks; put into the application's data.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, bool, Check)>,
    started: Arc<AtomicBool>,
    draining: Arc<AtomicBool>,
    /// The last log entry.
    said: Arc<Mutex<Reasons>>,
}

/// Why dependencies are incomplete, by their names.
type Reasons = BTreeMap<&'static str, String>;

/// Longest wait for a dependency that decides: well inside the five seconds readiness has.
const REQUIRED_DEADLINE: Duration = Duration::from_secs(2);
/// Longest wait for one that does not decide. Probes give up after a second or two: one that is
/// silent must not make this replica look unready, too.
const OPTIONAL_DEADLINE: Duration = Duration::from_millis(500);

impl Health {
    /// Adds a dependency without which this role cannot serve.
    #[must_use]
    pub fn required(mut self, name: &'static str, check: Check) -> Self {
        self.checks.push((name, true, check));
        self
    }

    /// Adds a dependency that is reported but does not decide.
    #[must_use]
    pub fn optional(mut self, name: &'static str, check: Check) -> Self {
        self.checks.push((name, false, check));
        self
    }

    /// Startup is over: migrations ran and models are loaded.
    pub fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// The process is about to stop: no new traffic, please.
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

    /// Logs reasons when they change: those who ask every few seconds do not read the body.
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

/// Alive: the process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

/// Ready: 200 when every required dependency answers, else 503.
pub async fn ready(health: web::Data<Health>) -> HttpResponse {
    let readiness = health.check().await;
    if readiness.status == "ready" {
        HttpResponse::Ok().json(readiness)
    } else {
        HttpResponse::ServiceUnavailable().json(readiness)
    }
}

/// Started: 200 once migrations ran and models are loaded.
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

    /// What is said of these dependencies, and after how long.
    async fn look(health: Health) -> (&'static str, Duration) {
        health.set_started();
        let begun = Instant::now();
        let status = health.check().await.status;
        (status, begun.elapsed())
    }

    #[tokio::test]
    async fn an_incomplete_dependency_says_what_it_lacks() {
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
    async fn what_does_not_decide_does_not_delay() {
        let health = Health::default()
            .required("postgresql", up())
            .optional("kafka", silent());
        let (status, took) = look(health).await;
        assert_eq!(status, "ready");
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_decides_and_is_silent_is_down_within_its_deadline() {
        let health = Health::default()
            .required("postgresql", silent())
            .optional("kafka", up());
        let (status, took) = look(health).await;
        assert_eq!(status, "unavailable");
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}
