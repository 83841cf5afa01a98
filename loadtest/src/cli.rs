//! The command line: what can be measured, and with which numbers.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser};

use crate::eval::{self, Evaluation};
use crate::floor::Floors;
use crate::http::Api;
use crate::load::{capacity, hosts, run};
use crate::set::Set;
use crate::{documents, report, retrieval, simulate};

/// Measures a running chatbot.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version, about)]
pub enum Command {
    /// Asks a set's questions and measures what search finds.
    Eval(EvalArgs),
    /// Writes a set's documents to a folder, for an ingestor to take in.
    Documents(DocumentsArgs),
    /// Asks questions by a schedule, whatever the answers take, and measures their latency.
    Load(run::LoadArgs),
    /// Sets one report of `load` beside another.
    Compare(run::CompareArgs),
    /// Finds the highest rate of a scenario within its limits, and what ends it.
    Capacity(capacity::CapacityArgs),
    /// Tells what many hosts would hold, from the report of one.
    Model(hosts::ModelArgs),
    /// Measures a retriever with a corpus made from a seed.
    #[command(subcommand)]
    Retrieval(retrieval::Command),
    /// Stands in for AWS services, by a scenario.
    Simulate(simulate::SimulateArgs),
}

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Address of the gateway's HTTP port.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Folder of the set: `questions.jsonl` and, beside it, the documents.
    #[arg(long)]
    set: PathBuf,
    /// Questions of another file.
    #[arg(long)]
    questions: Option<PathBuf>,
    /// Asks at most this many questions, the first ones.
    #[arg(long)]
    limit: Option<usize>,
    /// Passages to ask for; measures deeper than this are left out.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=20))]
    top_k: u32,
    /// Questions under way at the same time.
    #[arg(long, default_value_t = 4)]
    concurrency: usize,
    /// Seconds for each question.
    #[arg(long, default_value_t = 30.0)]
    timeout_seconds: f64,
    /// Also asks every question for an answer, and counts the refusals.
    #[arg(long)]
    refusals: bool,
    /// File of floors, `{"set": {"recall_at_5": 0.9}}`: a measure below its floor makes the exit code 1.
    #[arg(long)]
    floors: Option<PathBuf>,
    /// The chatbot's embedder: floors of `set embedder` stand in for those of `set`.
    #[arg(long, default_value = "offline")]
    embedder: String,
    /// Key for the `x-api-key` header.
    #[arg(long, env = "LOADTEST_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `documents`.
#[derive(Debug, Args)]
pub struct DocumentsArgs {
    /// Folder of the set.
    #[arg(long)]
    set: PathBuf,
    /// Folder to write to; made when it is not there.
    #[arg(long)]
    out: PathBuf,
    /// Writes each passage of `corpus.jsonl` as a document of its own.
    #[arg(long)]
    passages: bool,
}

impl Command {
    /// Runs the command; the exit code says whether what was measured is good enough.
    ///
    /// # Errors
    /// When a file cannot be read or an argument is out of range.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Eval(args) => evaluate(args).await,
            Self::Documents(args) => {
                let write = if args.passages { documents::write_passages } else { documents::write };
                let count = write(&args.set, &args.out)?;
                report::documents(count, &args.out);
                Ok(ExitCode::SUCCESS)
            }
            Self::Load(args) => run::load(args).await,
            Self::Compare(args) => run::compare(&args),
            Self::Capacity(args) => capacity::capacity(args).await,
            Self::Model(args) => hosts::model(&args),
            Self::Simulate(args) => {
                simulate::run(args).await?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Retrieval(command) => {
                Ok(if command.run().await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}

async fn evaluate(args: EvalArgs) -> anyhow::Result<ExitCode> {
    let mut set = Set::read(&args.set, args.questions.as_deref())?;
    set.questions.truncate(args.limit.unwrap_or(usize::MAX));
    let floors = args.floors.as_deref().map(Floors::read).transpose()?;
    let timeout = seconds("timeout-seconds", args.timeout_seconds)?;
    let api = Api::new(&args.url, args.key, timeout)?;
    let options =
        Evaluation { top_k: args.top_k, concurrency: args.concurrency, asks_for_answers: args.refusals };
    let outcome = eval::run(&api, &set, options).await;
    let below = floors.map(|floors| floors.below(&outcome, &args.embedder)).unwrap_or_default();
    report::quality(&outcome, &below, args.json)?;
    let is_good = below.is_empty() && outcome.errors.is_empty() && outcome.asked() > 0;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seconds(name: &str, value: f64) -> anyhow::Result<Duration> {
    let parsed = Duration::try_from_secs_f64(value).ok().filter(|duration| !duration.is_zero());
    parsed.with_context(|| format!("--{name}: expected a number above 0, got {value}"))
}

#[cfg(test)]
mod tests {
    use super::{Command, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        <Command as clap::CommandFactory>::command().debug_assert();
        assert!(Command::try_parse_from(["loadtest", "eval", "--set", "x", "--top-k", "0"]).is_err());
        assert!(Command::try_parse_from(["loadtest", "load", "--rate", "20"]).is_ok());
    }
}
