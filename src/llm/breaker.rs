//! A circuit breaker: it skips a provider that keeps failing, and lets one call try it after a
//! pause.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::time::Instant;

use super::{BreakerConfig, LlmError};

/// The longest pause. A provider may ask for a longer one (`Retry-After`), but does not get it.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// A timer that fires this late means that the process stood still.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// The state of a breaker, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls may pass.
    Closed,
    /// No call passes until the pause ends.
    Open,
    /// One call checks whether the provider is back.
    HalfOpen,
}

impl BreakerState {
    const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// Returns a stable word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    /// The number of calls in a row that failed.
    Closed(usize),
    Open(Instant),
    HalfOpen,
}

/// The circuit breaker of one provider.
pub(super) struct Breaker {
    provider: &'static str,
    config: BreakerConfig,
    state: Mutex<State>,
}

/// The right to make one call. If it is dropped without a verdict, as after a cancellation, it says
/// nothing about the provider.
pub(super) struct Permit {
    breaker: Arc<Breaker>,
    /// Whether others wait for the outcome of this call.
    probe: bool,
}

impl Breaker {
    pub fn new(provider: &'static str, config: BreakerConfig) -> Self {
        Self {
            provider,
            config,
            state: Mutex::new(State::Closed(0)),
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> BreakerState {
        match *self.locked() {
            State::Closed(_) => BreakerState::Closed,
            State::Open(_) => BreakerState::Open,
            State::HalfOpen => BreakerState::HalfOpen,
        }
    }

    /// Whether [`Breaker::admit`] would let a call pass now.
    pub fn admits(&self) -> bool {
        match *self.locked() {
            State::Closed(_) => true,
            State::Open(until) => Instant::now() >= until,
            State::HalfOpen => false,
        }
    }

    /// Lets a call pass, or refuses it.
    pub fn admit(self: &Arc<Self>) -> Option<Permit> {
        let mut state = self.locked();
        let probe = match *state {
            State::Closed(_) => false,
            State::Open(until) if Instant::now() >= until => {
                *state = State::HalfOpen;
                true
            }
            State::Open(_) | State::HalfOpen => return None,
        };
        drop(state);
        Some(Permit {
            breaker: Arc::clone(self),
            probe,
        })
    }

    fn open(&self, state: &mut State, pause: Duration) {
        *state = State::Open(Instant::now() + pause);
        tracing::warn!(
            llm.provider = self.provider,
            pause_ms = pause.as_millis(),
            "provider left alone"
        );
    }
}

impl Permit {
    /// The first token arrived. After a pause the provider counts as back, on trial until an answer
    /// is complete.
    pub fn began(&mut self) {
        if std::mem::take(&mut self.probe) {
            *self.breaker.locked() = State::Closed(self.breaker.config.failures.saturating_sub(1));
        }
    }

    /// The answer is complete.
    pub fn completed(mut self) {
        self.began();
        let mut state = self.breaker.locked();
        if matches!(*state, State::Closed(_)) {
            *state = State::Closed(0);
        }
    }

    /// The call failed, and its deadline was `due`. A process that was stopped beyond the deadline
    /// learns nothing about the provider, because all its calls are late at once, however quickly
    /// they were answered.
    pub fn failed_by(self, due: Instant, error: &LlmError) {
        if Instant::now() < due + STOOD_STILL {
            self.failed(error);
        }
    }

    /// The call failed, before or after its first token.
    pub fn failed(mut self, error: &LlmError) {
        if error.is_about_the_request() {
            return self.began();
        }
        let breaker = &self.breaker;
        let asked = error.retry_after().map(|pause| pause.min(LONGEST_PAUSE));
        let pause = Duration::from_millis(breaker.config.pause_ms);
        let mut state = breaker.locked();
        match *state {
            State::Closed(failures) if failures + 1 >= breaker.config.failures => {
                breaker.open(&mut state, asked.unwrap_or_default().max(pause));
            }
            State::Closed(failures) => match asked {
                Some(asked) => breaker.open(&mut state, asked),
                None => *state = State::Closed(failures + 1),
            },
            State::HalfOpen if self.probe => {
                breaker.open(&mut state, asked.unwrap_or_default().max(pause));
            }
            State::Open(_) | State::HalfOpen => {}
        }
        drop(state);
        self.probe = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe {
            // Lets the next call try.
            *self.breaker.locked() = State::Open(Instant::now());
        }
    }
}

/// Reads the breakers at each scrape: one series per provider and state, 1 for the current state
/// and 0 for the others.
pub struct BreakerCollector(Vec<Arc<Breaker>>);

impl BreakerCollector {
    pub(super) fn new(breakers: Vec<Arc<Breaker>>) -> Self {
        Self(breakers)
    }
}

impl std::fmt::Debug for BreakerCollector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BreakerCollector")
    }
}

