//! Unknown credentials: counted, slowed down after a burst, and logged once a minute.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::limits::Count;
use super::problem::Problem;

/// Wrong credentials per minute and address that are answered at once.
const BURST: u32 = 30;
/// How long each further answer is delayed.
const PAUSE: Duration = Duration::from_secs(1);
/// The most answers delayed at once; beyond them, 429 comes without delay.
const HELD_BACK: usize = 64;
/// The pause between two lines in the log.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// The kind of credential that a refused request showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// No credential; a web page asks this way whether it needs a key.
    Nothing,
    /// An unknown, revoked or expired key or token.
    Unknown,
    /// An unknown credential on a route that only the orchestrator calls. It is not slowed down:
    /// nobody guesses such a token, and during a rotation the orchestrator itself may show one that
    /// is unknown here.
    UnknownInternal,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    credential: &'static str,
}

struct Untold {
    failures: u64,
    next: Instant,
}

/// The authentication failures of a process.
#[derive(Clone)]
pub struct Failures {
    count: Count,
    total: Family<Labels, Counter>,
    held_back: Arc<Semaphore>,
    untold: Arc<Mutex<Untold>>,
}

impl Failures {
    /// Starts at zero. `count` counts within this process, because addresses must not leave it.
    pub fn new(count: Count) -> Self {
        Self {
            count,
            total: Family::default(),
            held_back: Arc::new(Semaphore::new(HELD_BACK)),
            untold: Arc::new(Mutex::new(Untold {
                failures: 0,
                next: Instant::now(),
            })),
        }
    }

    /// Adds the counters to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "auth_failures",
            "Requests without a valid credential",
            self.total.clone(),
        );
    }

    /// Counts one failure and returns its answer, delayed if there were many from this address. A
    /// valid credential is never delayed, because others may share the address.
    pub(super) async fn refuse(
        &self,
        shown: Shown,
        peer: Option<IpAddr>,
        answer: Problem,
    ) -> Problem {
        let credential = match shown {
            Shown::Nothing => "none",
            Shown::Unknown => "unknown",
            Shown::UnknownInternal => "unknown_internal",
        };
        self.total.get_or_create(&Labels { credential }).inc();
        if shown == Shown::Nothing {
            return answer;
        }
        self.tell(peer);
        if shown == Shown::UnknownInternal {
            return answer;
        }
        let key = format!("auth:{}", peer.map(source).unwrap_or_default());
        let Some(wait) = (self.count)(key, BURST).await else {
            return answer;
        };
        let Ok(_permit) = self.held_back.try_acquire() else {
            return Problem::too_many_requests(wait);
        };
        sleep(PAUSE).await;
        answer
    }

    fn tell(&self, peer: Option<IpAddr>) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.failures += 1;
        let now = Instant::now();
        if now < untold.next {
            return;
        }
        tracing::warn!(
            auth.failures = untold.failures,
            peer.network = peer.map(network),
            "credentials were not accepted"
        );
        *untold = Untold {
            failures: 0,
            next: now + TELL_EVERY,
        };
    }
}

/// The unit that one person controls: an IPv4 address, or an IPv6 network whose hosts choose
/// addresses.
fn source(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x}", address.to_bits() >> 64),
    }
}

/// The network for the log, because an address may identify a person.
fn network(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::FutureExt;
    use futures::future::{join_all, ready};

    use super::*;

    /// Allows this many failures at once.
    fn failures(free: u32) -> Failures {
        let seen = AtomicU32::new(0);
        Failures::new(Arc::new(move |_, _| {
            let over = seen.fetch_add(1, Ordering::Relaxed) >= free;
            ready(over.then_some(Duration::from_secs(7))).boxed()
        }))
    }

    async fn refuse(failures: &Failures, shown: Shown) -> (u64, Duration) {
        let begun = Instant::now();
        let peer = Some(IpAddr::from([198, 51, 100, 7]));
        let answer = failures.refuse(shown, peer, Problem::unauthorized());
        let status = answer.await.to_value("r")["status"].as_u64().unwrap();
        (status, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_wrong_credentials_are_slowed() {
        let failures = failures(2);
        for _ in 0..2 {
            let answer = refuse(&failures, Shown::Unknown).await;
            assert_eq!(answer, (401, Duration::ZERO));
        }
        let all = (0..HELD_BACK + 3).map(|_| refuse(&failures, Shown::Unknown));
        let all = join_all(all).await;
        let held_back = all.iter().filter(|answer| **answer == (401, PAUSE));
        assert_eq!(held_back.count(), HELD_BACK);
        let refused = all
            .iter()
            .filter(|answer| **answer == (429, Duration::ZERO));
        assert_eq!(refused.count(), 3);
        for shown in [Shown::Nothing, Shown::UnknownInternal] {
            assert_eq!(refuse(&failures, shown).await, (401, Duration::ZERO));
        }
    }

    #[test]
    fn no_log_has_an_address_in_full() {
        for (address, told, counted) in [
            ("198.51.100.7", "198.51.100.0/24", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.0/24", "198.51.100.7"),
            (
                "2001:db8:1:2:3:4:5:6",
                "2001:db8:1::/48",
                "20010db800010002",
            ),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(network(address), told);
            assert_eq!(source(address), counted);
        }
    }
}
