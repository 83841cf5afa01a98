//! A web server whose answers a test writes byte by byte, and which remembers what it was asked.
#![expect(clippy::disallowed_methods, reason = "the server of a test ends with the test's runtime")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a path answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status, headers, body.
    Full(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes instead of HTTP, and then the end.
    Raw(Vec<u8>),
    /// A body that never ends.
    Endless,
    /// Nothing, ever.
    Silence,
}

/// A running server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn page(body: &str) -> Reply {
    Reply::Full(200, vec![("content-type".to_owned(), "text/html".to_owned())], body.as_bytes().to_vec())
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Full(status, Vec::new(), Vec::new())
}

pub(crate) fn redirect(status: u16, target: &str) -> Reply {
    Reply::Full(status, vec![("location".to_owned(), target.to_owned())], Vec::new())
}

impl Reply {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Full(_, headers, _) = &mut self {
            headers.retain(|(own, _)| own != name);
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    fn value(&self, name: &str) -> Option<&str> {
        let Self::Full(_, headers, _) = self else { return None };
        headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Server {
    /// Starts a server without robots.txt; `{here}` in the pages stands for its address.
    pub(crate) async fn start(pages: &[(&str, Reply)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("an address").port();
        let server = Self { port, replies: Arc::default(), asked: Arc::default() };
        for (path, reply) in pages {
            server.set(path, reply.clone());
        }
        let own = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.serve(stream).await });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://shop.test:{}{path}", self.port)
    }

    pub(crate) fn set(&self, path: &str, mut reply: Reply) {
        let here = self.url("");
        if let Reply::Full(_, headers, body) = &mut reply {
            for (_, value) in headers {
                *value = value.replace("{here}", &here);
            }
            if let Ok(text) = std::str::from_utf8(body) {
                *body = text.replace("{here}", &here).into_bytes();
            }
        }
        self.replies.lock().expect("is not poisoned").insert(path.to_owned(), reply);
    }

    /// Returns the paths that were asked for since the last time, sorted; with `=` where the answer was 304.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().expect("is not poisoned"));
        asked.retain(|path| path != "/robots.txt");
        asked.sort();
        asked
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).expect("a request is ASCII");
        let path = head.split(' ').nth(1).expect("a path").to_owned();
        let found = self.replies.lock().expect("is not poisoned").get(&path).cloned();
        let reply = found.unwrap_or_else(|| status(404));
        let sent = |name: &str| {
            let prefix = format!("{name}: ");
            head.lines().find_map(|line| line.strip_prefix(prefix.as_str())).map(str::to_owned)
        };
        let is_same = |header: &str, validator: &str| {
            reply.value(validator).is_some_and(|value| sent(header).as_deref() == Some(value))
        };
        let is_unchanged = is_same("if-none-match", "etag") || is_same("if-modified-since", "last-modified");
        let entry = if is_unchanged { format!("{path}=") } else { path };
        self.asked.lock().expect("is not poisoned").push(entry);
        // A client that hangs up early is what some tests are about.
        _ = answer(&mut stream, if is_unchanged { status(304) } else { reply }).await;
    }
}

async fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Full(status, headers, body) => {
            let mut head =
                format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            stream.write_all(&body).await
        }
        Reply::Raw(bytes) => stream.write_all(&bytes).await,
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 X\r\ncontent-type: text/html\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 8_192]).await?;
            }
        }
        Reply::Silence => std::future::pending().await,
    }
}
