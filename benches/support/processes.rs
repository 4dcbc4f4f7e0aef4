//! CPU time, memory and wake-ups of processes, from `/proc`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Clock ticks a second in `/proc/PID/stat`, on every Linux that Rust supports.
const TICKS: f64 = 100.0;

/// The CPU seconds of a process' living threads so far, to the nanosecond.
pub fn of_threads(process: &str) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    // The first number is the nanoseconds on a processor.
    let of_thread = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    };
    let threads = threads.into_iter().flatten().flatten();
    threads.filter_map(of_thread).sum::<f64>() / 1e9
}

/// Parts of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    own: f64,
    /// Of the children that have ended.
    of_children: f64,
    threads: u32,
}

fn stat(process: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name, in parentheses, may contain spaces.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |at: usize| Some(fields.get(at)?.parse::<f64>().ok()? / TICKS);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: seconds(11)? + seconds(12)?,
        of_children: seconds(13)? + seconds(14)?,
        threads: fields.get(17)?.parse().ok()?,
    })
}

fn processes() -> Vec<u32> {
    let found = fs::read_dir("/proc").unwrap().flatten();
    let name = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    found.filter_map(name).collect()
}

/// A process and all below it.
fn tree(root: u32) -> BTreeSet<u32> {
    let mut tree = BTreeSet::from([root]);
    let parents: Vec<(u32, u32)> = processes()
        .into_iter()
        .filter_map(|process| Some((process, stat(process)?.parent)))
        .collect();
    loop {
        let before = tree.len();
        for (process, parent) in &parents {
            if tree.contains(parent) {
                tree.insert(*process);
            }
        }
        if tree.len() == before {
            return tree;
        }
    }
}

/// The CPU seconds of a process and of all below it, those that have ended included.
pub fn cpu_of_tree(root: u32) -> f64 {
    let of = |process: u32| {
        let stat = stat(process)?;
        // A clock tick is long beside what one of many backends does, so one thread is read exactly;
        // of several, some may have ended.
        let own = match stat.threads {
            1 => of_threads(&process.to_string()),
            _ => stat.own,
        };
        Some(own + stat.of_children)
    };
    tree(root).into_iter().filter_map(of).sum()
}

/// How often each living thread of a process went to sleep of itself.
pub fn sleeps(process: u32) -> BTreeMap<u32, u64> {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let of_thread = |thread: fs::DirEntry| {
        let id = thread.file_name().to_str()?.parse().ok()?;
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let count = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        Some((id, count.trim().parse().ok()?))
    };
    let threads = threads.into_iter().flatten().flatten();
    threads.filter_map(of_thread).collect()
}

/// A line of `/proc/PID/status`, in KiB.
pub fn memory(process: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = line.and_then(|line| line.split_whitespace().next());
    value.expect(name).parse().unwrap()
}

/// The process that listens on a port of this machine; of a server that forks, the first one.
pub fn listener(port: u16) -> u32 {
    let mut sockets = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table).unwrap_or_default().lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, "0A", _, _, _, _, _, inode, ..] = fields[..] else {
                continue;
            };
            if local.ends_with(&format!(":{port:04X}")) {
                sockets.insert(format!("socket:[{inode}]"));
            }
        }
    }
    let listens = |process: &u32| {
        let files = fs::read_dir(format!("/proc/{process}/fd"));
        let mut links = files.into_iter().flatten().flatten();
        links.any(|file| {
            fs::read_link(file.path()).is_ok_and(|link| sockets.contains(&*link.to_string_lossy()))
        })
    };
    let found: BTreeSet<u32> = processes().into_iter().filter(listens).collect();
    let is_first =
        |process: &&u32| stat(**process).is_some_and(|stat| !found.contains(&stat.parent));
    let first = found.iter().find(is_first);
    *first.unwrap_or_else(|| panic!("no process of this machine listens on port {port}"))
}

/// The processes that ran or waited to run in the last minute, on average.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}
