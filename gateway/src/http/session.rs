//! Sessions: a page exchanges its site key for a token of minutes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Edge, body, search};
use crate::admission::{Challenge, Kind, Opened};
use crate::frame::SessionBody;
use crate::refusal::Refusal;

/// A token, or what is to be done before there is one.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum SessionReply {
    /// Good for this page's origin and network.
    Session {
        /// Goes where a key goes.
        token: String,
        /// Renew it before.
        #[schemars(range(min = 1))]
        expires_in_seconds: u64,
    },
    /// Work is asked for while the budget burns: find a `solution` so that SHA-256 of `challenge` and it begins with `bits` zero bits.
    Challenge {
        /// To be sent back.
        challenge: String,
        /// How many.
        bits: u32,
        /// How long it counts.
        #[schemars(range(min = 1))]
        expires_in_seconds: u64,
    },
}

/// `POST /v1/session`.
pub(super) async fn open(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match exchange(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn exchange(edge: &Edge, request: Request) -> Result<Response, Refusal> {
    let (head, content) = request.into_parts();
    let caller = edge.caller(&head)?;
    let body: SessionBody = body::json(&head, content, &edge.settings.connections).await?;
    let admission = edge.chat.admission();
    admission.count(&caller, Kind::Session).await?;
    let opened = match admission.open_session(&caller, &edge.whence(&head), &body.into())? {
        Opened::Session(session) => {
            SessionReply::Session { token: session.token, expires_in_seconds: session.lifetime.as_secs() }
        }
        Opened::Challenge(Challenge { text, bits, lifetime_s }) => {
            SessionReply::Challenge { challenge: text, bits, expires_in_seconds: lifetime_s }
        }
    };
    Ok(search::json(serde_json::to_vec(&opened).unwrap_or_default().into()))
}
