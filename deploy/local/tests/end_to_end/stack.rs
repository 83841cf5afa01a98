//! A running chatbot: as one process, or as four.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long a process may take to start or stop; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running chatbot over a copy of the sample documents.
pub(crate) struct Stack {
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) ingestor: SocketAddr,
    pub(crate) processes: Vec<Process>,
    pub(crate) documents: PathBuf,
    _folder: TempDir,
}

/// A child process that is killed when dropped.
pub(crate) struct Process {
    pub(crate) name: &'static str,
    pub(crate) child: Child,
    /// The address that was asked for last.
    pub(crate) listens: Option<SocketAddr>,

    lines: mpsc::Receiver<Value>,
    /// Lines that came before one that was waited for.
    earlier: Vec<Value>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Process {
    /// Starts a binary of this workspace from beside the chatbot's own.
    pub(crate) fn start(name: &'static str, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_chatbot")).with_file_name(name);
        assert!(binary.exists(), "{} is missing: run `cargo build --workspace --bins`", binary.display());
        let mut command = Command::new(binary);
        command.args(arguments).env("LOG_FORMAT", "json").env("DRAIN_SECONDS", "5").stdout(Stdio::piped());
        command.envs(settings.iter().copied());
        let mut child = command.spawn().expect("the binary starts");
        let output = child.stdout.take().expect("a pipe");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // What is not JSON is for people: the banner.
                let Ok(line) = serde_json::from_str(&line) else { continue };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { name, child, listens: None, lines, earlier: Vec::new() }
    }

    /// Waits for a log line with this message and, when given, this `what`.
    pub(crate) fn wait_for(&mut self, message: &str, what: Option<&str>) -> Value {
        let fits = |line: &Value| line["message"] == message && what.is_none_or(|what| line["what"] == what);
        if let Some(line) = self.earlier.iter().find(|line| fits(line)) {
            return line.clone();
        }
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line =
                line.unwrap_or_else(|_| panic!("{} ended or hung before `{message}` {what:?}", self.name));
            self.earlier.push(line.clone());
            if fits(&line) {
                return line;
            }
        }
    }

    /// Returns whether a process that has ended had logged this message.
    pub(crate) fn has_said(&mut self, message: &str) -> bool {
        self.earlier.extend(self.lines.iter());
        self.earlier.iter().any(|line| line["message"] == message)
    }

    /// Waits until the process listens for this and returns where.
    pub(crate) fn address(&mut self, what: &str) -> SocketAddr {
        let line = self.wait_for("listening", Some(what));
        let address = line["address"].as_str().expect("an address").parse().expect("an address");
        self.listens = Some(address);
        address
    }
}

/// Returns a folder with a `documents` folder that holds the samples.
pub(crate) fn folder_with_samples() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = folder.path().join("documents");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"), &documents);
    (folder, documents)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}

impl Stack {
    /// Starts the chatbot in one process.
    pub(crate) fn one_process(settings: &[(&str, &str)]) -> Self {
        let (folder, documents) = folder_with_samples();
        Self::one_process_over(folder, documents, settings)
    }

    /// Starts the chatbot in one process over these documents; its data lies beside them.
    pub(crate) fn one_process_over(folder: TempDir, documents: PathBuf, settings: &[(&str, &str)]) -> Self {
        let data = folder.path().join("data");
        let mut all = vec![("RATE_PER_MINUTE", "0"), ("RATE_PER_HOUR", "0")];
        all.extend_from_slice(settings);
        let (documents_text, data_text) = (text(&documents), text(&data));
        let arguments = ["--port", "0", "--documents", &documents_text, "--data", &data_text];
        let mut process = Process::start("chatbot", &arguments, &all);
        let ingestor = process.address("ingestor");
        let (http, grpc) = (process.address("http"), process.address("grpc"));
        process.wait_for("chatbot ready", None);
        Self { http, grpc, ingestor, processes: vec![process], documents, _folder: folder }
    }

    /// Starts the four services as processes that meet over TCP.
    pub(crate) fn four_processes(settings: &[(&str, &str)]) -> Self {
        let (folder, documents) = folder_with_samples();
        let data = text(&folder.path().join("data"));
        let any = "127.0.0.1:0";
        let start = |name: &'static str, own: &[(&str, &str)]| {
            let mut all = own.to_vec();
            all.extend(settings.iter().filter(|(key, _)| {
                key.starts_with(&name.to_uppercase()) || (name == "gateway" && key.starts_with("RATE"))
            }));
            let arguments: &[&str] = if name == "ingestor" { &["serve"] } else { &[] };
            Process::start(name, arguments, &all)
        };
        let mut retriever = start(
            "retriever",
            &[("RETRIEVER_LISTEN", any), ("RETRIEVER_INTERNAL_LISTEN", any), ("RETRIEVER_DATA_DIR", &data)],
        );
        let retriever_url = format!("http://{}", retriever.address("retriever"));
        let mut generator =
            start("generator", &[("GENERATOR_LISTEN", any), ("GENERATOR_INTERNAL_LISTEN", any)]);
        let generator_url = format!("http://{}", generator.address("generator"));
        let mut ingestor = start(
            "ingestor",
            &[
                ("INGESTOR_LISTEN", any),
                ("INGESTOR_INTERNAL_LISTEN", any),
                ("INGESTOR_DOCUMENTS", &text(&documents)),
                ("INGESTOR_RETRIEVER", &retriever_url),
            ],
        );
        let mut gateway = start(
            "gateway",
            &[
                ("RATE_PER_MINUTE", "0"),
                ("RATE_PER_HOUR", "0"),
                ("GATEWAY_HTTP_LISTEN", any),
                ("GATEWAY_GRPC_LISTEN", any),
                ("GATEWAY_INTERNAL_LISTEN", any),
                ("GATEWAY_RETRIEVER", &retriever_url),
                ("GATEWAY_GENERATOR", &generator_url),
                ("GATEWAY_DOCUMENT_PAGES", "main"),
                ("GATEWAY_DEMO", "true"),
            ],
        );
        let (http, grpc) = (gateway.address("http"), gateway.address("grpc"));
        let ingestor_address = ingestor.address("ingestor");
        ingestor.wait_for("ready", None);
        gateway.wait_for("ready", None);
        let processes = vec![gateway, ingestor, generator, retriever];
        Self { http, grpc, ingestor: ingestor_address, processes, documents, _folder: folder }
    }

    /// Returns the memory that all processes together took for themselves, in bytes: without the pages of their programs.
    pub(crate) fn own_bytes(&self) -> u64 {
        let of_process = |process: &Process| {
            let status =
                std::fs::read_to_string(format!("/proc/{}/status", process.child.id())).expect("alive");
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a line");
            line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
        };
        self.processes.iter().map(of_process).sum()
    }

    /// Ends every process by SIGTERM and asserts that each exits with 0.
    pub(crate) fn stops_cleanly(&mut self) {
        for process in &mut self.processes {
            let id = process.child.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
            let status = process.child.wait().expect("it ends");
            assert!(status.success(), "{} ended with {status}", process.name);
        }
    }
}

/// Returns a path as text; every path of a test is UTF-8.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}
