//! One report beside another: each figure with how sure the difference is, from the runs of both.

use std::fmt::Write;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::latency::Percentiles;
use super::report::{Report, Run};

/// Draws for a confidence interval.
const DRAWS: usize = 4_000;
const SEED: u64 = 1;

/// One figure before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What it is.
    pub figure: String,
    /// Mean of the runs before.
    pub before: f64,
    /// Mean of the runs after.
    pub after: f64,
    /// After divided by before.
    pub ratio: f64,
    /// Where the ratio lies with 95 % confidence; nothing with a single run on a side.
    pub interval: Option<(f64, f64)>,
    /// Whether more is better.
    pub is_more_better: bool,
}

impl Row {
    /// Returns whether it is worse by more than so many hundredths, and, where several runs tell, beyond doubt.
    pub fn is_worse_by(&self, hundredths: f64) -> bool {
        let (low, high) = self.interval.unwrap_or((self.ratio, self.ratio));
        let most = 1.0 + hundredths / 100.0;
        if self.is_more_better {
            self.ratio < 1.0 / most && high < 1.0
        } else {
            self.ratio > most && low > 1.0
        }
    }
}

/// A figure's name, how it is read from a run, and whether more of it is better.
type Figure<'a> = (String, Box<dyn Fn(&Run) -> Option<f64> + 'a>, bool);

/// Returns every figure that both reports have.
pub fn compare(before: &Report, after: &Report) -> Vec<Row> {
    let mut processes: Vec<&String> = before.runs.iter().flat_map(|run| run.usage.keys()).collect();
    processes.sort_unstable();
    processes.dedup();
    let mut figures = latencies();
    figures.push(("tokens/s".to_owned(), Box::new(|run| Some(run.measured.tokens_per_second)), true));
    figures.push(("answered share".to_owned(), Box::new(answered), true));
    figures.extend(processes.into_iter().flat_map(|name| costs(name)));
    figures.into_iter().filter_map(|figure| row(figure, before, after)).collect()
}

fn latencies() -> Vec<Figure<'static>> {
    type Read = fn(&Run) -> Option<&Percentiles>;
    let kinds: [(&str, Read); 4] = [
        ("first token", |run| run.measured.first_token.as_ref()),
        ("between tokens", |run| run.measured.gap.as_ref()),
        ("whole answer", |run| run.measured.answer.as_ref()),
        ("first token: rest", |run| run.measured.hops.get("rest")),
    ];
    let mut figures: Vec<Figure<'static>> = Vec::new();
    for (what, read) in kinds {
        let median = move |run: &Run| read(run).map(|latency| latency.p50_ms);
        let tail = move |run: &Run| read(run).map(|latency| latency.p99_ms);
        figures.push((format!("{what} p50 ms"), Box::new(median), false));
        figures.push((format!("{what} p99 ms"), Box::new(tail), false));
    }
    figures
}

fn answered(run: &Run) -> Option<f64> {
    let counts = &run.measured.counts;
    (counts.planned > 0).then(|| counts.answered as f64 / counts.planned as f64)
}

fn costs(name: &str) -> [Figure<'_>; 2] {
    let per_token = move |run: &Run| {
        let tokens = run.measured.counts.tokens;
        run.usage.get(name).filter(|_| tokens > 0).map(|usage| usage.processor_seconds * 1e6 / tokens as f64)
    };
    let resident =
        move |run: &Run| run.usage.get(name).map(|usage| usage.most_resident_bytes as f64 / 1_048_576.0);
    [
        (format!("{name} us/token"), Box::new(per_token), false),
        (format!("{name} MiB"), Box::new(resident), false),
    ]
}

fn row((figure, read, is_more_better): Figure<'_>, before: &Report, after: &Report) -> Option<Row> {
    let values = |report: &Report| report.runs.iter().filter_map(&read).collect::<Vec<f64>>();
    let (old, new) = (values(before), values(after));
    if old.is_empty() || new.is_empty() || mean(&old) == 0.0 {
        return None;
    }
    let (before, after) = (mean(&old), mean(&new));
    let interval = (old.len() > 1 && new.len() > 1).then(|| interval(&old, &new));
    Some(Row { figure, before, after, ratio: after / before, interval, is_more_better })
}

