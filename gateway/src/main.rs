//! The gateway as a process of its own, and its command line.

use std::process::ExitCode;

use clap::Parser;
use gateway::{Arguments, Command, Listeners, Settings};

fn main() -> ExitCode {
    if let Some(Command::Keys(keys)) = Arguments::parse().command {
        return gateway::run_keys(keys, lifecycle::Reader::from_environment());
    }
    lifecycle::run("GATEWAY_", Settings::read, |settings, shutdown| async move {
        let listeners = Listeners::bind(&settings).await?;
        let upstreams = settings.upstreams.clone();
        Ok(gateway::start(settings, &upstreams, listeners, &shutdown).await?)
    })
}
