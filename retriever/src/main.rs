//! The retriever as a process of its own.

use std::process::ExitCode;

use retriever::{Listeners, Settings};

fn main() -> ExitCode {
    lifecycle::run("RETRIEVER_", Settings::read, |settings, shutdown| async move {
        let listeners = Listeners::bind(&settings).await?;
        Ok(retriever::start(settings, listeners, &shutdown).await?)
    })
}
