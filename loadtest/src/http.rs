//! The public REST interface, as far as measuring needs it.

use std::time::Duration;

use anyhow::Context;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::hit::Returned;

/// Bytes of a response, at most: a hundred of the largest passages.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// A client of one gateway. Nothing is tried twice.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    key: Option<String>,
    timeout: Duration,
}

/// Code of a failed call: from the error table, `HTTP_<status>`, `TIMEOUT` or `UNREACHABLE`.
pub(crate) type Code = String;

/// What a search found, whatever its evidence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// Best first.
    pub(crate) passages: Vec<Returned>,
    /// The most evidence of any of them, 0 to 1; 0 without one.
    pub(crate) evidence: f64,
}

#[derive(Deserialize)]
struct SearchResponse {
    passages: Vec<FoundPassage>,
}

#[derive(Deserialize)]
struct FoundPassage {
    #[serde(default)]
    heading_path: Vec<String>,
    text: String,
    evidence: f64,
}

impl Api {
    /// Returns a client for an address such as `http://127.0.0.1:8080`.
    pub(crate) fn new(url: &str, key: Option<String>, timeout: Duration) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("--url: `{url}` is no address"))?;
        anyhow::ensure!(
            uri.scheme_str() == Some("http") && uri.authority().is_some(),
            "--url: expected something like http://127.0.0.1:8080, got `{url}`"
        );
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { client, base: url.trim_end_matches('/').to_owned(), key, timeout })
    }

    /// Returns what a search finds, best first. The public search drops nothing for want of evidence.
    pub(crate) async fn search(&self, query: &str, top_k: u32) -> Result<Found, Code> {
        let value = self.post("/v1/search", &json!({ "query": query, "top_k": top_k })).await?;
        let SearchResponse { passages } =
            serde_json::from_value(value).map_err(|_| "UNEXPECTED_RESPONSE".to_owned())?;
        let evidence = passages.iter().map(|passage| passage.evidence).fold(0.0, f64::max);
        let returned =
            |passage: FoundPassage| Returned { headings: passage.heading_path, text: passage.text };
        Ok(Found { passages: passages.into_iter().map(returned).collect(), evidence })
    }

    /// Returns whether an answer says that the documents hold none.
    pub(crate) async fn is_refused(&self, message: &str) -> Result<bool, Code> {
        let value = self.post("/chat", &json!({ "message": message })).await?;
        match value.get("finish_reason").and_then(Value::as_str) {
            Some(reason) => Ok(reason == "no_evidence"),
            None => Err("UNEXPECTED_RESPONSE".to_owned()),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Code> {
        match tokio::time::timeout(self.timeout, self.exchange(path, body)).await {
            Ok(exchanged) => exchanged,
            Err(_) => Err("TIMEOUT".to_owned()),
        }
    }

    async fn exchange(&self, path: &str, body: &Value) -> Result<Value, Code> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| "INVALID_REQUEST".to_owned())?;
        let response = self.client.request(request).await.map_err(|_| "UNREACHABLE".to_owned())?;
        let status = response.status();
        let collected = Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await;
        let bytes = collected.map_err(|_| "BROKEN_RESPONSE".to_owned())?.to_bytes();
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status == StatusCode::OK { Ok(value) } else { Err(code_of(status, &value)) }
    }
}

fn code_of(status: StatusCode, body: &Value) -> Code {
    let named = [body.get("code"), body.pointer("/error/code")];
    let code = named.into_iter().flatten().find_map(Value::as_str);
    code.map_or_else(|| format!("HTTP_{}", status.as_u16()), str::to_owned)
}
