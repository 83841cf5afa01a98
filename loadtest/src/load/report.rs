//! A load's result: the file that holds it, for programs and for comparing, and the view in a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::latency::Percentiles;
use super::limits::Miss;
use super::record::{HOPS, Measured};
use super::watch::{Harness, Usage};

/// Version of the file; another one is not read.
const VERSION: u32 = 1;

/// All runs of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// When the first run began: seconds since the Unix epoch.
    pub begun: u64,
    /// One after the other.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What was measured.
    pub measured: Measured,
    /// What the watched processes took, by their names.
    pub usage: BTreeMap<String, Usage>,
    /// How the harness itself fared.
    pub harness: Harness,
    /// Idle connections.
    pub crowd: Option<CrowdReport>,
    /// Limits that were missed.
    pub missed: Vec<Miss>,
}

/// What became of the idle connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrowdReport {
    /// That stood.
    pub opened: u64,
    /// That could not be opened.
    pub refused: u64,
    /// That were lost before the end.
    pub lost: u64,
    /// Until each was back after all lost their connection.
    pub back: Option<Percentiles>,
}

impl Report {
    /// Returns a report without runs.
    pub fn new(scenario: &str, begun: u64) -> Self {
        Self { version: VERSION, scenario: scenario.to_owned(), begun, runs: Vec::new() }
    }

    /// Reads a report.
    ///
    /// # Errors
    /// When the file cannot be read or is of another version.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let report: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is no report of `loadtest load --out`", file.display()))?;
        anyhow::ensure!(
            report.version == VERSION && !report.runs.is_empty(),
            "{}: expected version {VERSION} and at least one run",
            file.display()
        );
        Ok(report)
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Returns whether every run met its limits and can be believed.
    pub fn verdict(&self) -> Verdict {
        if self.runs.iter().any(|run| !run.harness.void.is_empty()) {
            return Verdict::Void;
        }
        let is_good = self.runs.iter().all(|run| run.missed.is_empty());
        if is_good { Verdict::Met } else { Verdict::Missed }
    }
}

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every limit was met.
    Met,
    /// One was missed.
    Missed,
    /// The harness was in its own way, so nothing is known.
    Void,
}

impl Verdict {
    /// Returns the exit code of the command: 0, 1 or 3.
    pub fn code(self) -> u8 {
        match self {
            Self::Met => 0,
            Self::Missed => 1,
            Self::Void => 3,
        }
    }
}

/// Returns a run as a table for a terminal.
pub fn table(run: &Run) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    _ = write_table(&mut text, run);
    text
}

fn write_table(text: &mut String, run: &Run) -> std::fmt::Result {
    let measured = &run.measured;
    let counts = &measured.counts;
    writeln!(text, "{} questions planned, {:.1} s in all", counts.planned, measured.seconds)?;
    let (answered, failed, dropped) = (counts.answered, counts.failed(), counts.dropped);
    writeln!(text, "  answered {answered}, failed {failed}, dropped {dropped}, resumed {}", counts.resumed)?;
    writeln!(
        text,
        "  {} pieces of text, {:.0} a second, {} bytes",
        counts.tokens, measured.tokens_per_second, counts.bytes
    )?;
    writeln!(
        text,
        "  {:<22} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "ms from plan", "p50", "p90", "p95", "p99", "max"
    )?;
    let rows = [
        ("connect", &measured.connect),
        ("first token", &measured.first_token),
        ("whole answer", &measured.answer),
        ("between tokens", &measured.gap),
    ];
    for (name, latency) in rows {
        row(text, name, latency.as_ref())?;
    }
    for name in HOPS.iter().filter(|name| measured.hops.contains_key(**name)) {
        row(text, &format!("first token: {name}"), measured.hops.get(*name))?;
    }
    if measured.by_client.len() > 1 {
        for (name, latency) in &measured.by_client {
            row(text, &format!("first token by {name}"), Some(latency))?;
        }
    }
    for (code, count) in &counts.errors {
        writeln!(text, "  error {code}: {count}")?;
    }
    write_rest(text, run)
}

/// Writes what is beside the questions: idle sockets, processes, the harness, limits.
fn write_rest(text: &mut String, run: &Run) -> std::fmt::Result {
    let Run { measured, usage, harness, crowd, missed } = run;
    let counts = &measured.counts;
    if let Some(CrowdReport { opened, refused, lost, back }) = crowd {
        writeln!(text, "  idle sockets: {opened} opened, {refused} refused, {lost} lost")?;
        row(text, "back after the storm", back.as_ref())?;
    }
    for (name, usage) in usage {
        let mib = usage.most_resident_bytes as f64 / 1_048_576.0;
        let per_token = usage.processor_seconds * 1e6 / counts.tokens.max(1) as f64;
        let (from, to) = usage.descriptors;
        writeln!(
            text,
            "  {name:<12} {:.2} processors, {per_token:.1} us a piece of text, at most {mib:.1} MiB, {from} to {to} descriptors",
            usage.processors
        )?;
    }
    let late = harness.late.as_ref().map_or(0.0, |late| late.p99_ms);
    writeln!(
        text,
        "  harness      {:.0} % of all processors, late by {late:.1} ms (p99)",
        harness.processor_share * 100.0
    )?;
    for Miss { limit, value, wanted } in missed {
        let value = value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.3}"));
        writeln!(text, "  LIMIT MISSED {limit}: {value}, limit {wanted}")?;
    }
    for reason in &harness.void {
        writeln!(text, "  VOID: {reason}; use fewer visitors, or another machine for the harness")?;
    }
    Ok(())
}

fn row(text: &mut String, name: &str, latency: Option<&Percentiles>) -> std::fmt::Result {
    match latency {
        Some(Percentiles { p50_ms, p90_ms, p95_ms, p99_ms, max_ms, .. }) => {
            writeln!(
                text,
                "  {name:<22} {p50_ms:>9.2} {p90_ms:>9.2} {p95_ms:>9.2} {p99_ms:>9.2} {max_ms:>9.2}"
            )
        }
        None => Ok(()),
    }
}
