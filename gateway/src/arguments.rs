//! The command line of the gateway.

use clap::{Parser, Subcommand};

use crate::keys::KeysArguments;

/// The edge of the chatbot. Without a command it serves until it is told to stop; every setting is an environment variable.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
pub struct Arguments {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program does instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, show, revoke and rotate keys
    Keys(KeysArguments),
}
