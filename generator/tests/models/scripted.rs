//! A server on a real socket that answers each connection by a script: what no real server does when it is asked to.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What is done with a connection once its request was read.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends nothing more until the client goes.
    Stall,
    /// Ends the connection so that the client sees it as broken.
    Reset,
}

pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    /// Whole requests, as they were read.
    pub(crate) requests: Receiver<String>,
    /// Hears of each client that went away while it was waited for.
    pub(crate) gone: Receiver<()>,
}

impl Scripted {
    /// Returns whether the client goes away while it is waited for. The runtime goes on meanwhile: it closes connections.
    pub(crate) async fn ends_without_client(self) -> bool {
        let waiting = tokio::task::spawn_blocking(move || self.gone.recv_timeout(PATIENCE).is_ok());
        waiting.await.expect("no panic")
    }
}

/// Longest that a script waits for a client to go: a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a server whose connections are all treated alike.
pub(crate) fn serve(steps: Vec<Step>) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let ((asked, requests), (going, gone)) = (channel(), channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            _ = asked.send(request(&mut stream));
            for step in &steps {
                match step {
                    Step::Send(bytes) => {
                        // A client that has gone is what some tests want to see.
                        _ = stream.write_all(bytes);
                        _ = stream.flush();
                    }
                    Step::Stall => {
                        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                        let is_waiting = stream
                            .read(&mut [0; 64])
                            .is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
                        if !is_waiting {
                            _ = going.send(());
                        }
                    }
                    Step::Reset => break,
                }
            }
        }
    });
    Scripted { address, requests, gone }
}

fn request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let read = stream.read(&mut buffer).expect("a request");
        bytes.extend_from_slice(buffer.get(..read).expect("within"));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        assert!(read > 0, "the request was cut");
    }
}

/// Returns the head of a stream in chunks, which tell an end from a cut.
pub(crate) fn chunked_head(content_type: &str) -> Step {
    Step::Send(
        format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n")
            .into_bytes(),
    )
}

/// Returns bytes as one chunk.
pub(crate) fn chunk(bytes: &[u8]) -> Step {
    Step::Send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
}

/// Ends a stream in chunks.
pub(crate) fn last_chunk() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// Returns a whole answer that is no stream.
pub(crate) fn whole(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![Step::Send(
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes(),
    )]
}
