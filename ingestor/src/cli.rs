//! The command line of editors. It speaks to the service by gRPC and prints; it never touches index or store itself.

mod client;
mod explain;
mod files;
mod past;
mod preview;
mod quarantine;
mod report;
mod upload;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lifecycle::{Failure, Listener, Reader, Shutdown};
use proto::Target;

use crate::{Running, Settings, start};
use client::Client;
use report::Report;

const DEFAULT_SERVER: &str = "http://127.0.0.1:7003";
/// Some documents failed.
const SOME_FAILED: u8 = 1;
/// The command makes no sense or the service cannot be reached.
const USAGE: u8 = 2;

const SERVER_HELP: &str = "Address of the service; else INGESTOR_SERVER, else http://127.0.0.1:7003";
const AFTER_HELP: &str = "Exit codes: 0 all well, 1 some documents failed, 2 wrong usage or no connection.";

/// Puts documents into the chatbot's knowledge and shows what became of them.
#[derive(Debug, Parser)]
#[command(name = "ingestor", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Arguments {
    #[arg(long, global = true, value_name = "ADDRESS", help = SERVER_HELP)]
    server: Option<Target>,
    /// Print one JSON object per line, for programs
    #[arg(long, global = true)]
    json: bool,
    /// Collection of the documents; else `main`, or all where a command is about all. May be repeated for `list`,
    /// `explain`, `rollback` and `purge --all-history`
    #[arg(long, global = true, value_name = "NAME")]
    collection: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store documents and wait until they answer questions
    ///
    /// A folder is uploaded with all files below it under their paths inside it. Hidden and temporary files are left
    /// out; a folder `@name` right below it goes to the collection `name`.
    Upload {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// List documents with their state
    List,
    /// Show how the service is doing, or one document
    Status {
        /// Path of the document inside the document store
        #[arg(value_name = "DOCUMENT")]
        document: Option<String>,
    },
    /// Delete documents from the store and from the knowledge
    Delete {
        /// Paths of the documents inside the document store
        #[arg(required = true, value_name = "DOCUMENT")]
        documents: Vec<String>,
    },
    /// Compare store and knowledge now and make them agree
    Reconcile {
        /// Index every document anew, changed or not
        #[arg(long)]
        force: bool,
    },
    /// Show how a search for a question comes about: every passage considered, and why it was kept or dropped
    Explain(explain::Question),
    /// List the changes of the knowledge, newest first
    History {
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Only changes older than this generation
        #[arg(long, value_name = "N")]
        before: Option<u64>,
    },
    /// Make the knowledge what it was at an earlier generation; the document store stays as it is
    ///
    /// What is undone is withheld: it stays out of the knowledge until the document changes again, or until
    /// `reconcile --force`.
    Rollback {
        /// The generation to go back to, see `history`
        #[arg(value_name = "GENERATION")]
        generation: u64,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Remove documents with all their earlier versions for good, from the store and from the knowledge
    Purge {
        /// Paths of the documents inside the document store
        #[arg(
            value_name = "DOCUMENT",
            required_unless_present = "all_history",
            conflicts_with = "all_history"
        )]
        documents: Vec<String>,
        /// Keep every current version and remove all earlier ones
        #[arg(long)]
        all_history: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Passages that are held back: text that a person does not see, and text that gives orders to a model
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    /// Show how files would be read and cut into passages, without a service
    Preview {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run the service; it is set by INGESTOR_... in the environment
    Serve,
}

/// Why a command could not be carried out at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The service said no or is not there.
    #[error("{0}")]
    Call(String),
    /// The command does not take what it was given.
    #[error("{0}")]
    Usage(&'static str),
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
            _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
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
    let report = Report::new(arguments.json);
    let server = match arguments.server.clone() {
        Some(server) => Some(server),
        None => reader.parsed("INGESTOR_SERVER", DEFAULT_SERVER, "an address such as http://127.0.0.1:7003"),
    };
    let Some(server) = server else {
        report.trouble(&"INGESTOR_SERVER: expected an address such as http://127.0.0.1:7003");
        return ExitCode::from(USAGE);
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report.trouble(&error);
            return ExitCode::from(USAGE);
        }
    };
    match runtime.block_on(carry_out(&arguments, &server, &report)) {
        Ok(Ending::AllWell) => ExitCode::SUCCESS,
        Ok(Ending::SomeFailed) => ExitCode::from(SOME_FAILED),
        Err(trouble) => {
            report.trouble(&trouble);
            ExitCode::from(USAGE)
        }
    }
}

async fn carry_out(arguments: &Arguments, server: &Target, report: &Report) -> Result<Ending, Trouble> {
    let mut client = Client::new(server);
    let collections = arguments.collection.as_slice();
    match &arguments.command {
        Command::Upload { paths } => upload::upload(&client, paths, only(collections)?, report).await,
        Command::List => client.list(collections, report).await,
        Command::Status { document } => client.status(document.as_deref(), only(collections)?, report).await,
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
        Command::Preview { files } => preview::preview(files, report).await,
        // It was run before; there is nothing left to do.
        Command::Serve => Ok(Ending::AllWell),
    }
}

/// Returns the collection of a command that works on one.
fn only(collections: &[String]) -> Result<Option<&str>, Trouble> {
    match collections {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Trouble::Usage("this command takes one --collection")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Arguments, Command, only};

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
            assert!(matches!(arguments.command, Command::Upload { paths } if paths.len() == 2));
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
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        for line in
            ["ingestor purge --all-history --yes", "ingestor rollback 7 --collection a --collection b"]
        {
            assert!(parse(line).is_ok(), "{line}");
        }
        assert!(only(&["a".to_owned(), "b".to_owned()]).is_err());
    }
}
