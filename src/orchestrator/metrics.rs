//! The Prometheus metrics of turns: counts, times and states, never anything a person wrote.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::domain::chat::{Rung, TurnDone};
use crate::llm::Usage;

/// The end of a turn.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EndLabels {
    status: &'static str,
    /// The reason for a failure or cancellation; otherwise empty.
    reason: String,
    /// The provider of the answer; empty if there was none.
    provider: String,
}

/// A finished call to a language model.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    provider: &'static str,
    /// `completed`, or the reason of the failure.
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TokenLabels {
    provider: &'static str,
    /// `input` or `output`.
    direction: &'static str,
}

/// A piece of a model's text that is not shown.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DroppedLabels {
    reason: &'static str,
}

/// An answer of a model that was replaced because no sentence could be shown.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReplacedLabels {
    /// The rung that answered instead: `extractive` or `abstain`.
    rung: &'static str,
}

/// The metrics of calls to language models; clones share their counts.
#[derive(Clone, Default)]
pub(super) struct CallMetrics {
    attempts: Family<CallLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
}

impl CallMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "llm_attempts",
            "Calls to language models that ended",
            self.attempts.clone(),
        );
        registry.register(
            "llm_tokens",
            "Tokens of calls to language models, as the provider counted them",
            self.tokens.clone(),
        );
    }

    pub fn ended(&self, provider: &'static str, outcome: &'static str, usage: Usage) {
        let labels = CallLabels { provider, outcome };
        self.attempts.get_or_create(&labels).inc();
        let counts = [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
        ];
        for (direction, count) in counts {
            let labels = TokenLabels {
                provider,
                direction,
            };
            let count = u64::from(count.unwrap_or_default());
            self.tokens.get_or_create(&labels).inc_by(count);
        }
    }
}

/// A turn that runs here, until it is dropped.
pub(super) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The metrics of this process's turns; clones share their counts.
#[derive(Clone)]
pub struct TurnMetrics {
    pub(super) calls: CallMetrics,
    ended: Family<EndLabels, Counter>,
    running: Gauge,
    taken_over: Counter,
    refused: Counter,
    superseded: Counter,
    dropped: Family<DroppedLabels, Counter>,
    replaced: Family<ReplacedLabels, Counter>,
    withheld: Counter,
    seconds: Histogram,
    first_token_seconds: Histogram,
    retrieval_seconds: Histogram,
}

impl Default for TurnMetrics {
    fn default() -> Self {
        // 5 ms to 80 s.
        let histogram = || Histogram::new(exponential_buckets(0.005, 2.0, 15));
        Self {
            calls: CallMetrics::default(),
            ended: Family::default(),
            running: Gauge::default(),
            taken_over: Counter::default(),
            refused: Counter::default(),
            superseded: Counter::default(),
            dropped: Family::default(),
            replaced: Family::default(),
            withheld: Counter::default(),
            seconds: histogram(),
            first_token_seconds: histogram(),
            retrieval_seconds: histogram(),
        }
    }
}

impl TurnMetrics {
    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.calls.register(registry);
        registry.register("turns", "Turns that ended here", self.ended.clone());
        registry.register("turns_running", "Turns that run here", self.running.clone());
        registry.register(
            "turns_taken_over",
            "Turns taken over from other replicas",
            self.taken_over.clone(),
        );
        registry.register(
            "turns_refused",
            "Questions refused because too many turns ran, here or of one person",
            self.refused.clone(),
        );
        registry.register(
            "turns_superseded",
            "Turns that another replica had taken over before they ended here",
            self.superseded.clone(),
        );
        registry.register(
            "answer_sentences_dropped",
            "Sentences of a model that were not shown, by reason",
            self.dropped.clone(),
        );
        registry.register(
            "passages_withheld",
            "Retrieved passages that were left out because they contain hostile text",
            self.withheld.clone(),
        );
        registry.register(
            "answers_replaced",
            "Answers of a model that were replaced, by the rung that answered instead",
            self.replaced.clone(),
        );
        registry.register(
            "turn_seconds",
            "Seconds from acceptance to the end",
            self.seconds.clone(),
        );
        registry.register(
            "turn_first_token_seconds",
            "Seconds from acceptance to the first piece of a model's answer",
            self.first_token_seconds.clone(),
        );
        registry.register(
            "turn_retrieval_seconds",
            "Seconds from acceptance to the evidence",
            self.retrieval_seconds.clone(),
        );
    }

    pub(super) fn began(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    pub(super) fn took_over(&self) {
        self.taken_over.inc();
    }

    pub(super) fn refused(&self) {
        self.refused.inc();
    }

    pub(super) fn superseded(&self) {
        self.superseded.inc();
    }

    pub(super) fn dropped(&self, reason: &'static str) {
        self.dropped.get_or_create(&DroppedLabels { reason }).inc();
    }

    pub(super) fn withheld(&self, passages: usize) {
        let passages = u64::try_from(passages).unwrap_or(u64::MAX);
        self.withheld.inc_by(passages);
    }

    pub(super) fn replaced(&self, rung: Rung) {
        let rung = rung.as_str();
        self.replaced.get_or_create(&ReplacedLabels { rung }).inc();
    }

    pub(super) fn ended(&self, done: &TurnDone) {
        self.ended
            .get_or_create(&EndLabels {
                status: done.status.as_str(),
                reason: done.reason.clone().unwrap_or_default(),
                provider: done.provider.clone().unwrap_or_default(),
            })
            .inc();
        self.seconds.observe(seconds(done.timings.total_ms));
        if let Some(ms) = done.timings.first_token_ms {
            self.first_token_seconds.observe(seconds(ms));
        }
        if let Some(ms) = done.timings.retrieval_ms {
            self.retrieval_seconds.observe(seconds(ms));
        }
    }
}

fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}
