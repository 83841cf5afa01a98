//! The commands about load: one scenario run once or several times, a report beside another, and how much a set-up holds.

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::Args;
use tokio::sync::watch;

use super::client::{Habits, WebSocketClient};
use super::compare;
use super::crowd;
use super::driver;
use super::limits::Limits;
use super::mix::{self, ClientKind, Kind, Targets};
use super::page;
use super::record::Counts;
use super::report::{Report, Run, Verdict, table};
use super::scenario::Scenario;
use super::schedule::Shape;
use super::watch::Watch;
use crate::{report, set};

const EVERY: Duration = Duration::from_secs(1);

/// Arguments of `load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// File of the scenario; the options about visitors are for a run without one.
    #[arg(long, conflicts_with_all = ["url", "rate", "seconds", "max_in_flight", "timeout_seconds", "questions"])]
    scenario: Option<PathBuf>,
    /// Address of the gateway's WebSocket.
    #[arg(long, default_value = "ws://127.0.0.1:8080/ws")]
    url: String,
    /// Questions a second.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Seconds of arrivals; the answers may take longer.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Questions under way at the same time; an arrival over it is dropped and counted.
    #[arg(long, default_value_t = 1_000)]
    max_in_flight: usize,
    /// Seconds for each answer.
    #[arg(long, default_value_t = 30.0)]
    timeout_seconds: f64,
    /// Questions to ask in turn: JSON lines with `question`, or one question a line.
    #[arg(long)]
    questions: Option<PathBuf>,
    /// Key of the site, for every client.
    #[arg(long, env = "LOADTEST_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Runs it so many times; more tell how far runs differ.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Writes the report to this file, as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Writes the report to this file, as a page that opens anywhere.
    #[arg(long)]
    html: Option<PathBuf>,
    /// A report of before: the exit code is 1 when this one is worse beyond doubt and by more than `--fail-if-worse`.
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// Hundredths by which a figure may be worse than the baseline.
    #[arg(long, default_value_t = 10.0, requires = "baseline")]
    fail_if_worse: f64,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The report of before.
    before: PathBuf,
    /// The report of after.
    after: PathBuf,
    /// Exits with 1 where a figure is worse beyond doubt and by more hundredths than this.
    #[arg(long)]
    fail_if_worse: Option<f64>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl LoadArgs {
    fn scenario(&self) -> anyhow::Result<Scenario> {
        if let Some(file) = &self.scenario {
            return Scenario::read(file);
        }
        let questions = match &self.questions {
            Some(file) => set::plain_questions(file)?,
            None => vec!["When are you open on Sundays?".to_owned()],
        };
        let visitor = Kind {
            client: ClientKind::Websocket,
            weight: 1,
            turns: 1,
            think_seconds: 0.0,
            habits: Habits::default(),
        };
        Ok(Scenario {
            name: "constant".to_owned(),
            targets: Targets { websocket: Some(self.url.clone()), ..Targets::default() },
            arrivals: Some(Shape::Constant { rate: self.rate, seconds: self.seconds }),
            closed: None,
            visitors: vec![visitor],
            crowd: None,
            questions,
            questions_file: None,
            max_in_flight: self.max_in_flight,
            warm_up_seconds: 0.0,
            timeout_seconds: self.timeout_seconds,
            watch: Vec::new(),
            limits: Limits::default(),
        })
    }
}

/// Runs a scenario; the exit code is 0 when every limit was met, 1 when one was missed, 3 when the harness was in its own way.
///
/// # Errors
/// When a file cannot be read or written, or the scenario is wrong.
pub async fn load(args: LoadArgs) -> anyhow::Result<ExitCode> {
    let scenario = args.scenario()?;
    let baseline = args.baseline.as_deref().map(Report::read).transpose()?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut whole = Report::new(&scenario.name, since.as_secs());
    for _ in 0..args.runs {
        let run = once(&scenario, args.key.as_deref(), !args.json).await?;
        if !args.json {
            report::text(&table(&run));
        }
        whole.runs.push(run);
    }
    if args.json {
        report::as_json(&whole)?;
    }
    if let Some(file) = &args.out {
        whole.write(file)?;
    }
    if let Some(file) = &args.html {
        std::fs::write(file, page::page(&whole))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut verdict = whole.verdict();
    if let Some(before) = baseline {
        let rows = compare::compare(&before, &whole);
        report::text(&compare::table(&rows));
        if verdict == Verdict::Met && rows.iter().any(|row| row.is_worse_by(args.fail_if_worse)) {
            verdict = Verdict::Missed;
        }
    }
    Ok(ExitCode::from(verdict.code()))
}

/// Sets one report beside another.
///
/// # Errors
/// When one cannot be read.
pub fn compare(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let rows = compare::compare(&Report::read(&args.before)?, &Report::read(&args.after)?);
    if args.json {
        report::as_json(&rows)?;
    } else {
        report::text(&compare::table(&rows));
    }
    let is_worse = args.fail_if_worse.is_some_and(|most| rows.iter().any(|row| row.is_worse_by(most)));
    Ok(if is_worse { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs a scenario once.
///
/// # Errors
/// When the scenario is wrong, or a watched process is not there.
pub async fn once(scenario: &Scenario, key: Option<&str>, is_shown: bool) -> anyhow::Result<Run> {
    let plan = scenario.plan()?;
    let visitors = mix::mix(&scenario.visitors, &scenario.targets, key)?;
    let held = match scenario.crowd {
        Some(crowd) => {
            let url = scenario.targets.websocket.as_deref().context("crowd: it needs targets.websocket")?;
            let client = WebSocketClient::new(url, key.map(str::to_owned), Habits::default())?;
            Some(crowd::gather(&client, crowd).await?)
        }
        None => None,
    };
    let watch = Watch::begin(&scenario.watch)?;
    let (progress, seen) = watch::channel(Counts::default());
    let running = driver::run(&plan, &visitors, &scenario.questions, &progress);
    let measured = tokio::select! {
        measured = running => measured?,
        never = view(seen, &scenario.name), if is_shown => match never {},
    };
    let (usage, harness) = watch.end().await;
    let crowd = match held {
        Some(held) => Some(held.end().await),
        None => None,
    };
    let missed = scenario.limits.missed(&measured, &usage);
    Ok(Run { measured, usage, harness, crowd, missed })
}

/// Tells how far the run is: in place in a terminal, a line each second elsewhere.
async fn view(seen: watch::Receiver<Counts>, name: &str) -> Infallible {
    let mut before = Counts::default();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = seen.borrow().clone();
        report::progress(&format!(
            "{name}: {} answered ({}/s), {} failed, {} dropped, {} tokens/s",
            now.answered,
            now.answered - before.answered,
            now.failed(),
            now.dropped,
            now.tokens - before.tokens,
        ));
        before = now;
    }
}
