//! The secret by which services know each other.

use std::fmt;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// The secret that each call between services shows, as `authorization: Bearer`; or none.
#[derive(Clone)]
pub struct ServiceToken(Option<MetadataValue<Ascii>>);

impl ServiceToken {
    /// Returns a token; nothing when the text cannot travel as metadata.
    pub fn new(text: &str) -> Option<Self> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {text}").parse().ok()?;
        // Header compression must not remember it.
        value.set_sensitive(true);
        Some(Self(Some(value)))
    }

    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Interceptor for ServiceToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}
