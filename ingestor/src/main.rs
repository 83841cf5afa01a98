//! The program `ingestor`: the command line of editors, and the service itself with `ingestor serve`.

use std::process::ExitCode;

fn main() -> ExitCode {
    if ingestor::confined::is_child(std::env::args_os()) {
        return ingestor::confined::run_child();
    }
    ingestor::cli::run(lifecycle::Reader::from_environment())
}
