//! The retriever under load: a corpus made from a seed, put in and searched over gRPC, and recall against exact search.

pub mod words;

pub mod corpus;

pub mod exact;

pub mod upload;

pub mod query;

pub mod export;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use proto::Target;

use crate::report;
use corpus::{Corpus, Shape};
use exact::{Exact, Narrowing};
use query::{Plan, Sides};

/// What to do with the corpus.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Puts the corpus into a retriever, and prints how fast that went.
    Load(LoadArgs),
    /// Searches a retriever that holds the corpus, and prints rate, latency and recall.
    Query(QueryArgs),
    /// Writes vectors, texts, queries and their exact answers to files, for other systems.
    Export(ExportArgs),
}

/// Which corpus; the same numbers always make the same one.
#[derive(Args, Clone, Copy, Debug)]
pub struct ShapeArgs {
    /// Chunks, 20 in each document.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    chunks: u32,
    /// Numbers in each vector.
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=16_000))]
    dimensions: u32,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Where the retriever is.
#[derive(Args, Clone, Debug)]
pub struct TargetArgs {
    /// Address of the retriever's gRPC port.
    #[arg(long, default_value = "http://127.0.0.1:7001")]
    target: Target,
    /// Collection that holds the corpus.
    #[arg(long, default_value = "benchmark")]
    collection: String,
}

/// Arguments of `load`.
#[derive(Args, Debug)]
pub struct LoadArgs {
    #[command(flatten)]
    shape: ShapeArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Documents on their way at the same time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Model that the vectors claim to be from: the retriever's.
    #[arg(long, default_value = "offline-ngram-v1")]
    model: String,
}

/// Arguments of `query`.
#[derive(Args, Debug)]
pub struct QueryArgs {
    #[command(flatten)]
    shape: ShapeArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Clients, each with a connection of its own and one search under way.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// Seconds of measuring.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds of searching before that, not measured.
    #[arg(long, default_value_t = 1.0)]
    warm_up_seconds: f64,
    /// Milliseconds that a client rests between two searches.
    #[arg(long, default_value_t = 0)]
    pause_ms: u64,
    /// Which sides search: by meaning with the vector alone, or both with the question beside it.
    #[arg(long, value_enum, default_value_t = Sides::Meaning)]
    mode: Sides,
    /// Which documents may be found.
    #[arg(long, value_enum, default_value_t = Narrowing::None)]
    filter: Narrowing,
    /// Different queries, asked in turn.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    queries: u32,
    /// Exact answers that `export` wrote; without them they are computed first.
    #[arg(long)]
    exact: Option<PathBuf>,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    #[command(flatten)]
    shape: ShapeArgs,
    /// Different queries.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    queries: u32,
    /// Folder to write to; made when it is not there.
    #[arg(long)]
    out: PathBuf,
}

impl ShapeArgs {
    fn corpus(self) -> anyhow::Result<Corpus> {
        let Self { chunks, dimensions, seed } = self;
        Corpus::new(Shape { chunks, dimensions, seed })
    }
}

impl Command {
    /// Runs the command; returns whether nothing failed.
    ///
    /// # Errors
    /// When the retriever refuses a document, a file cannot be read or written, or an argument is out of range.
    pub async fn run(self) -> anyhow::Result<bool> {
        match self {
            Self::Load(LoadArgs { shape, target, concurrency, model }) => {
                let corpus = shape.corpus()?;
                let sender = upload::Sender::new(&corpus, &target.target, &target.collection, &model);
                report::as_json(&sender.send_all(concurrency.into()).await?)?;
                Ok(true)
            }
            Self::Query(args) => query(args).await,
            Self::Export(ExportArgs { shape, queries, out }) => {
                report::as_json(&export::write(&shape.corpus()?, queries, &out)?)?;
                Ok(true)
            }
        }
    }
}

async fn query(args: QueryArgs) -> anyhow::Result<bool> {
    let corpus = args.shape.corpus()?;
    let exact = match &args.exact {
        Some(path) => Exact::read(path)?,
        None => Exact::search(&corpus, args.queries)?,
    };
    let plan = Plan {
        clients: args.clients.into(),
        warm_up: duration("warm-up-seconds", args.warm_up_seconds)?,
        length: duration("seconds", args.seconds)?,
        pause: Duration::from_millis(args.pause_ms),
        sides: args.mode,
        narrowing: args.filter,
    };
    let searches = query::Searches::new(&corpus, &exact, &plan, &args.target.collection)?;
    let outcome = query::run(&args.target.target, &plan, &searches).await?;
    report::as_json(&outcome)?;
    Ok(outcome.errors.is_empty() && outcome.searches > 0)
}

fn duration(name: &str, seconds: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(seconds)
        .with_context(|| format!("--{name}: expected a number of at least 0, got {seconds}"))
}
