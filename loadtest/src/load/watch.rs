//! What a load costs: processor time and memory of processes, and whether the harness itself was in the way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::latency::{Latency, Percentiles};

const EVERY: Duration = Duration::from_millis(250);
/// How often the harness looks whether it is late itself.
const BEAT: Duration = Duration::from_millis(10);
/// Lateness of the harness in one of a hundred beats, from which on what it measured is its own doing.
const MOST_LATE_MS: f64 = 20.0;
/// Processor time of the harness, in cores of those that there are, from which on it may have held itself up.
const MOST_OWN_SHARE: f64 = 0.8;
/// Memory grows while caches fill; what it does after this tells more.
const SETTLED: Duration = Duration::from_secs(60);
/// Of the kernel's clock in `/proc/PID/stat`, on every Linux that there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process to watch: by its number, or by the name of its program where that is the only one.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// What the report calls it, and, without a number, the name of its program.
    pub name: String,
    /// Its number.
    pub pid: Option<u32>,
}

/// What a process took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Seconds of one processor.
    pub processor_seconds: f64,
    /// Processors in use, on average.
    pub processors: f64,
    /// Memory at the beginning.
    pub first_resident_bytes: u64,
    /// Most memory.
    pub most_resident_bytes: u64,
    /// Memory at the end.
    pub last_resident_bytes: u64,
    /// Memory at the end beside that after the first minute, in hundredths; nothing for a shorter run.
    pub growth_percent: Option<f64>,
    /// Open descriptors at the beginning and at the end.
    pub descriptors: (u64, u64),
}

/// How the harness itself fared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Harness {
    /// How late it woke, each 10 ms.
    pub late: Option<Percentiles>,
    /// Its processor time as a share of all processors.
    pub processor_share: f64,
    /// Why what was measured is not to be believed; empty when it is.
    pub void: Vec<String>,
}

/// Watches until [`Watch::end`].
#[derive(Debug)]
pub struct Watch {
    ending: watch::Sender<bool>,
    processes: JoinSet<BTreeMap<String, Usage>>,
    lateness: JoinSet<Latency>,
    begun: Instant,
    own: f64,
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// When a process is not there, or its name belongs to several.
    pub fn begin(watched: &[Watched]) -> anyhow::Result<Self> {
        let processes: Vec<_> = watched
            .iter()
            .map(|watched| Ok((watched.name.clone(), number(watched)?)))
            .collect::<anyhow::Result<_>>()?;
        let (ending, ended) = watch::channel(false);
        let (mut following, mut lateness) = (JoinSet::new(), JoinSet::new());
        following.spawn(follow(processes, ended.clone()));
        lateness.spawn(beat(Latency::new()?, ended));
        Ok(Self {
            ending,
            processes: following,
            lateness,
            begun: Instant::now(),
            own: processor_seconds(std::process::id()),
        })
    }

    /// Returns what the processes took, and how the harness fared.
    pub async fn end(mut self) -> (BTreeMap<String, Usage>, Harness) {
        self.ending.send_replace(true);
        let usage = self.processes.join_next().await.and_then(Result::ok).unwrap_or_default();
        let late = self.lateness.join_next().await.and_then(Result::ok).and_then(|late| late.percentiles());
        let own = processor_seconds(std::process::id()) - self.own;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let processor_share = own / self.begun.elapsed().as_secs_f64().max(1e-9) / cores as f64;
        let void = reasons(late.as_ref(), processor_share);
        (usage, Harness { late, processor_share, void })
    }
}

fn reasons(late: Option<&Percentiles>, processor_share: f64) -> Vec<String> {
    let mut void = Vec::new();
    if let Some(late) = late.filter(|late| late.p99_ms > MOST_LATE_MS || late.max_ms > 10.0 * MOST_LATE_MS) {
        let (p99, max) = (late.p99_ms, late.max_ms);
        void.push(format!("the harness itself was late: p99 {p99:.1} ms, at most {max:.1} ms"));
    }
    if processor_share > MOST_OWN_SHARE {
        void.push(format!("the harness took {:.0} % of all processors", processor_share * 100.0));
    }
    void
}