/// Draws runs again and again with replacement, and returns where 95 of 100 ratios of the means lie.
fn interval(before: &[f64], after: &[f64]) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut draw = |values: &[f64]| {
        let drawn = (0..values.len()).map(|_| values[random.random_range(0..values.len())]);
        drawn.sum::<f64>() / values.len() as f64
    };
    let mut ratios: Vec<f64> = (0..DRAWS).map(|_| draw(after) / draw(before)).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    (ratios[DRAWS / 40], ratios[DRAWS - 1 - DRAWS / 40])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Returns the rows as a table for a terminal.
pub fn table(rows: &[Row]) -> String {
    let mut text =
        format!("  {:<28} {:>12} {:>12} {:>8}  {}\n", "", "before", "after", "ratio", "95 % of it");
    for row in rows {
        let interval = row.interval.map_or_else(
            || "one run tells nothing of it".to_owned(),
            |(low, high)| {
                let (better, worse) =
                    if row.is_more_better { ("worse", "better") } else { ("better", "worse") };
                let word = if high < 1.0 {
                    better
                } else if low > 1.0 {
                    worse
                } else {
                    "no difference shown"
                };
                format!("{low:.3} to {high:.3}  {word}")
            },
        );
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "  {:<28} {:>12.3} {:>12.3} {:>8.3}  {interval}",
            row.figure, row.before, row.after, row.ratio
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{compare, table};
    use crate::load::client::Exchange;
    use crate::load::record::{Finished, Recorder};
    use crate::load::report::{Report, Run};
    use crate::load::watch::Harness;

    /// A report of runs whose first tokens all came after so many milliseconds.
    fn report(runs: &[u64]) -> Report {
        let mut report = Report::new("x", 0);
        for milliseconds in runs {
            let planned = Instant::now();
            let mut recorder = Recorder::new(planned, Duration::ZERO).expect("a recorder");
            recorder.planned(planned);
            let at = planned + Duration::from_millis(*milliseconds);
            let exchange =
                Exchange { first_text: Some(at), tokens: 1, ended: Some(Ok(at)), ..Exchange::default() };
            recorder.add(&Finished { name: "fake", planned, started: planned, exchange });
            let (usage, harness) = (Default::default(), Harness::default());
            report.runs.push(Run {
                measured: recorder.measured(),
                usage,
                harness,
                crowd: None,
                missed: Vec::new(),
            });
        }
        report
    }

    #[tokio::test]
    async fn a_difference_counts_when_the_runs_agree_on_it() {
        let of = |before: &[u64], after: &[u64]| {
            let rows = compare(&report(before), &report(after));
            rows.into_iter().find(|row| row.figure == "first token p50 ms").expect("a row")
        };
        let slower = of(&[100, 101, 99, 100], &[130, 131, 129, 130]);
        assert!(slower.is_worse_by(10.0) && !slower.is_worse_by(50.0), "{slower:?}");
        let unsure = of(&[100, 200, 50, 120], &[130, 60, 210, 150]);
        assert!(!unsure.is_worse_by(0.0), "{unsure:?}");
        assert!(!of(&[100, 101], &[90, 91]).is_worse_by(0.0));
        let single = of(&[100], &[130]);
        assert!(single.interval.is_none() && single.is_worse_by(10.0));
        assert!(table(&[slower]).contains("worse"));
    }

    #[tokio::test]
    async fn a_report_comes_back_from_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.json");
        let written = report(&[5, 6]);
        written.write(&file).expect("written");
        let read = Report::read(&file).expect("read");
        assert_eq!((read.runs.len(), &read.scenario), (2, &written.scenario));
        std::fs::write(&file, "{}").expect("written");
        assert!(Report::read(&file).is_err());
    }
}
