//! TLS to PostgreSQL: rustls with ring, and who is trusted.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::Tls;
use crate::error::Error;

/// Returns the connector; with [`Tls::Off`] it trusts nobody and is never asked to connect.
///
/// # Errors
/// [`Error::Invalid`] when there is no authority to trust: the file is missing or holds no certificate.
pub(super) fn connector(tls: &Tls) -> Result<MakeRustlsConnect, Error> {
    let authorities = match tls {
        Tls::Off => RootCertStore::empty(),
        Tls::Verify { authorities: Some(file) } => in_file(file)?,
        Tls::Verify { authorities: None } => of_the_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Internal(error.into()))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn in_file(file: &Path) -> Result<RootCertStore, Error> {
    let wrong = |error: &dyn std::fmt::Display| {
        let name = file.display();
        Error::Invalid(format!("RETRIEVER_POSTGRES_CA_FILE: expected PEM certificates in {name}: {error}"))
    };
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        authorities.add(certificate).map_err(|error| wrong(&error))?;
    }
    if authorities.is_empty() { Err(wrong(&"there is none")) } else { Ok(authorities) }
}

fn of_the_system() -> Result<RootCertStore, Error> {
    let mut authorities = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Systems carry old certificates that cannot be read; they are of no use to anybody.
    authorities.add_parsable_certificates(found.certs);
    if authorities.is_empty() {
        let expected = "RETRIEVER_POSTGRES_CA_FILE: expected a file, because this system trusts no authority";
        return Err(Error::Invalid(expected.to_owned()));
    }
    Ok(authorities)
}
