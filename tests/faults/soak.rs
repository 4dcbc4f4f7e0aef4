//! Everything at once for a long time: chats, changing documents, and a fault a minute.
//!
//! `CHATBOT_SOAK_MINUTES` says how long; without it a slice of seconds runs.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::Signal;

use super::chat::Load;
use super::check::check;
use super::documents::{self, Changes};
use super::front::Front;
use super::report::report_soak;
use super::rig::{Replicas, Rig};
use super::samples::{Series, Watch};
use crate::support::proxy::{Fault, Proxy};
use crate::support::service;
use crate::support::system::{Setup, authority};

/// With their pauses, about a third of what the replicas could do on two cores.
const CLIENTS: usize = 40;
const PAUSE: Duration = Duration::from_secs(2);
/// Goes round in longer than any request waits.
const DOCUMENTS: usize = 120;
const CHANGE: Duration = Duration::from_secs(1);
/// Caches fill and pools grow before this.
const WARM_UP: Duration = Duration::from_mins(10);
/// A run for less says nothing of a slope.
const LONG: Duration = Duration::from_mins(55);
/// Most memory that a process which lives through it may gain, in MiB an hour.
const GROWTH: f64 = 1.0;
/// So many times as many files as after the warm-up.
const MORE_FILES: f64 = 1.1;
/// The replica of each role that faults hit; the other lives through.
const VICTIM: usize = 1;

/// PostgreSQL, Redis and Kafka, each behind a proxy.
struct Dependencies {
    proxies: Vec<(&'static str, Proxy)>,
    _broker: Front,
}

impl Dependencies {
    async fn before(setup: Setup) -> (Self, Setup) {
        let mut proxies = Vec::new();
        let mut setup = setup;
        let (database, redis) = (
            setup.database.url.clone(),
            service("CHATBOT_TEST_REDIS_URL"),
        );
        for (name, variable, url) in [
            ("PostgreSQL", "DATABASE_URL", database),
            ("Redis", "REDIS_URL", redis),
        ] {
            let address = authority(&url);
            let proxy = Proxy::to(&address).await;
            setup = setup.with(variable, url.replace(&address, &proxy.address.to_string()));
            proxies.push((name, proxy));
        }
        let broker = service("CHATBOT_TEST_KAFKA_BROKERS");
        let proxy = Proxy::to(&broker).await;
        let advertised: SocketAddr = broker.parse().expect("one broker");
        let front = Front::broker(proxy.address, advertised).await;
        setup = setup.with("KAFKA_BROKERS", front.address.to_string());
        proxies.push(("Kafka", proxy));
        let all = Self {
            proxies,
            _broker: front,
        };
        (all, setup)
    }
}

/// How long to go on, how far faults are apart, and how long one lasts at most.
struct Plan {
    length: Duration,
    interval: Duration,
    freeze: Duration,
    away: Duration,
}

impl Plan {
    fn chosen() -> Self {
        let minutes = std::env::var("CHATBOT_SOAK_MINUTES").ok();
        let minutes = minutes.map(|text| text.parse::<u64>().expect("a number of minutes"));
        match minutes {
            Some(minutes) => Self {
                length: Duration::from_mins(minutes),
                interval: Duration::from_mins(1),
                freeze: Duration::from_secs(20),
                away: Duration::from_secs(10),
            },
            None => Self {
                length: Duration::from_secs(8),
                interval: Duration::from_secs(3),
                freeze: Duration::from_secs(2),
                away: Duration::from_secs(2),
            },
        }
    }
}

/// One fault from its beginning to its end; says which.
async fn provoke(rig: &mut Rig, dependencies: &Dependencies, plan: &Plan) -> String {
    let pick = rig.random.below(12);
    let lasts = rig.random.between(plan.away / 4, plan.away);
    if let Some(pick) = pick.checked_sub(6) {
        let (name, proxy) = &dependencies.proxies[pick % 3];
        let fault = [Fault::Gone, Fault::Silent][pick / 3];
        proxy.set(fault);
        tokio::time::sleep(lasts).await;
        proxy.set(Fault::None);
        return format!("{name} {fault:?}").to_lowercase();
    }
    let replicas: &Replicas = [&rig.orchestrators, &rig.rags][pick % 2];
    let fault = match pick / 2 {
        0 => {
            replicas.kill(VICTIM);
            replicas.start(&rig.setup, VICTIM);
            "killed"
        }
        1 => {
            let (took, clean) = replicas.terminate(VICTIM, Duration::from_secs(75)).await;
            assert!(clean, "it did not end cleanly within {took:?}");
            replicas.start(&rig.setup, VICTIM);
            "restarted"
        }
        _ => {
            replicas.signal(VICTIM, Signal::STOP);
            tokio::time::sleep(plan.freeze).await;
            replicas.signal(VICTIM, Signal::CONT);
            "frozen"
        }
    };
    format!("{} {fault}", replicas.role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_time_with_a_fault_a_minute() {
    let plan = Plan::chosen();
    let (dependencies, setup) = Dependencies::before(Setup::new().await).await;
    let mut rig = Rig::start("soak", 2, 2, setup).await;
    let load = Load::paced(&mut rig, CLIENTS, PAUSE);
    let changes = Changes::start(&mut rig, DOCUMENTS, CHANGE);
    let watch = Watch::start(&[&rig.orchestrators, &rig.rags]);
    let mut faults = Vec::new();
    while watch.elapsed() < plan.length {
        let next = plan.interval * u32::try_from(faults.len() + 1).unwrap();
        tokio::time::sleep(next.saturating_sub(watch.elapsed())).await;
        let at = watch.elapsed().as_secs_f64();
        let fault = provoke(&mut rig, &dependencies, &plan).await;
        rig.until_ready().await;
        print_progress(&watch, &fault, (load.ended(), changes.made()));
        faults.push((at, fault));
    }
    let chats = load.finish().await;
    let series = watch.series();
    let editions = changes.finish().await;
    documents::until_indexed(&rig).await;
    let found = check(&rig, &chats).await;
    documents::check(&rig).await;
    report_soak(&found, &faults, &series);
    documents::check_clean(&rig, &editions).await;
    if plan.length >= LONG {
        flat(&series);
    }
}

/// Neither memory nor open files grow.
fn flat(series: &[Series]) {
    for series in series {
        let memory = series.slope(WARM_UP, |sample| sample.memory);
        let process = series.process;
        assert!(memory <= GROWTH, "{process}: {memory:.2} MiB an hour");
        // Connections come and go, so their number has no line to fit.
        let (early, late) = series.early_and_late(WARM_UP, |sample| sample.files);
        assert!(
            late <= early * MORE_FILES,
            "{process}: {early:.1} files, later {late:.1}"
        );
    }
}

fn print_progress(watch: &Watch, fault: &str, (chats, changes): (usize, usize)) {
    let state: Vec<String> = watch
        .series()
        .iter()
        .filter_map(|series| {
            let (first, last) = (series.samples.first()?, series.samples.last()?);
            let share = (last.processor - first.processor) / (last.at - first.at).max(1.0);
            Some(format!(
                "{}: {:.1} MiB, {} files, {:.0} % of a core",
                series.process,
                last.memory,
                last.files,
                share * 100.0
            ))
        })
        .collect();
    let seconds = watch.elapsed().as_secs();
    println!(
        "{seconds} s, {fault}; {chats} chats, {changes} changes; {}",
        state.join("; ")
    );
}
