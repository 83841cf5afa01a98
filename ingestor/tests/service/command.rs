//! The command line as a program of its own, against a service on a port of this machine.

mod crawling;
mod looking;
mod uploading;

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::stack::{Stack, write};

/// A service with a place for an editor's own files.
pub(crate) struct Desk {
    pub(crate) stack: Stack,
    pub(crate) files: tempfile::TempDir,
    server: String,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Returns the objects that were printed, one a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("JSON on each line")).collect()
    }

    /// Returns the last object.
    pub(crate) fn last(&self) -> Value {
        self.objects().pop().unwrap_or_else(|| panic!("nothing was printed: {self:?}"))
    }
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::open_over(tempfile::tempdir().expect("temporary folder")).await
    }

    pub(crate) async fn open_over(documents: tempfile::TempDir) -> Self {
        let (stack, server) = Stack::start_on_network(Arc::new(documents)).await;
        Self { stack, files: tempfile::tempdir().expect("temporary folder"), server }
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(self.files.path(), name, text.as_bytes());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.files.path(), arguments);
        command.env("INGESTOR_SERVER", &self.server);
        command
    }

    /// Runs a command to its end in the folder of files.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments)).await
    }

    /// Starts a command that is killed when it is dropped.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("starts")
    }
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingestor"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

async fn ended(mut command: Command) -> Ended {
    let output = command.output().await.expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command that needs no service.
pub(crate) async fn run_alone(folder: &Path, arguments: &[&str]) -> Ended {
    ended(program(folder, arguments)).await
}
