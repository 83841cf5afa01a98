//! What S3 and SQS share: how the host's credentials, region and endpoint are found, and TLS.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{Builder, tls};

use super::StoreError;

/// Finds region, credentials and endpoint as AWS's tools do: in the environment (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
/// `AWS_ENDPOINT_URL_SQS`, ...), the profile, or the host.
pub(super) async fn found() -> Result<SdkConfig, StoreError> {
    let crypto = tls::rustls_provider::CryptoMode::Ring;
    let client = Builder::new().tls_provider(tls::Provider::Rustls(crypto)).build_https();
    let found = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client).load().await;
    if found.region().is_none_or(|region| region.as_ref().is_empty()) {
        return Err(StoreError::Unusable("no AWS region is set: expected AWS_REGION".to_owned()));
    }
    Ok(found)
}

/// Returns an error with all that caused it.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
