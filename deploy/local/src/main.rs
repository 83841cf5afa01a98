//! The whole chatbot in one process: `chatbot --documents DIR --data DIR --port N`.

use std::process::ExitCode;

use clap::Parser;
use lifecycle::Reader;
use local::{Arguments, PREFIXES, Settings};

fn main() -> ExitCode {
    if ingestor::confined::is_child(std::env::args_os()) {
        return ingestor::confined::run_child();
    }
    let arguments = Arguments::parse();
    let mut reader = Reader::from_environment();
    arguments.apply(&mut reader);
    lifecycle::run_with(reader, &PREFIXES, Settings::read, |settings, shutdown| async move {
        Box::pin(local::start(settings, &shutdown)).await
    })
}
