//! The generic cell rate algorithm: a token bucket that stores one number, the theoretical arrival
//! time of the next request at full rate. The script in `redis` computes the same.

use std::time::Duration;

use super::RateDecision;

const MINUTE_MS: f64 = 60_000.0;

/// Decides at `now_ms`; returns the new arrival time if it changed.
pub(super) fn decide(arrival_ms: f64, now_ms: f64, limit: u32) -> (Option<f64>, RateDecision) {
    if limit == 0 {
        return (None, refused(MINUTE_MS));
    }
    let interval = MINUTE_MS / f64::from(limit);
    let next = arrival_ms.max(now_ms) + interval;
    let ahead = next - now_ms;
    // Allows a thousandth for rounding errors, here and below.
    if ahead > MINUTE_MS + interval / 1_000.0 {
        return (None, refused(ahead - MINUTE_MS));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and `limit`, and casts saturate"
    )]
    let remaining = ((MINUTE_MS - ahead) / interval + 0.001).floor() as u32;
    let decision = RateDecision {
        allowed: true,
        retry_after: Duration::ZERO,
        remaining,
    };
    (Some(next), decision)
}

fn refused(wait_ms: f64) -> RateDecision {
    RateDecision {
        allowed: false,
        retry_after: Duration::from_secs_f64(wait_ms.ceil() / 1_000.0),
        remaining: 0,
    }
}