impl Collector for BreakerCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let mut family = encoder.encode_descriptor(
            "llm_breaker",
            "State of each provider's circuit breaker: 1 for the current state",
            None,
            MetricType::Gauge,
        )?;
        for breaker in &self.0 {
            let current = breaker.state();
            for state in BreakerState::ALL {
                let labels = [("provider", breaker.provider), ("state", state.as_str())];
                let gauge = ConstGauge::new(i64::from(state == current));
                gauge.encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn breaker() -> Arc<Breaker> {
        let config = BreakerConfig {
            failures: 2,
            pause_ms: 1_000,
        };
        Arc::new(Breaker::new("scripted", config))
    }

    fn fail(breaker: &Arc<Breaker>) {
        breaker.admit().unwrap().failed(&LlmError::Transport);
    }

    fn limited(seconds: u64) -> LlmError {
        LlmError::from_status(429, Some(Duration::from_secs(seconds)))
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_one_probe_closes_it() {
        let breaker = breaker();
        fail(&breaker);
        breaker.admit().unwrap().completed();
        fail(&breaker);
        assert_eq!(breaker.state(), BreakerState::Closed);
        fail(&breaker);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.admit().is_none());
        advance(Duration::from_secs(1)).await;
        let probe = breaker.admit().unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.admit().is_none());
        probe.completed();
        fail(&breaker);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_opens_it_again() {
        let breaker = breaker();
        fail(&breaker);
        fail(&breaker);
        advance(Duration::from_secs(1)).await;
        fail(&breaker);
        assert!(breaker.admit().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_a_first_token_lets_others_in_but_is_not_yet_an_answer() {
        let breaker = breaker();
        fail(&breaker);
        fail(&breaker);
        advance(Duration::from_secs(1)).await;
        let mut probe = breaker.admit().unwrap();
        probe.began();
        assert!(breaker.admits());
        probe.failed(&LlmError::Truncated);
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_respected_from_the_first_failure_on() {
        let breaker = breaker();
        breaker.admit().unwrap().failed(&limited(30));
        advance(Duration::from_secs(29)).await;
        assert!(breaker.admit().is_none());
        advance(Duration::from_secs(1)).await;
        breaker.admit().unwrap().failed(&limited(86_400));
        advance(LONGEST_PAUSE).await;
        assert!(breaker.admit().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_stood_still_does_not_blame_the_provider() {
        let breaker = breaker();
        let due = Instant::now() + Duration::from_secs(15);
        advance(Duration::from_secs(30)).await;
        for _ in 0..3 {
            let late = breaker.admit().unwrap();
            late.failed_by(due, &LlmError::FirstTokenTimeout);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        for _ in 0..2 {
            let failed = breaker.admit().unwrap();
            failed.failed_by(Instant::now(), &LlmError::FirstTokenTimeout);
        }
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_without_verdict_gives_its_place_to_the_next_call() {
        let breaker = breaker();
        breaker.admit().unwrap().failed(&limited(1));
        advance(Duration::from_secs(1)).await;
        drop(breaker.admit().unwrap());
        assert!(breaker.admit().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_request_says_nothing_against_the_provider() {
        let breaker = breaker();
        for refused in [
            LlmError::from_status(400, None),
            LlmError::ParameterRefused { parameter: "top_k" },
            LlmError::ModelNotFound,
            LlmError::Refused,
        ] {
            breaker.admit().unwrap().failed(&refused);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
