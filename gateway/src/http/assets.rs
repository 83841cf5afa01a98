//! Files that are built into the program: the widget, the demonstration pages, the style of document pages.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Edge, nothing_there};

const PAGE_POLICY: &str =
    "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'";
/// One state of the chat on a page of the playground: framed by that page, and by no other site's.
const FRAME_POLICY: &str =
    "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'self'";
const PAGE: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// What the pages of the playground load, by its name.
const PLAYGROUND: [(&str, &[u8], &str); 8] = [
    ("base.css", include_bytes!("../../../widget/demo/playground/base.css"), STYLE),
    ("fake.js", include_bytes!("../../../widget/demo/playground/fake.js"), SCRIPT),
    ("options.js", include_bytes!("../../../widget/demo/playground/options.js"), SCRIPT),
    ("page.css", include_bytes!("../../../widget/demo/playground/page.css"), STYLE),
    ("page.js", include_bytes!("../../../widget/demo/playground/page.js"), SCRIPT),
    ("scenes.js", include_bytes!("../../../widget/demo/playground/scenes.js"), SCRIPT),
    ("state.css", include_bytes!("../../../widget/demo/playground/state.css"), STYLE),
    ("state.js", include_bytes!("../../../widget/demo/playground/state.js"), SCRIPT),
];

/// The words of the interface in other languages than the English that is part of the script.
const LANGUAGES: [(&str, &[u8]); 10] = [
    ("ar.json", include_bytes!("../../../widget/languages/ar.json")),
    ("de.json", include_bytes!("../../../widget/languages/de.json")),
    ("es.json", include_bytes!("../../../widget/languages/es.json")),
    ("fr.json", include_bytes!("../../../widget/languages/fr.json")),
    ("it.json", include_bytes!("../../../widget/languages/it.json")),
    ("ja.json", include_bytes!("../../../widget/languages/ja.json")),
    ("nl.json", include_bytes!("../../../widget/languages/nl.json")),
    ("pl.json", include_bytes!("../../../widget/languages/pl.json")),
    ("pt.json", include_bytes!("../../../widget/languages/pt.json")),
    ("tr.json", include_bytes!("../../../widget/languages/tr.json")),
];

pub(super) async fn widget(headers: HeaderMap) -> Response {
    for_every_page(file(include_bytes!("../../../widget/dist/widget.js"), SCRIPT, &headers))
}

/// The file's name is the language's code with the ending `.json`.
pub(super) async fn language(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match LANGUAGES.into_iter().find(|(known, _)| *known == name) {
        Some((_, bytes)) => for_every_page(file(bytes, "application/json", &headers)),
        None => edge.refuse(&nothing_there()),
    }
}

pub(super) async fn demo(headers: HeaderMap) -> Response {
    page(include_bytes!("../../../widget/demo/index.html"), PAGE_POLICY, &headers)
}

pub(super) async fn demo_css(headers: HeaderMap) -> Response {
    file(include_bytes!("../../../widget/demo/demo.css"), STYLE, &headers)
}

pub(super) async fn demo_js(headers: HeaderMap) -> Response {
    file(include_bytes!("../../../widget/demo/demo.js"), SCRIPT, &headers)
}

pub(super) async fn playground(headers: HeaderMap) -> Response {
    page(include_bytes!("../../../widget/demo/playground/index.html"), PAGE_POLICY, &headers)
}

pub(super) async fn playground_state(headers: HeaderMap) -> Response {
    let mut response =
        page(include_bytes!("../../../widget/demo/playground/state.html"), FRAME_POLICY, &headers);
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

pub(super) async fn playground_file(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match PLAYGROUND.into_iter().find(|(known, ..)| *known == name) {
        Some((_, bytes, kind)) => file(bytes, kind, &headers),
        None => edge.refuse(&nothing_there()),
    }
}

pub(super) async fn documents_css(headers: HeaderMap) -> Response {
    file(include_bytes!("documents.css"), STYLE, &headers)
}

/// Browsers ask for an icon of every page by this name.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    file(include_bytes!("icon.svg"), "image/svg+xml", &headers)
}

/// Lets any page load the file, which holds nothing secret; what the page may then do is decided by its origin.
fn for_every_page(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

/// Returns a page under its policy.
fn page(bytes: &'static [u8], policy: &'static str, request: &HeaderMap) -> Response {
    let mut response = file(bytes, PAGE, request);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Returns the file, or 304 when the browser has it already.
pub(super) fn file(bytes: &'static [u8], kind: &'static str, request: &HeaderMap) -> Response {
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
