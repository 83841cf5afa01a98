//! How much a set-up holds: the highest rate of arrivals within the limits, and what ended it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::report::{Run, table};
use super::run::once;
use super::scenario::Scenario;
use super::schedule::Shape;
use crate::report;

/// Of a processor, from which on it is what ended the load.
const BUSY: f64 = 0.85;

/// Arguments of `capacity`.
#[derive(Debug, Args)]
pub struct CapacityArgs {
    /// File of the scenario, whose limits decide; its arrivals are taken at other rates.
    #[arg(long)]
    scenario: PathBuf,
    /// Lowest rate, which must hold.
    #[arg(long, default_value_t = 1.0)]
    from: f64,
    /// Highest rate that is tried.
    #[arg(long, default_value_t = 2_000.0)]
    to: f64,
    /// Seconds of arrivals for each rate.
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// Hundredths between the rate that held and the one that did not, at which the search ends.
    #[arg(long, default_value_t = 5.0)]
    within: f64,
    /// Key of the site.
    #[arg(long, env = "LOADTEST_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Capacity {
    /// The highest rate that held, in arrivals a second.
    pub rate: f64,
    /// The lowest that did not; nothing when all held.
    pub too_much: Option<f64>,
    /// What ended it.
    pub ended_by: String,
}

/// Finds the capacity.
///
/// # Errors
/// When the scenario is wrong, or not even the lowest rate holds.
pub async fn capacity(args: CapacityArgs) -> anyhow::Result<ExitCode> {
    let mut scenario = Scenario::read(&args.scenario)?;
    anyhow::ensure!(0.0 < args.from && args.from < args.to, "--from: expected a rate above 0 and below --to");
    let is_random = matches!(scenario.arrivals, Some(Shape::Poisson { .. }));
    let mut search = Search::new(args.from, args.to, args.within / 100.0);
    let mut too_much: Option<Run> = None;
    while let Some(rate) = search.next() {
        scenario.arrivals = Some(if is_random {
            Shape::Poisson { rate, seconds: args.seconds, seed: 1 }
        } else {
            Shape::Constant { rate, seconds: args.seconds }
        });
        scenario.closed = None;
        let run = once(&scenario, args.key.as_deref(), false).await?;
        let holds = run.missed.is_empty() && run.harness.void.is_empty();
        if !args.json {
            report::text(&format!("{rate:.1}/s {}\n", if holds { "holds" } else { "is too much" }));
        }
        anyhow::ensure!(holds || rate > args.from, "not even {rate}/s holds:\n{}", table(&run));
        search.found(rate, holds);
        if !holds {
            too_much = Some(run);
        }
    }
    let found = Capacity {
        rate: search.holds,
        too_much: too_much.as_ref().map(|_| search.fails),
        ended_by: too_much.as_ref().map_or_else(|| "nothing up to the highest rate".to_owned(), ended_by),
    };
    if args.json {
        report::as_json(&found)?;
    } else {
        report::text(&format!("{:.1}/s hold; ended by {}\n", found.rate, found.ended_by));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells what a run that was too much was short of: the harness, a busy process, or the first limit that was missed.
fn ended_by(run: &Run) -> String {
    if let Some(reason) = run.harness.void.first() {
        return format!("the harness: {reason}");
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
    let all: f64 =
        run.usage.values().map(|usage| usage.processors).sum::<f64>() + run.harness.processor_share * cores;
    let busiest = run.usage.iter().max_by(|one, other| one.1.processors.total_cmp(&other.1.processors));
    let missed: Vec<&str> = run.missed.iter().map(|miss| miss.limit.as_str()).collect();
    let missed = missed.join(", ");
    match busiest {
        Some((name, usage)) if all > BUSY * cores => {
            format!(
                "the processors ({all:.1} of {cores:.0} busy, most by {name}: {:.1}); missed: {missed}",
                usage.processors
            )
        }
        _ => format!(
            "no processor ({all:.1} of {cores:.0} busy), so by waiting or a limit of the product; missed: {missed}"
        ),
    }
}

/// Doubles until a rate fails, and halves the way between from there on.
struct Search {
    holds: f64,
    fails: f64,
    most: f64,
    within: f64,
    has_held: bool,
    has_failed: bool,
}

impl Search {
    fn new(from: f64, to: f64, within: f64) -> Self {
        Self {
            holds: from,
            fails: to,
            most: to,
            within: within.max(0.001),
            has_held: false,
            has_failed: false,
        }
    }

    fn next(&self) -> Option<f64> {
        if !self.has_held {
            return Some(self.holds);
        }
        if !self.has_failed {
            return (self.holds < self.most).then(|| (self.holds * 2.0).min(self.most));
        }
        // Between rates the middle is the one by ratio.
        (self.fails / self.holds > 1.0 + self.within).then(|| (self.fails * self.holds).sqrt())
    }

    fn found(&mut self, rate: f64, holds: bool) {
        if holds {
            (self.holds, self.has_held) = (rate, true);
        } else {
            (self.fails, self.has_failed) = (rate, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Search;

    fn search(from: f64, to: f64, holds_up_to: f64) -> (f64, u32) {
        let mut search = Search::new(from, to, 0.05);
        let mut runs = 0;
        while let Some(rate) = search.next() {
            search.found(rate, rate <= holds_up_to);
            runs += 1;
        }
        (search.holds, runs)
    }

    #[test]
    fn the_highest_rate_that_holds_is_found_in_few_runs() {
        for most in [1.0, 3.0, 47.0, 333.0, 1_999.0] {
            let (found, runs) = search(1.0, 2_000.0, most);
            assert!(found <= most && found * 1.06 > most, "{found} of {most}");
            assert!(runs <= 18, "{runs}");
        }
        assert_eq!(search(1.0, 2_000.0, f64::INFINITY).0, 2_000.0);
    }
}
