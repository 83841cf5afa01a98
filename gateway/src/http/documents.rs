//! Pages of documents, for the collections that may be read by anybody.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, header};
use proto::ErrorCode;

use super::{Edge, page};
use crate::refusal::Refusal;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `GET /documents/{collection}/{document_id}`.
pub(super) async fn show(
    State(edge): State<Arc<Edge>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    let Ok(Path((collection, id))) = path else {
        return edge.refuse(&Refusal::invalid("the path is not UTF-8"));
    };
    let found = if edge.settings.document_pages.contains(&collection) {
        edge.chat.document(&id, &collection).await
    } else {
        // Whether the collection exists is not for the public to know.
        Err(Refusal::new(ErrorCode::NotFound, "there is no page at this path"))
    };
    match found {
        Ok(found) => {
            let mut response = Response::new(page::render(&found).into());
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        Err(refusal) if refusal.code() == ErrorCode::NotFound => {
            edge.refuse(&Refusal::new(ErrorCode::NotFound, "there is no page at this path"))
        }
        Err(refusal) => edge.refuse(&refusal),
    }
}
