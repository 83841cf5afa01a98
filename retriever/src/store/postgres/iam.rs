//! Tokens of RDS IAM authentication: a presigned request that the server takes for a password during 15 minutes.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::OnceCell;

use super::credentials::Password;
use super::failure;
use crate::error::Error;

/// How long a token lets its bearer in; connections made with it stay.
const VALID: Duration = Duration::from_secs(900);

/// What stays as it is in a query of AWS's signature, version 4.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Makes tokens for one user on one server.
pub(super) struct Tokens {
    /// The server and user that tokens are for.
    audience: Audience,
    region: String,
    /// Where credentials come from, looked for at the first token.
    found: OnceCell<SdkConfig>,
}

/// Whom a token is shown to, and for whom.
pub(super) struct Audience {
    /// Host name of the server, as connections use it.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// The database user.
    pub(super) user: String,
}

impl Tokens {
    /// Returns a maker of tokens; nothing is called yet.
    pub(super) fn new(audience: Audience, region: &str) -> Self {
        Self { audience, region: region.to_owned(), found: OnceCell::new() }
    }

    /// Returns a new token, signed with the credentials that the process has now.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when it has none.
    pub(super) async fn token(&self) -> Result<Password, Error> {
        let found = self.found.get_or_init(|| find(self.region.clone())).await;
        let nobody = "no AWS credentials were found to sign a token with";
        let provider = found.credentials_provider().ok_or_else(|| failure::unreachable(nobody.to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| failure::unreachable(format!("{nobody}: {error}")))?;
        sign_token(&self.audience, &self.region, credentials, SystemTime::now())
    }
}

/// Looks for credentials as AWS's tools do: in the environment, the profile, the container or the host.
async fn find(region: String) -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).region(Region::new(region));
    loader.http_client(client).load().await
}

/// Returns the token: a presigned `GET` of the action `connect` at the service `rds-db`, without its scheme
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>).
fn sign_token(
    audience: &Audience,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<Password, Error> {
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(VALID);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| Error::Internal(error.into()))?
        .into();
    let user = utf8_percent_encode(&audience.user, ENCODED);
    let mut token = format!("{}:{}/?Action=connect&DBUser={user}", audience.host, audience.port);
    let address = format!("https://{token}");
    let request = SignableRequest::new("GET", address, std::iter::empty(), SignableBody::Bytes(&[]));
    let signed = request.and_then(|request| sign(request, &parameters));
    let (instructions, _) = signed.map_err(|error| Error::Internal(error.into()))?.into_parts();
    for (name, value) in instructions.params() {
        token.push_str(&format!("&{name}={}", utf8_percent_encode(value, ENCODED)));
    }
    Ok(Password::new(token))
}

#[cfg(test)]
mod tests {
    use super::{Audience, Credentials, Duration, SystemTime, sign_token};

    /// Checks against a token of botocore 1.44.5, `generate_db_auth_token` at 2026-11-22T12:30:45Z. The order of its
    /// parameters is free.
    fn check(session_token: Option<&str>, expected: &str) {
        let audience = Audience {
            host: "chatbot.abc123.eu-central-1.rds.amazonaws.com".to_owned(),
            port: 5432,
            user: "retriever user".to_owned(),
        };
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session_token.map(str::to_owned),
            None,
            "test",
        );
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_350_645);
        let token = sign_token(&audience, "eu-central-1", credentials, now).expect("it is signed");
        let (place, query) = token.expose().split_once('?').expect("a query");
        let sorted = |query: &str| {
            let mut parameters: Vec<_> = query.split('&').map(str::to_owned).collect();
            parameters.sort_unstable();
            parameters
        };
        assert_eq!(place, "chatbot.abc123.eu-central-1.rds.amazonaws.com:5432/");
        assert_eq!(sorted(query), sorted(expected));
    }

    #[test]
    fn a_token_is_the_one_that_the_reference_makes() {
        check(
            None,
            "Action=connect&DBUser=retriever%20user&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261122%2Feu-central-1%2Frds-db%2Faws4_request\
             &X-Amz-Date=20261122T123045Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=45db26f6fda31ad1e76ce207956695669d7fd0e509f7a78d18c543fcd9ba1f0b",
        );
    }

    #[test]
    fn a_token_of_temporary_credentials_carries_their_session() {
        check(
            Some("FwoGZXIvYXdzEB//+session=="),
            "Action=connect&DBUser=retriever%20user&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261122%2Feu-central-1%2Frds-db%2Faws4_request\
             &X-Amz-Date=20261122T123045Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
             &X-Amz-Security-Token=FwoGZXIvYXdzEB%2F%2F%2Bsession%3D%3D\
             &X-Amz-Signature=a1f61ede5e94fef2223bc7d609198dafae6d0eda8b0e044354771111556a3039",
        );
    }
}
