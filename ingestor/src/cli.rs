//! The command line of editors. It speaks to the service by gRPC and prints; it never touches index or store itself.

mod arguments;
mod chunks;
mod client;
mod explain;
mod files;
mod past;
mod price;
mod quarantine;
mod report;
mod show;
mod site;
mod status;
mod stored;
mod upload;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use lifecycle::{Failure, Listener, Reader, Shutdown};
use proto::Target;

use crate::settings::shown;
use crate::{Running, Settings, start};
use arguments::{Arguments, Command};
use client::Client;
use report::{Report, safe};

const DEFAULT_SERVER: &str = "http://127.0.0.1:7003";
/// Some documents failed.
const SOME_FAILED: u8 = 1;
/// The command makes no sense or the service cannot be reached.
const USAGE: u8 = 2;

/// Why a command could not be carried out at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The service said no or is not there.
    #[error("{0}")]
    Call(String),
    /// The command does not take what it was given.
    #[error("{0}")]
    Usage(String),
    /// A file of ours cannot be read.
    #[error("{path}: {error}")]
    File { path: String, error: std::io::Error },
}

/// How a command that was carried out ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    AllWell,
    SomeFailed,
}

/// Runs the command line of this process and returns its exit code: 0 all well, 1 some documents failed, 2 wrong usage
/// or no connection.
pub fn run(reader: Reader) -> ExitCode {
    run_arguments(std::env::args_os(), reader)
}

async fn serve(settings: Settings, shutdown: &Shutdown) -> Result<Running, Failure> {
    let listener = Listener::bind(settings.listen).await?;
    let internal = Listener::bind(settings.internal_listen).await?;
    let retriever = settings.retriever.clone();
    let running = start(settings, retriever, listener, shutdown).await?;
    running.serve_internal(internal, shutdown);
    Ok(running)
}

fn run_arguments(arguments: impl IntoIterator<Item = OsString>, mut reader: Reader) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to the parser, but not to the caller. A closed output is nobody's loss.
            if !error.use_stderr() {
                _ = error.print();
                return ExitCode::SUCCESS;
            }
            // What was typed may be the name of a file, and that may hold anything.
            _ = write!(std::io::stderr(), "{}", safe(&error.render().to_string()));
            return ExitCode::from(USAGE);
        }
    };
    if matches!(arguments.command, Command::Serve) {
        return lifecycle::run_with(
            reader,
            &["INGESTOR_"],
            Settings::read,
            |settings, shutdown| async move { serve(settings, &shutdown).await },
        );
    }
    let mut report = Report::new(arguments.json);
    if let Command::Completions { shell } = arguments.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "ingestor", &mut script);
        report.raw(&script);
        return ExitCode::SUCCESS;
    }
    let server = match arguments.server.clone() {
        Some(server) => Some(server),
        None => reader.parsed("INGESTOR_SERVER", DEFAULT_SERVER, "an address such as http://127.0.0.1:7003"),
    };
    let Some(server) = server else {
        report.trouble(&"INGESTOR_SERVER: expected an address such as http://127.0.0.1:7003");
        return ExitCode::from(USAGE);
    };
    let server = server.guarded_by(shown(reader.service_token(None).as_ref()));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report.trouble(&error);
            return ExitCode::from(USAGE);
        }
    };
    match runtime.block_on(carry_out(&arguments, &server, &mut report)) {
        Ok(Ending::AllWell) => ExitCode::SUCCESS,
        Ok(Ending::SomeFailed) => ExitCode::from(SOME_FAILED),
        Err(trouble) => {
            report.trouble(&trouble);
            ExitCode::from(USAGE)
        }
    }
}

async fn carry_out(arguments: &Arguments, server: &Target, report: &mut Report) -> Result<Ending, Trouble> {
    let mut client = Client::new(server);
    let collections = arguments.collection.as_slice();
    match &arguments.command {
        Command::Upload { paths, parallel } => {
            let candidates = files::find(paths, only(collections)?)?;
            upload::upload(&client, candidates, usize::from(*parallel), report).await
        }
        Command::Watch { folder, delete, parallel } => {
            let collection = only(collections)?;
            let parallel = usize::from(*parallel);
            watch::watch(&client, watch::Order { folder, collection, deletes: *delete, parallel }, report)
                .await
        }
        Command::Crawl(site) => site::crawl_site(&client, site, only(collections)?, report).await,
        Command::List => client.list(collections, report).await,
        Command::Status { document } => client.status(document.as_deref(), only(collections)?, report).await,
        Command::Show { document } => client.show(document, only(collections)?, report).await,
        Command::Delete { documents } => client.delete(documents, only(collections)?, report).await,
        Command::Reconcile { force } => client.reconcile(*force, report).await,
        Command::Explain(question) => client.explain(question, collections, report).await,
        Command::History { limit, before } => client.history(*limit, *before, report).await,
        Command::Rollback { generation, yes } => {
            client.rollback(*generation, collections, *yes, report).await
        }
        Command::Purge { all_history: true, yes, .. } => {
            client.purge_history(collections, *yes, report).await
        }
        Command::Purge { documents, yes, .. } => {
            client.purge(documents, only(collections)?, *yes, report).await
        }
        Command::Quarantine(command) => client.quarantine(command, collections, report).await,
        Command::Chunks { files } => chunks::chunks(files, report).await,
        // They were run before; there is nothing left to do.
        Command::Serve | Command::Completions { .. } => Ok(Ending::AllWell),
    }
}

/// Returns the collection of a command that works on one.
fn only(collections: &[String]) -> Result<Option<&str>, Trouble> {
    match collections {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Trouble::Usage("this command takes one --collection".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::only;
    use crate::cli::arguments::{Arguments, Command};

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        let before = parse("ingestor --json --collection internal upload a.txt docs").expect("parses");
        let after = parse("ingestor upload a.txt docs --json --collection internal").expect("parses");
        for arguments in [before, after] {
            assert!(arguments.json && arguments.collection == ["internal"]);
            assert!(matches!(arguments.command, Command::Upload { paths, .. } if paths.len() == 2));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "ingestor",
            "ingestor upload",
            "ingestor delete",
            "ingestor fly",
            "ingestor --server nowhere list",
            "ingestor explain",
            "ingestor explain a --mode both",
            "ingestor history --limit 0",
            "ingestor rollback",
            "ingestor rollback last",
            "ingestor purge",
            "ingestor purge a.txt --all-history",
            "ingestor upload a.txt --parallel 0",
            "ingestor crawl",
            "ingestor crawl https://a.de/ --every 6",
            "ingestor crawl https://a.de/ --every 0s",
            "ingestor crawl https://a.de/ --rate 0",
            "ingestor crawl https://a.de/ --rate NaN",
            "ingestor completions cmd.exe",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        for line in [
            "ingestor purge --all-history --yes",
            "ingestor rollback 7 --collection a --collection b",
            "ingestor preview a.txt",
            "ingestor crawl https://a.de/ --every 6h --rate 0.5 --exclude /a/** --exclude /b",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
        assert!(only(&["a".to_owned(), "b".to_owned()]).is_err());
    }
}
