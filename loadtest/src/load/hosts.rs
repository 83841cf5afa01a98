//! What many hosts would hold, from what one was measured to take: a queue of questions before all processors (M/G/k).
//!
//! The wait is Erlang's C formula for k servers, corrected for service times that are not exponential as Allen and Cunneen do.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::report::{Report, Run};
use crate::report;

/// Arguments of `model`.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// A report whose scenario watched every service.
    report: PathBuf,
    /// Hosts to tell about.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 8, 16, 32])]
    hosts: Vec<u32>,
    /// Processors of each.
    #[arg(long, default_value_t = 2)]
    cores: u32,
    /// Share of them that may be in use.
    #[arg(long, default_value_t = 0.7)]
    utilisation: f64,
    /// Services of which there is only one, on a host of its own, however many hosts there are.
    #[arg(long, value_delimiter = ',')]
    single: Vec<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What so many hosts hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// How many.
    pub hosts: u32,
    /// Questions a second.
    pub rate: f64,
    /// Mean wait for a processor, in milliseconds.
    pub mean_wait_ms: f64,
    /// The wait that 1 of 100 questions exceeds, in milliseconds.
    pub p99_wait_ms: f64,
    /// What bounds the rate.
    pub bound: String,
}

/// Seconds of a processor for each question.
struct Service {
    /// Of the services that every host has.
    everywhere: f64,
    /// Of each that there is once.
    single: Vec<(String, f64)>,
    /// Variance of a question's time over the square of its mean.
    variation: f64,
}

/// Prints what so many hosts would hold.
///
/// # Errors
/// When the report cannot be read, or no service was watched in it.
pub fn model(args: &ModelArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!((0.01..0.99).contains(&args.utilisation), "--utilisation: expected 0.01 to 0.99");
    anyhow::ensure!(args.cores > 0, "--cores: expected 1 or more");
    let report = Report::read(&args.report)?;
    let service = service(&report.runs, &args.single)?;
    let rows: Vec<Row> =
        args.hosts.iter().map(|hosts| row(*hosts, args.cores, args.utilisation, &service)).collect();
    if args.json {
        report::as_json(&rows)?;
    } else {
        report::text(&table(args, &service, &rows));
    }
    Ok(ExitCode::SUCCESS)
}

fn service(runs: &[Run], single: &[String]) -> anyhow::Result<Service> {
    let answered: f64 = runs.iter().map(|run| run.measured.counts.answered as f64).sum();
    let of = |name: &str| {
        runs.iter().filter_map(|run| run.usage.get(name)).map(|usage| usage.processor_seconds).sum::<f64>()
            / answered
    };
    let mut names: Vec<&String> = runs.iter().flat_map(|run| run.usage.keys()).collect();
    names.sort_unstable();
    names.dedup();
    anyhow::ensure!(
        !names.is_empty() && answered > 0.0,
        "the report watched no service, or nothing was answered"
    );
    if let Some(unknown) = single.iter().find(|name| !names.contains(name)) {
        anyhow::bail!("--single: `{unknown}` was not watched");
    }
    let (once, everywhere): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| single.contains(**name));
    // How a question's processor time varies is not seen from outside; how long its answer takes is.
    let answer = runs.iter().filter_map(|run| run.measured.answer.as_ref());
    let variations = answer.map(|answer| (answer.deviation_ms / answer.mean_ms.max(1e-9)).powi(2));
    let variation = variations.fold(0.0, f64::max).clamp(0.1, 10.0);
    Ok(Service {
        everywhere: everywhere.iter().map(|name| of(name)).sum(),
        single: once.iter().map(|name| ((*name).clone(), of(name))).collect(),
        variation,
    })
}

fn row(hosts: u32, cores: u32, utilisation: f64, service: &Service) -> Row {
    let servers = hosts * cores;
    let mut rate = utilisation * f64::from(servers) / service.everywhere.max(1e-12);
    let mut bound = "the processors of all hosts".to_owned();
    for (name, seconds) in &service.single {
        let most = utilisation * f64::from(cores) / seconds.max(1e-12);
        if most < rate {
            (rate, bound) = (most, format!("the one {name}"));
        }
    }
    let (mean, p99) = waits(servers, rate, service.everywhere, service.variation);
    Row { hosts, rate, mean_wait_ms: mean * 1e3, p99_wait_ms: p99 * 1e3, bound }
}

