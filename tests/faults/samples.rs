//! Memory and open files of processes over time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use super::rig::Replicas;

/// Between two samples.
const EVERY: Duration = Duration::from_secs(10);
/// `USER_HZ`: what `/proc` counts processor time in.
const TICKS: f64 = 100.0;

/// The measurements of a process at one moment.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// Seconds since the start.
    pub at: f64,
    /// Resident, in MiB.
    pub memory: f64,
    /// Open file descriptors.
    pub files: f64,
    /// Processor seconds used so far.
    pub processor: f64,
}

/// The samples of one process.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    pub process: &'static str,
    pub samples: Vec<Sample>,
}

impl Series {
    /// How much a value grows an hour after the warm-up: the slope of the least-squares line.
    pub fn slope(&self, warm_up: Duration, value: impl Fn(&Sample) -> f64) -> f64 {
        let warm = |sample: &&Sample| sample.at >= warm_up.as_secs_f64();
        let points: Vec<(f64, f64)> = self
            .samples
            .iter()
            .filter(warm)
            .map(|sample| (sample.at / 3600.0, value(sample)))
            .collect();
        let count = f64::from(u32::try_from(points.len()).unwrap());
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (hours, values) = (mean(|point| point.0), mean(|point| point.1));
        let (mut above, mut below) = (0.0, 0.0);
        for (hour, value) in points {
            above += (hour - hours) * (value - values);
            below += (hour - hours).powi(2);
        }
        above / below
    }

    /// A value's mean over as long a time as the warm-up takes, after it and at the end.
    pub fn early_and_late(&self, span: Duration, value: impl Fn(&Sample) -> f64) -> (f64, f64) {
        let span = span.as_secs_f64();
        let end = self.samples.last().map_or(0.0, |sample| sample.at);
        let mean = |from: f64| {
            let within = |sample: &&Sample| (from..=from + span).contains(&sample.at);
            let values: Vec<f64> = self.samples.iter().filter(within).map(&value).collect();
            values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
        };
        (mean(span), mean(end - span))
    }
}

/// Samples processes until it is dropped.
pub struct Watch {
    begun: Instant,
    series: Arc<Mutex<Vec<Series>>>,
    _tasks: JoinSet<()>,
}

impl Watch {
    /// Watches the first replica of each role, which no fault hits.
    pub fn start(replicas: &[&Replicas]) -> Self {
        let begun = Instant::now();
        let series = |replicas: &&Replicas| Series {
            process: replicas.role,
            samples: Vec::new(),
        };
        let all: Vec<Series> = replicas.iter().map(series).collect();
        let processes: Vec<u32> = replicas.iter().map(|role| role.process(0)).collect();
        let series = Arc::new(Mutex::new(all));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&series);
        tasks.spawn(async move {
            loop {
                for (series, process) in shared.lock().unwrap().iter_mut().zip(&processes) {
                    let at = begun.elapsed().as_secs_f64();
                    series.samples.push(sample(*process, at));
                }
                tokio::time::sleep(EVERY).await;
            }
        });
        Self {
            begun,
            series,
            _tasks: tasks,
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    pub fn series(&self) -> Vec<Series> {
        self.series.lock().unwrap().clone()
    }
}

/// The memory of a process in KiB.
pub fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.expect("the process lives");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.unwrap().trim().trim_end_matches(" kB");
    resident.parse().unwrap()
}

fn sample(process: u32, at: f64) -> Sample {
    let of = |file: &str| PathBuf::from(format!("/proc/{process}/{file}"));
    let resident = u32::try_from(resident(process)).unwrap();
    let files = std::fs::read_dir(of("fd")).unwrap().count();
    let stat = std::fs::read_to_string(of("stat")).unwrap();
    // The fields after the name, from the third on: the 14th and 15th are user and system time.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap();
    Sample {
        at,
        memory: f64::from(resident) / 1024.0,
        files: f64::from(u32::try_from(files).unwrap()),
        processor: (ticks(11) + ticks(12)) / TICKS,
    }
}
