//! The generator as a process of its own.

use std::process::ExitCode;

use generator::{Listeners, Settings};

fn main() -> ExitCode {
    lifecycle::run("GENERATOR_", Settings::read, |settings, shutdown| async move {
        let listeners = Listeners::bind(&settings).await?;
        Ok(generator::start(&settings, listeners, &shutdown).await?)
    })
}
