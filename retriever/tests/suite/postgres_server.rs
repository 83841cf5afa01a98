//! A real PostgreSQL for tests: one that the whole test process shares, or one of a test's own that it may kill.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use lifecycle::Reader;
use tokio_postgres::{Client, NoTls};

/// An empty database of the test's own.
pub(crate) struct TestDatabase {
    /// How the store reaches it, as a superuser.
    pub(crate) url: String,
}

/// A server of a test's own; it ends with this value, or with the process.
pub(crate) struct Server {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Its port on 127.0.0.1.
    pub(crate) port: u16,
    /// Directory with its socket.
    pub(crate) home: PathBuf,
}

/// Makes an empty database on the shared server: that of `TEST_DATABASE_URL`, else one that this process starts.
pub(crate) async fn database() -> TestDatabase {
    static SHARED: OnceLock<(String, Option<Server>)> = OnceLock::new();
    let (url, _) = SHARED.get_or_init(|| {
        if let Some(url) = Reader::from_environment().optional_text("TEST_DATABASE_URL") {
            return (url, None);
        }
        let server = Server::start(&[]);
        (server.url("postgres"), Some(server))
    });
    TestDatabase { url: new_database(url).await }
}

/// Makes an empty database and returns its URL: that of the server with another path.
pub(crate) async fn new_database(url: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let client = client(url).await;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, rest) = url.rsplit_once('/').unwrap();
    let query = rest.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
    format!("{server}/{name}{query}")
}

/// Connects for what a test wants to see or do itself.
pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "the connection ends with its client")]
    tokio::spawn(connection);
    client
}

impl Server {
    /// Starts a server; `options` are those of the script.
    pub(crate) fn start(options: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres_server");
        let started = Command::new(script).args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.unwrap_or_else(|error| panic!("{script}, which needs python3: {error}"));
        let commands = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, commands, answers, port: 0, home: PathBuf::new() };
        let answer = server.answer();
        let (port, home) = answer.split_once(' ').unwrap();
        server.port = port.parse().unwrap();
        server.home = PathBuf::from(home);
        server
    }

    /// Returns the URL of a database on it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Gives the script a command and returns its answer.
    pub(crate) fn command(&mut self, command: &str) -> String {
        writeln!(self.commands.as_ref().unwrap(), "{command}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer = line.strip_prefix("ok ");
        answer.unwrap_or_else(|| panic!("the PostgreSQL for tests: {line}")).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The script stops the server and tidies up when its input ends.
        drop(self.commands.take());
        _ = self.process.wait();
    }
}
