//! The certificate of the public ports, read again when its files change. Connections that are open go on under the old one.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use lifecycle::{Shutdown, Tls};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Certificates of one chain.
const MAX_CHAIN: usize = 16;

/// Where the certificate and its key stand, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// `GATEWAY_TLS_CERT`: the certificate, then those that lead to its authority.
    pub certificate: PathBuf,
    /// `GATEWAY_TLS_KEY`: its private key.
    pub key: PathBuf,
}

/// The certificate in force.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<Stamp>,
}

/// By which changed files are noticed.
type Stamp = [Option<(i64, i64, u64)>; 2];

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, or they do not belong together; the text says which and why.
    pub(crate) fn read(files: TlsFiles) -> io::Result<Arc<Self>> {
        let seen = Mutex::new(stamp(&files));
        let current = RwLock::new(Arc::new(load(&files)?));
        Ok(Arc::new(Self { files, current, seen }))
    }

    /// Returns TLS with whatever certificate is in force, for one protocol. A client that offers others only is refused.
    ///
    /// # Errors
    /// When the library knows no version of TLS that it would speak.
    pub(crate) fn tls(self: &Arc<Self>, protocol: &[u8], patience: Duration) -> io::Result<Tls> {
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(io::Error::other)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as _);
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(Tls::new(Arc::new(config), patience))
    }

    /// Reads the files again whenever they change, until shutdown.
    pub(crate) fn keep_fresh(self: &Arc<Self>, shutdown: &Shutdown) {
        let (own, token) = (Arc::clone(self), shutdown.token().clone());
        shutdown.spawn(
            "certificate",
            token.run_until_cancelled_owned(async move {
                loop {
                    tokio::time::sleep(LOOK_EVERY).await;
                    let look = Arc::clone(&own);
                    if let Err(error) = tokio::task::spawn_blocking(move || look.refresh()).await {
                        tracing::error!(%error, "the certificate was not looked at");
                    }
                }
            }),
        );
    }

    fn refresh(&self) {
        let now = stamp(&self.files);
        let before = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now);
        if before == now {
            return;
        }
        match load(&self.files) {
            Ok(new) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!("new certificate");
            }
            Err(error) => tracing::error!(%error, "the certificate stays as it was"),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn load(files: &TlsFiles) -> io::Result<CertifiedKey> {
    let wrong = |path: &Path, what: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {what}", path.display()))
    };
    let of_chain = |error| wrong(&files.certificate, &error);
    let chain = CertificateDer::pem_file_iter(&files.certificate).map_err(of_chain)?;
    let chain: Vec<_> = chain.take(MAX_CHAIN).collect::<Result<_, _>>().map_err(of_chain)?;
    if chain.is_empty() {
        return Err(wrong(&files.certificate, &"expected a certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, &error))?;
    let provider = provider();
    CertifiedKey::from_der(chain, key, &provider)
        .map_err(|error| wrong(&files.key, &format!("it does not fit the certificate: {error}")))
}

fn stamp(files: &TlsFiles) -> Stamp {
    let of = |about: Metadata| (about.ctime(), about.ctime_nsec(), about.ino());
    [&files.certificate, &files.key].map(|file| std::fs::metadata(file).ok().map(of))
}

#[cfg(test)]
mod tests {
    use super::{Certificate, TlsFiles};

    fn write(files: &TlsFiles, name: &str) -> Vec<u8> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        std::fs::write(&files.certificate, made.cert.pem()).expect("written");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
        made.cert.der().to_vec()
    }

    fn shown(certificate: &Certificate) -> Vec<u8> {
        certificate.current.read().expect("no test has failed").cert[0].to_vec()
    }

    #[test]
    fn changed_files_are_taken_and_broken_ones_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let files =
            TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        assert!(Certificate::read(files.clone()).is_err(), "nothing is there");
        let first = write(&files, "a.example");
        let certificate = Certificate::read(files.clone()).expect("right files");
        assert_eq!(shown(&certificate), first);
        let second = write(&files, "b.example");
        certificate.refresh();
        assert_eq!(shown(&certificate), second);
        let key = std::fs::read(&files.key).expect("a key");
        write(&files, "c.example");
        std::fs::write(&files.key, key).expect("written");
        certificate.refresh();
        assert_eq!(shown(&certificate), second, "a key of another certificate");
        for broken in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nx"] {
            std::fs::write(&files.certificate, broken).expect("written");
            certificate.refresh();
            assert_eq!(shown(&certificate), second, "{broken}");
            let refused = Certificate::read(files.clone()).expect_err("broken");
            assert!(refused.to_string().contains("cert.pem"), "{refused}");
        }
    }
}
