//! A load as a file says it: who arrives when, where, what is watched, and what must hold.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::driver::{Arrivals, Plan};
use super::limits::Limits;
use super::mix::{Kind, Targets};
use super::schedule::Shape;
use super::watch::Watched;
use crate::set;

/// One scenario; `loadtest/scenarios` has examples.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the report calls it.
    pub name: String,
    /// Where the services are.
    #[serde(default)]
    pub targets: Targets,
    /// When visitors arrive. Without it there must be `closed`.
    pub arrivals: Option<Shape>,
    /// Visitors who each ask again as soon as they are answered.
    pub closed: Option<Closed>,
    /// Who arrives.
    #[serde(rename = "visitor")]
    pub visitors: Vec<Kind>,
    /// Connections that are open and ask nothing.
    pub crowd: Option<Crowd>,
    /// Questions that are asked in turn.
    #[serde(default)]
    pub questions: Vec<String>,
    /// More of them: JSON lines with `question`, or one a line; beside the scenario's file unless absolute.
    pub questions_file: Option<PathBuf>,
    /// Visitors under way at the same time.
    #[serde(default = "thousand")]
    pub max_in_flight: usize,
    /// Seconds whose arrivals are not counted.
    #[serde(default)]
    pub warm_up_seconds: f64,
    /// Seconds for each answer.
    #[serde(default = "half_a_minute")]
    pub timeout_seconds: f64,
    /// Processes whose processor time and memory are measured.
    #[serde(default)]
    pub watch: Vec<Watched>,
    /// What must hold.
    #[serde(default)]
    pub limits: Limits,
}

/// A closed load.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// How many there are.
    pub visitors: usize,
    /// How long they begin anew.
    pub seconds: f64,
}

/// Idle sockets beside the visitors.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    /// How many.
    pub sockets: usize,
    /// How many are opened in a second.
    #[serde(default = "five_hundred")]
    pub per_second: f64,
    /// Seconds after the first arrival at which all lose their connection and come back at once.
    pub storm_at_seconds: Option<f64>,
}

fn thousand() -> usize {
    1_000
}

fn half_a_minute() -> f64 {
    30.0
}

fn five_hundred() -> f64 {
    500.0
}

impl Scenario {
    /// Reads a scenario and the questions that it names.
    ///
    /// # Errors
    /// When a file cannot be read, or something in it is wrong; the error says what and where.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut scenario: Self = toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        if let Some(questions) = &scenario.questions_file {
            scenario.questions.extend(set::plain_questions(&folder.join(questions))?);
        }
        if let Some(Shape::Replay { file: recorded, .. }) = &mut scenario.arrivals {
            *recorded = folder.join(&*recorded);
        }
        ensure!(!scenario.questions.is_empty(), "{}: there is no question", file.display());
        ensure!(!scenario.visitors.is_empty(), "{}: there is no [[visitor]]", file.display());
        Ok(scenario)
    }

    /// Returns when visitors arrive, and what bounds them.
    ///
    /// # Errors
    /// When a number is out of range, or there is not exactly one of `arrivals` and `closed`.
    pub fn plan(&self) -> anyhow::Result<Plan> {
        let arrivals = match (&self.arrivals, self.closed) {
            (Some(shape), None) => Arrivals::Open(shape.arrivals()?),
            (None, Some(Closed { visitors, seconds })) => {
                ensure!(visitors > 0, "closed.visitors is 0");
                Arrivals::Closed { visitors, length: length("closed.seconds", seconds)? }
            }
            _ => anyhow::bail!("expected either [arrivals] or [closed]"),
        };
        ensure!(self.max_in_flight > 0, "max_in_flight is 0; at least one visitor must be allowed under way");
        Ok(Plan {
            arrivals,
            max_in_flight: self.max_in_flight,
            warm_up: length("warm_up_seconds", self.warm_up_seconds)?,
            timeout: length("timeout_seconds", self.timeout_seconds)?,
        })
    }
}

fn length(name: &str, seconds: f64) -> anyhow::Result<Duration> {
    let parsed = Duration::try_from_secs_f64(seconds);
    parsed.with_context(|| format!("{name} is {seconds}; expected seconds, 0 or more"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Scenario;
    use crate::load::mix;

    fn read(text: &str) -> anyhow::Result<Scenario> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("one.toml");
        std::fs::write(folder.path().join("asked.txt"), "Who?\nWhere?\n").expect("written");
        std::fs::write(folder.path().join("times.txt"), "0\n1\n").expect("written");
        std::fs::write(&file, text).expect("written");
        let scenario = Scenario::read(&file)?;
        scenario.plan()?;
        Ok(scenario)
    }

    const VISITOR: &str = "[[visitor]]\nclient = \"websocket\"\n";

    #[test]
    fn files_are_found_beside_the_scenario() {
        let text = format!(
            "name = \"x\"\nquestions_file = \"asked.txt\"\nquestions = [\"When?\"]\n\
             [arrivals]\nshape = \"replay\"\nfile = \"times.txt\"\n{VISITOR}"
        );
        let scenario = read(&text).expect("right");
        assert_eq!(scenario.questions, ["When?", "Who?", "Where?"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let rest = "[arrivals]\nshape = \"constant\"\nrate = 1\nseconds = 1\n";
        let cases = [
            (format!("name = \"x\"\n{rest}{VISITOR}"), "no question"),
            (format!("name = \"x\"\nquestions = [\"a\"]\n{VISITOR}"), "either [arrivals] or [closed]"),
            (format!("name = \"x\"\nquestions = [\"a\"]\nsped = 1\n{rest}{VISITOR}"), "sped"),
            (
                format!("name = \"x\"\nquestions = [\"a\"]\nmax_in_flight = 0\n{rest}{VISITOR}"),
                "max_in_flight",
            ),
            (format!("name = \"x\"\nquestions = [\"a\"]\n{rest}visitor = []\n"), "visitor"),
            (
                format!(
                    "name = \"x\"\nquestions = [\"a\"]\n{rest}{VISITOR}[limits]\nfirst_token_p98_ms = 1\n"
                ),
                "p98",
            ),
        ];
        for (text, named) in cases {
            let error = format!("{:#}", read(&text).expect_err("wrong"));
            assert!(error.contains(named), "{named}: {error}");
        }
    }

    #[tokio::test]
    async fn every_scenario_that_comes_along_can_be_planned() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let files: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("one").path()).collect();
        let scenarios = files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "toml"));
        let mut count = 0;
        for file in scenarios {
            let scenario = Scenario::read(file).unwrap_or_else(|error| panic!("{error:#}"));
            scenario.plan().unwrap_or_else(|error| panic!("{}: {error:#}", file.display()));
            let mixed = mix::mix(&scenario.visitors, &scenario.targets, None);
            mixed.unwrap_or_else(|error| panic!("{}: {error:#}", file.display()));
            count += 1;
        }
        assert!(count >= 8, "{count}");
    }
}