/// Returns the mean wait and the one that 1 of 100 exceeds, in seconds, before `servers` at this rate.
fn waits(servers: u32, rate: f64, service: f64, variation: f64) -> (f64, f64) {
    let offered = rate * service;
    let spare = f64::from(servers) - offered;
    if spare <= 0.0 {
        return (f64::INFINITY, f64::INFINITY);
    }
    let waiting = erlang_c(servers, offered);
    let correction = f64::midpoint(1.0, variation);
    let scale = correction * service / spare;
    // The wait of those who wait at all falls off about exponentially.
    (waiting * scale, (waiting / 0.01).ln().max(0.0) * scale)
}

/// Returns the share of questions that find every server busy.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    // Erlang's B by its recursion, which no factorial overflows.
    let blocked =
        (1..=servers).fold(1.0, |blocked, count| offered * blocked / (f64::from(count) + offered * blocked));
    let utilisation = offered / f64::from(servers);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

fn table(args: &ModelArgs, service: &Service, rows: &[Row]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    _ = write_table(&mut text, args, service, rows);
    text
}

fn write_table(text: &mut String, args: &ModelArgs, service: &Service, rows: &[Row]) -> std::fmt::Result {
    writeln!(text, "Assumed, not measured:")?;
    writeln!(
        text,
        "  questions come independently of each other (Poisson) and are spread evenly over {} processors a host;",
        args.cores
    )?;
    writeln!(
        text,
        "  each takes {:.2} ms of a processor on its host, as measured at the report's rate, whatever the rate;",
        service.everywhere * 1e3
    )?;
    for (name, seconds) in &service.single {
        writeln!(text, "  and {:.2} ms at the one {name};", seconds * 1e3)?;
    }
    writeln!(
        text,
        "  times vary as whole answers do (squared variation {:.2}); models, disks and networks are no bound.",
        service.variation
    )?;
    writeln!(
        text,
        "  {:>6} {:>12} {:>14} {:>14}  bound by ({:.0} % in use)",
        "hosts",
        "questions/s",
        "mean wait ms",
        "p99 wait ms",
        args.utilisation * 100.0
    )?;
    for row in rows {
        writeln!(
            text,
            "  {:>6} {:>12.1} {:>14.3} {:>14.3}  {}",
            row.hosts, row.rate, row.mean_wait_ms, row.p99_wait_ms, row.bound
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Service, erlang_c, row, waits};

    fn is_near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 0.001 * expected.abs().max(0.001)
    }

    #[test]
    fn waits_are_those_of_the_textbook() {
        // One server: all who find it busy wait, ρ; and M/M/1 waits ρ/(μ-λ).
        assert!(is_near(erlang_c(1, 0.8), 0.8));
        assert!(is_near(waits(1, 0.8, 1.0, 1.0).0, 4.0));
        // Two servers at an offered load of 1: 1/3 wait, and they wait 1/3 of a service time on average.
        assert!(is_near(erlang_c(2, 1.0), 1.0 / 3.0) && is_near(waits(2, 1.0, 1.0, 1.0).0, 1.0 / 3.0));
        // Constant service times halve the wait of M/M/1 (Pollaczek and Khinchine).
        assert!(is_near(waits(1, 0.8, 1.0, 0.0).0, 2.0));
        assert_eq!(waits(2, 2.0, 1.0, 1.0).0, f64::INFINITY);
        assert!((0.0..1.0).contains(&erlang_c(10_000, 9_900.0)), "no overflow");
    }

    #[test]
    fn hosts_add_up_until_what_there_is_once_is_full() {
        let service =
            Service { everywhere: 0.010, single: vec![("retriever".to_owned(), 0.001)], variation: 1.0 };
        let of = |hosts| row(hosts, 2, 0.7, &service);
        assert!(is_near(of(1).rate, 140.0) && is_near(of(4).rate, 560.0));
        assert!(is_near(of(32).rate, 1_400.0) && of(32).bound.contains("retriever"));
        assert!(of(4).mean_wait_ms < of(1).mean_wait_ms, "many servers wait less at the same utilisation");
    }
}