/// Records how late it wakes, until the run has ended.
async fn beat(mut latency: Latency, mut ended: watch::Receiver<bool>) -> Latency {
    loop {
        let wanted = Instant::now() + BEAT;
        let is_over = tokio::time::timeout(BEAT, ended.wait_for(|over| *over)).await.is_ok();
        latency.record(Instant::now().saturating_duration_since(wanted));
        if is_over {
            return latency;
        }
    }
}

async fn follow(processes: Vec<(String, u32)>, mut ended: watch::Receiver<bool>) -> BTreeMap<String, Usage> {
    let begun = Instant::now();
    let first: Vec<_> = processes.iter().map(|(_, id)| (processor_seconds(*id), descriptors(*id))).collect();
    let mut usage: BTreeMap<String, Usage> = BTreeMap::new();
    let mut settled: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        let is_over = tokio::time::timeout(EVERY, ended.wait_for(|over| *over)).await.is_ok();
        for ((name, id), (before, open)) in processes.iter().zip(&first) {
            // One that has ended keeps what was seen last.
            let Some(resident) = resident_bytes(*id) else { continue };
            let usage = usage.entry(name.clone()).or_insert_with(|| Usage {
                first_resident_bytes: resident,
                descriptors: (*open, *open),
                ..Usage::default()
            });
            usage.processor_seconds = processor_seconds(*id) - before;
            usage.processors = usage.processor_seconds / begun.elapsed().as_secs_f64().max(1e-9);
            usage.most_resident_bytes = usage.most_resident_bytes.max(resident);
            usage.last_resident_bytes = resident;
            usage.descriptors.1 = descriptors(*id);
            if begun.elapsed() >= SETTLED {
                let then = *settled.entry(name.clone()).or_insert(resident);
                usage.growth_percent = Some((resident as f64 / then.max(1) as f64 - 1.0) * 100.0);
            }
        }
        if is_over {
            return usage;
        }
    }
}

fn number(watched: &Watched) -> anyhow::Result<u32> {
    let Watched { name, pid } = watched;
    if let Some(pid) = pid {
        resident_bytes(*pid).with_context(|| format!("watch: there is no process {pid} (`{name}`)"))?;
        return Ok(*pid);
    }
    let entries = std::fs::read_dir("/proc").context("watch: cannot read /proc")?;
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let is_named = |id: &u32| {
        std::fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|comm| comm.trim_end() == name)
    };
    let found: Vec<u32> = numbers.filter(is_named).collect();
    match found[..] {
        [one] => Ok(one),
        [] => anyhow::bail!("watch: no process is named `{name}`; start it, or give its `pid`"),
        _ => anyhow::bail!("watch: {} processes are named `{name}`; give the `pid` of one", found.len()),
    }
}

/// Returns the processor time of a process, all its threads together; 0 for one that has ended.
fn processor_seconds(id: u32) -> f64 {
    let read = || {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name before may hold anything, brackets too.
        let (_, fields) = text.rsplit_once(')')?;
        let mut ticks = fields.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
        Some((ticks.next()?? + ticks.next()??) / TICKS_PER_SECOND)
    };
    read().unwrap_or_default()
}

fn resident_bytes(id: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

fn descriptors(id: u32) -> u64 {
    std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, |entries| entries.count() as u64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Watch, Watched};

    #[tokio::test]
    async fn a_process_is_followed_and_a_harness_that_stands_still_says_so() {
        let own = Watched { name: "own".to_owned(), pid: Some(std::process::id()) };
        let watch = Watch::begin(std::slice::from_ref(&own)).expect("it is there");
        tokio::task::yield_now().await;
        // The only thread of this runtime: nothing of the harness runs meanwhile.
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(500) {
            std::hint::spin_loop();
        }
        let (usage, harness) = watch.end().await;
        assert!(harness.void.iter().any(|reason| reason.contains("late")), "{harness:?}");
        assert!(harness.late.expect("beats").max_ms > 400.0);
        let own = &usage["own"];
        assert!(own.most_resident_bytes > 1 << 20 && own.descriptors.0 > 2, "{own:?}");
        assert!(own.growth_percent.is_none(), "a short run");
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_named() {
        for (name, pid) in [("nobody-has-this-name", None), ("gone", Some(u32::MAX))] {
            let watched = Watched { name: name.to_owned(), pid };
            assert!(Watch::begin(&[watched]).expect_err("not there").to_string().contains(name));
        }
    }
}
