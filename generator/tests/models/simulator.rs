//! The simulated Bedrock of `loadtest`, as a process of its own: the two crates know nothing of each other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The simulator; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Simulator {
    process: Child,
    pub(crate) address: String,
    _folder: TempDir,
}

impl Simulator {
    /// Starts a simulator with this scenario.
    pub(crate) fn start(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("scenario.toml");
        std::fs::write(&file, scenario).expect("written");
        let mut process = Command::new(program())
            .args(["simulate", "--listen", "127.0.0.1:0", "--scenario"])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .expect("loadtest starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        Self { process, address, _folder: folder }
    }

    /// Every request so far, as the simulator keeps it.
    pub(crate) fn asked(&self) -> Vec<Value> {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        // Without keep-alive and chunks all that comes is the answer.
        write!(stream, "GET /_simulator/requests HTTP/1.0\r\n\r\n").expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["requests"].as_array().expect("requests").clone()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Returns the program beside the tests; tests of this crate alone build it first.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.ancestors().nth(2).expect("the folder of programs");
    let program = folder.join("loadtest");
    if !program.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "-p", "loadtest", "--bin", "loadtest"])
            .status()
            .expect("cargo runs");
        assert!(built.success() && program.exists(), "build it first: cargo build -p loadtest");
    }
    program
}
