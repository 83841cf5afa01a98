//! What a gRPC port asks of whoever connects.

use subtle::ConstantTimeEq;
use tonic::service::{InterceptorLayer, Routes};
use tonic::{Request, Status};

use crate::{Secret, Tls};

/// What a gRPC port asks of whoever connects; a pipe in memory asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Each call but those of the health service must show this as `authorization: Bearer`.
    pub token: Option<Secret>,
    /// TLS in front of the port.
    pub tls: Option<Tls>,
}

/// Puts the check of the token before all these routes.
pub(crate) fn guarded(routes: Routes, token: Secret) -> Routes {
    let check = move |request: Request<()>| {
        let shown = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|shown| shown.strip_prefix("Bearer ")).unwrap_or_default();
        if bool::from(shown.as_bytes().ct_eq(token.expose().as_bytes())) {
            return Ok(request);
        }
        Err(Status::unauthenticated(
            "this service is called with its token; set SERVICE_TOKEN to the same value everywhere",
        ))
    };
    Routes::from(routes.into_axum_router().layer(InterceptorLayer::new(check)))
}
