//! The measuring harness as a command.

use std::process::ExitCode;

use clap::Parser;
use loadtest::cli::Command;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    Command::parse().run().await
}
