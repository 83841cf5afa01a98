//! A handoff as a signed request to one address, which comes from the settings alone.
//!
//! Id, time and signature are those of the Standard Webhooks specification, for which receivers find libraries in most
//! languages: `webhook-signature` is `v1,` and Base64 of HMAC-SHA256 over `id.timestamp.body`.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Request, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use sha2::Sha256;

use super::delivery::{Parcel, Setback};
use crate::settings::WebhookSettings;

const LEAST_KEY_BYTES: usize = 16;
const KEY_PREFIX: &str = "whsec_";
/// Of the head of a response; its body is never read.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Signs; never prints.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// Reads `whsec_` and Base64, or takes the text's bytes; nothing for fewer than 16 bytes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = match text.strip_prefix(KEY_PREFIX) {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < LEAST_KEY_BYTES {
            return None;
        }
        Hmac::new_from_slice(&bytes).ok().map(Self)
    }

    fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The receiver.
#[derive(Debug)]
pub(super) struct Webhook {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Uri,
    key: Key,
}

impl Webhook {
    /// Returns the receiver; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn new(settings: &WebhookSettings, connect: Duration) -> std::io::Result<Self> {
        let (address, key) = (settings.address.clone(), settings.key.clone());
        Ok(Self { client: client(connect)?, address, key })
    }

    /// Makes one attempt. A redirect is not followed, and a response's body is not read.
    pub(super) async fn send(&self, parcel: &Parcel) -> Result<(), Setback> {
        let request = self.request(parcel)?;
        let response =
            self.client.request(request).await.map_err(|error| Setback::passing(causes(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let cause = format!("status {}", status.as_u16());
        match status.as_u16() {
            408 | 425 | 429 | 500.. => {
                Err(Setback { after: retry_after(response.headers()), ..Setback::passing(cause) })
            }
            _ => Err(Setback::lasting(cause)),
        }
    }

    fn request(&self, parcel: &Parcel) -> Result<Request<Full<Bytes>>, Setback> {
        let id = parcel.id.to_string();
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Request::post(self.address.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("smallbiz-chatbot/", env!("CARGO_PKG_VERSION")))
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", self.key.sign(&id, timestamp, &parcel.json))
            .header("webhook-id", id)
            .body(Full::from(parcel.json.clone()))
            .map_err(|error| Setback::lasting(error.to_string()))
    }
}

fn client(connect: Duration) -> std::io::Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
    let mut authorities = RootCertStore::empty();
    // Systems carry old certificates that cannot be read; they are of no use to anybody.
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(connect));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    // Handoffs are rare: a kept connection would mostly be one that the other side has closed meanwhile.
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_max_idle_per_host(0).http1_max_buf_size(MAX_HEAD_BYTES);
    Ok(builder.build(connector))
}

/// Only the form in seconds; the other one is a date, which is rare.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The address stands in none of these errors, so that a token within it stays out of the log.
fn causes(error: &hyper_util::client::legacy::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // printf %s 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{key:?}"), "***");
        assert!(Key::parse("fifteen bytes..").is_none());
    }
}
