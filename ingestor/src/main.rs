//! The program `ingestor`: the command line of editors, and the service itself with `ingestor serve`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ingestor::cli::run(lifecycle::Reader::from_environment())
}
