//! A key file, and one try to get an answer over each transport.

use std::path::PathBuf;

use proto::ErrorCode;
use proto::v1::AskRequest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Error;
use tonic::Request;

use crate::client::{open, request};
use crate::grpc_web::{ASK, KIND, framed};
use crate::stack::Stack;

pub(crate) const SHOP: &str = "https://shop.example";
pub(crate) const BANK: &str = "https://bank.example";

/// A key file with a site key `shop` for one page, `bank` for another, and a secret key `back`.
pub(crate) struct KeyFile {
    path: PathBuf,
    keys: Vec<Value>,
    _folder: TempDir,
}

impl KeyFile {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let site = |id: &str, name: &str, origin: &str| {
            let mut key = entry(id, name, "site", &["chat"]);
            key["origins"] = json!([origin]);
            key["identity_secret"] = json!("ab".repeat(32));
            key
        };
        let keys = vec![
            site("0a000001", "shop", SHOP),
            site("0a000002", "bank", BANK),
            entry("0a000003", "back", "secret", &["chat", "search"]),
            entry("0a000004", "old", "secret", &["chat"]),
            entry("0a000005", "late", "secret", &["chat"]),
        ];
        let mut file = Self { path: folder.path().join("keys.json"), keys, _folder: folder };
        file.change("old", "revoked_s", json!(1));
        file.change("late", "expires_s", json!(1));
        file
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }

    /// Changes one field of a key; a running gateway notices it.
    pub(crate) fn change(&mut self, key: &str, field: &str, value: Value) {
        let key = self.keys.iter_mut().find(|known| known["name"] == key).expect("a key");
        key[field] = value;
        let new = self.path.with_extension("new");
        std::fs::write(&new, json!({ "version": 1, "keys": self.keys }).to_string()).expect("written");
        std::fs::rename(new, &self.path).expect("renamed");
    }
}

fn entry(id: &str, name: &str, kind: &str, scopes: &[&str]) -> Value {
    let sha256 = hex::encode(Sha256::digest(name));
    json!({
        "id": id, "kind": kind, "name": name, "sha256": sha256, "created_s": 1,
        "collections": ["main"], "scopes": scopes,
    })
}

/// How somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A WebSocket, with the key in its handshake.
    Handshake,
    /// A WebSocket, with the key in its first frame.
    FirstFrame,
    Rest,
    Sse,
    OpenAi,
    Grpc,
    GrpcWeb,
}

impl Way {
    pub(crate) const ALL: [Self; 7] =
        [Self::Handshake, Self::FirstFrame, Self::Rest, Self::Sse, Self::OpenAi, Self::Grpc, Self::GrpcWeb];
}

/// Who asks, and from where; empty texts are left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct From<'a> {
    /// A key, or a token.
    pub(crate) credential: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) forwarded: &'a str,
}

impl From<'_> {
    fn is_token(&self) -> bool {
        self.credential.starts_with("sbc_visit_")
    }

    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let credential = if self.is_token() {
            ("authorization", format!("Bearer {}", self.credential))
        } else {
            ("x-api-key", self.credential.to_owned())
        };
        let all =
            [credential, ("origin", self.origin.to_owned()), ("x-forwarded-for", self.forwarded.to_owned())];
        let named = |(name, value): &(&str, String)| match *name {
            "authorization" | "x-api-key" => !self.credential.is_empty(),
            _ => !value.is_empty(),
        };
        all.into_iter().filter(named).collect()
    }
}

/// Asks, and returns `ok` or the code of the error.
pub(crate) async fn ask(stack: &Stack, way: Way, from: From<'_>) -> String {
    let headers = from.headers();
    let with: Vec<(&'static str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match way {
        Way::Handshake => over_socket(stack, &with, None).await,
        Way::FirstFrame => {
            let open: Vec<_> = with
                .into_iter()
                .filter(|(name, _)| !matches!(*name, "authorization" | "x-api-key"))
                .collect();
            let field = if from.is_token() { "token" } else { "api_key" };
            over_socket(stack, &open, Some(json!({ "action": "authenticate", field: from.credential }))).await
        }
        Way::Rest => over_http(stack, "/chat", &with, r#"{"message":"open?"}"#).await,
        Way::OpenAi => {
            let body = r#"{"messages":[{"role":"user","content":"open?"}]}"#;
            over_http(stack, "/v1/chat/completions", &with, body).await
        }
        Way::GrpcWeb => over_grpc_web(stack, &with).await,
        Way::Sse => {
            let with = [with, vec![("accept", "text/event-stream")]].concat();
            over_http(stack, "/chat", &with, r#"{"message":"open?","streaming":true}"#).await
        }
        Way::Grpc => {
            let mut asked =
                Request::new(AskRequest { question: "open?".to_owned(), ..AskRequest::default() });
            for (name, value) in &with {
                asked.metadata_mut().insert(*name, value.parse().expect("ASCII"));
            }
            match stack.chat.clone().ask(asked).await {
                Ok(_) => "ok".to_owned(),
                Err(status) => ErrorCode::of(&status).0.name().to_owned(),
            }
        }
    }
}

async fn over_http(stack: &Stack, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers = [headers, &[("content-type", "application/json")]].concat();
    let reply = request(stack.http, &format!("POST {path}"), &headers, body).await;
    if reply.status == 200 {
        return "ok".to_owned();
    }
    let told = reply.json();
    // OpenAI's clients look for it below `error`.
    text(told.pointer("/error/code").unwrap_or_else(|| &told["code"]))
}

async fn over_grpc_web(stack: &Stack, headers: &[(&str, &str)]) -> String {
    let kind = [("content-type", KIND), ("x-grpc-web", "1")];
    let asked = framed(&AskRequest { question: "open?".to_owned(), ..AskRequest::default() });
    let reply = request(stack.http, ASK, &[headers, &kind].concat(), &asked).await;
    if reply.status != 200 {
        return text(&reply.json()["code"]);
    }
    match reply.header("grpc-status") {
        "" => "ok".to_owned(),
        number => {
            let code = tonic::Code::from(number.parse::<i32>().expect("a number"));
            ErrorCode::of(&tonic::Status::new(code, "")).0.name().to_owned()
        }
    }
}

async fn over_socket(stack: &Stack, headers: &[(&'static str, &str)], first: Option<Value>) -> String {
    let mut socket = match open(stack.http, headers).await {
        Ok(socket) => socket,
        Err(Error::Http(refused)) => {
            let body = refused.body().clone().unwrap_or_default();
            let problem: Value = serde_json::from_slice(&body).expect("a problem");
            return text(&problem["code"]);
        }
        Err(other) => panic!("{other}"),
    };
    if let Some(first) = first {
        socket.send(first).await;
        let reply = socket.frame().await;
        if reply["type"] != "authenticated" {
            return text(&reply["code"]);
        }
    }
    socket.ask("open?").await;
    let end = socket.answer().await.pop().expect("a frame");
    if end["type"] == "end" { "ok".to_owned() } else { text(&end["code"]) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no code: {value}")).to_owned()
}

/// Exchanges a site key for a token; `body` introduces the visitor.
pub(crate) async fn session(stack: &Stack, from: From<'_>, body: &Value) -> Result<String, String> {
    let headers = from.headers();
    let mut headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("content-type", "application/json"));
    let reply = request(stack.http, "POST /v1/session", &headers, &body.to_string()).await;
    let body = reply.json();
    if reply.status == 200 {
        assert!(body["expires_in_seconds"].as_u64().is_some(), "{body}");
        Ok(text(&body["token"]))
    } else {
        Err(text(&body["code"]))
    }
}
