//! The simulated Textract of `loadtest`, as a process of its own: the two crates know nothing of each other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_textract::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;
use tempfile::TempDir;

/// The simulator; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Simulator {
    process: Child,
    address: String,
    _folder: TempDir,
}

/// One request as the simulator keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) body: Value,
    pub(crate) outcome: String,
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

    /// What a client needs to find it.
    pub(crate) fn config(&self) -> SdkConfig {
        config(&self.address, "AKIDEXAMPLE")
    }

    /// The same with the credentials of somebody else.
    pub(crate) fn config_of_a_stranger(&self) -> SdkConfig {
        config(&self.address, "AKIDSTRANGER")
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        // Without keep-alive and chunks all that comes is the answer.
        write!(stream, "GET /_simulator/requests HTTP/1.0\r\n\r\n").expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let asked = |request: &Value| Asked {
            operation: text(&request["operation"]),
            body: request["body"].clone(),
            outcome: text(&request["outcome"]),
        };
        body["requests"].as_array().expect("requests").iter().map(asked).collect()
    }

    /// The operations so far, in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.operation).collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// What a client needs to find a service at this address.
pub(crate) fn config(address: &str, key: &str) -> SdkConfig {
    let credentials = Credentials::new(key, "example", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build()
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
