//! A Redis of a test's own, that can be stopped, continued, killed and started again.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stack::{PATIENCE, Stack, stack_at};

pub(crate) struct RedisServer {
    port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = spawn(port, &folder);
        let server = Self { port, child, folder };
        server.answers().await;
        server
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Starts a gateway that shares this Redis.
    pub(crate) async fn gateway(&self, pairs: &[(&str, &str)]) -> Stack {
        self.gateway_at(None, pairs).await
    }

    /// The same, before a retriever that tells of its generation.
    pub(crate) async fn gateway_at(&self, generation: Option<u64>, pairs: &[(&str, &str)]) -> Stack {
        let address = self.address();
        // A busy machine may be late without anything being wrong.
        let mut all = vec![("GATEWAY_STATE", address.as_str()), ("GATEWAY_STATE_TIMEOUT_MS", "1000")];
        all.extend_from_slice(pairs);
        stack_at(generation, &all).await
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, empty.
    pub(crate) async fn again(&mut self) {
        self.child = spawn(self.port, &self.folder);
        self.answers().await;
    }

    pub(crate) async fn command(&self, line: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
        let mut reply = vec![0; 4096];
        let length = stream.read(&mut reply).await.ok()?;
        Some(String::from_utf8_lossy(&reply[..length]).into_owned())
    }

    async fn answers(&self) {
        let ping = async {
            while self.command("PING").await.as_deref() != Some("+PONG\r\n") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ping).await.expect("redis-server answers");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn spawn(port: u16, folder: &tempfile::TempDir) -> Child {
    let port = port.to_string();
    let mut command = Command::new("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
    let child = command.arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.expect("redis-server is installed (Debian's package redis-server, or `make tools`)")
}

/// Waits until a gateway's metrics show this line.
pub(crate) async fn shows(stack: &Stack, line: &str) {
    let waiting = async {
        while !crate::client::get(stack.internal, "/metrics").await.body.contains(line) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never shows {line}"));
}
