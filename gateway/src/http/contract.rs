//! What the gateway says of its own interface: `OpenAPI` for HTTP, `AsyncAPI` for the WebSocket, and a page to read. All three are made
//! from the types that are read and sent, the table of errors and one list of operations; nothing is written twice.

mod frames;
mod operations;
mod page;
mod schemas;

use std::sync::LazyLock;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};

use super::assets;
use operations::{Operation, operations};
use schemas::Schemas;

/// The page holds no script and one style of its own.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
);

static OPENAPI: LazyLock<Value> = LazyLock::new(openapi);
static ASYNCAPI: LazyLock<Value> = LazyLock::new(frames::asyncapi);
static OPENAPI_TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| text(&OPENAPI));
static ASYNCAPI_TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| text(&ASYNCAPI));
static PAGE: LazyLock<Vec<u8>> = LazyLock::new(|| page::page(&OPENAPI, &ASYNCAPI).into_bytes());

/// `GET /openapi.json`.
pub(super) async fn openapi_json(headers: HeaderMap) -> Response {
    assets::file(&OPENAPI_TEXT, "application/json", &headers)
}

/// `GET /asyncapi.json`.
pub(super) async fn asyncapi_json(headers: HeaderMap) -> Response {
    assets::file(&ASYNCAPI_TEXT, "application/json", &headers)
}

/// `GET /docs`.
pub(super) async fn docs(headers: HeaderMap) -> Response {
    let mut response = assets::file(&PAGE, "text/html; charset=utf-8", &headers);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// `GET /docs.css`.
pub(super) async fn docs_css(headers: HeaderMap) -> Response {
    assets::file(include_bytes!("contract/docs.css"), "text/css; charset=utf-8", &headers)
}

fn text(document: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(document).unwrap_or_default()
}

fn openapi() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations(&mut schemas) {
        let Operation { method, path, .. } = operation;
        let on_path = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(on_path) = on_path.as_object_mut() {
            on_path.insert(method.to_owned(), operation.document());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "SmallBiz Chatbot",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT", "identifier": "MIT" },
            "description": "Questions to a business's own documents, with sources. The WebSocket at `/ws` carries the same events as \
                the server-sent ones: see `/asyncapi.json`. Errors are those of one table on every transport.",
        },
        "externalDocs": { "description": "The same to read", "url": "/docs" },
        "servers": [{ "url": "/" }],
        // Where no key is configured, none is asked for.
        "security": [{}, { "key": [] }, { "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "x-api-key", "description": "A site key, a secret key, or a visitor's token." },
                "bearer": { "type": "http", "scheme": "bearer", "description": "The same as `authorization: Bearer`." },
            },
            "schemas": schemas.finish(),
        },
    })
}

#[cfg(test)]
mod tests;
