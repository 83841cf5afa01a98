//! Files that are built into the program: the widget, the demonstration page, the style of document pages, and what
//! describes the API.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

const PAGE_POLICY: &str =
    "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub(super) async fn widget(headers: HeaderMap) -> Response {
    let mut response = file(include_bytes!("../../../widget/dist/widget.js"), SCRIPT, &headers);
    // Any page may load the script, which holds nothing secret; what it may then do is decided by the page's origin.
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

pub(super) async fn demo(headers: HeaderMap) -> Response {
    let mut response =
        file(include_bytes!("../../../widget/demo/index.html"), "text/html; charset=utf-8", &headers);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

pub(super) async fn demo_css(headers: HeaderMap) -> Response {
    file(include_bytes!("../../../widget/demo/demo.css"), STYLE, &headers)
}

pub(super) async fn demo_js(headers: HeaderMap) -> Response {
    file(include_bytes!("../../../widget/demo/demo.js"), SCRIPT, &headers)
}

pub(super) async fn documents_css(headers: HeaderMap) -> Response {
    file(include_bytes!("documents.css"), STYLE, &headers)
}

/// Browsers ask for an icon of every page by this name.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    file(include_bytes!("icon.svg"), "image/svg+xml", &headers)
}

pub(super) async fn openapi(headers: HeaderMap) -> Response {
    file(include_bytes!("openapi.json"), "application/json", &headers)
}

/// Returns the file, or 304 when the browser has it already.
fn file(bytes: &'static [u8], kind: &'static str, request: &HeaderMap) -> Response {
    let mut hash = DefaultHasher::new();
    bytes.hash(&mut hash);
    let tag = format!("\"{:016x}\"", hash.finish());
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = Response::new(if known { Vec::new().into() } else { bytes.into() });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, must-revalidate"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}
