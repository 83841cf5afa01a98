//! What the command line understands, and its help. It carries out nothing.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use proto::Target;

use super::{explain, quarantine, site};

const SERVER_HELP: &str = "Address of the service; else INGESTOR_SERVER, else http://127.0.0.1:7003";
const AFTER_HELP: &str = "\
Exit codes:
  0  all well
  1  some documents failed, were not found or were uploaded and are withheld; the others are done
  2  wrong usage, no connection, or nothing could be done

Examples:
  ingestor upload manuals/ faq.csv              what is stored and unchanged is skipped
  ingestor --collection internal upload staff/  into a collection of its own
  ingestor crawl https://example.com/sitemap.xml --exclude '/tag/**' --every 6h
  ingestor chunks faq.csv                       how it would be cut, and what that would cost; needs no service
  ingestor status faq.csv
  ingestor show faq.csv                         its passages as the knowledge holds them
  ingestor list --json | jq -r 'select(.state == \"FAILED\") | .document_id'
  ingestor completions bash > ~/.local/share/bash-completion/completions/ingestor";
const UPLOAD_HELP: &str = "\
A folder is uploaded with all files below it under their paths inside it. Hidden and temporary files are left out; a folder
`@name` right below it goes to the collection `name`.

What the service holds already is found by its hash and not sent. So an upload that was interrupted is repeated as it is: it
goes on where it was, and says at its end how many documents it skipped.";
const WATCH_HELP: &str = "\
Uploads what is new or changed in a folder, now and after each change, until it is ended with Ctrl-C. A document whose file
vanishes meanwhile stays, unless --delete is given. Files that vanished while nobody watched are left alone; see `list` and
`delete`. How the service itself is doing is told by `status`.";

/// Puts documents into the chatbot's knowledge and shows what became of them.
#[derive(Debug, Parser)]
#[command(name = "ingestor", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[arg(long, global = true, value_name = "ADDRESS", help = SERVER_HELP, help_heading = "Everywhere")]
    pub(super) server: Option<Target>,
    /// Print one JSON object per line, for programs
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) json: bool,
    /// Collection of the documents; else `main`, or all where a command is about all. May be repeated for `list`,
    /// `explain`, `rollback` and `purge --all-history`
    #[arg(long, global = true, value_name = "NAME", help_heading = "Everywhere")]
    pub(super) collection: Vec<String>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Store documents and wait until they answer questions
    #[command(long_about = UPLOAD_HELP)]
    Upload {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Documents sent at once; the service takes four, unless it is set to take more
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
        parallel: u8,
    },
    /// Keep the documents of a folder in step with it
    #[command(long_about = WATCH_HELP)]
    Watch {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Delete documents whose files vanish while this runs
        #[arg(long)]
        delete: bool,
        /// Documents sent at once
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
        parallel: u8,
    },
    /// Fetch the pages of a website and store them as documents
    #[command(long_about = site::LONG_ABOUT, after_help = site::AFTER_HELP)]
    Crawl(Box<site::Site>),
    /// List documents with their state
    List,
    /// Show how the service is doing, or one document
    Status {
        /// Path of the document inside the document store
        #[arg(value_name = "DOCUMENT")]
        document: Option<String>,
    },
    /// Show a document's passages as the knowledge holds them
    Show {
        /// Path of the document inside the document store
        #[arg(value_name = "DOCUMENT")]
        document: String,
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
    /// Show how files would be read and cut into passages and what that would cost, without a service
    #[command(alias = "preview")]
    Chunks {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print a script that completes this command line in a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Run the service; it is set by INGESTOR_... in the environment
    Serve,
}
