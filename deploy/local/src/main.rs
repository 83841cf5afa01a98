//! The whole chatbot in one process: `chatbot --documents DIR --data DIR --port N`.

use std::process::ExitCode;

use clap::Parser;
use lifecycle::Reader;
use local::{Arguments, PREFIXES, Settings};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut reader = Reader::from_environment();
    arguments.apply(&mut reader);
    lifecycle::run_with(reader, &PREFIXES, Settings::read, |settings, shutdown| async move {
        local::start(settings, &shutdown).await
    })
}
