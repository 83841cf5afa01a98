//! The gateway as a process of its own.

use std::process::ExitCode;

use gateway::{Listeners, Settings};

fn main() -> ExitCode {
    lifecycle::run("GATEWAY_", Settings::read, |settings, shutdown| async move {
        let listeners = Listeners::bind(&settings).await?;
        let upstreams = settings.upstreams.clone();
        Ok(gateway::start(settings, &upstreams, listeners, &shutdown).await?)
    })
}
