//! How servers prove who they are.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// TLS 1.2 and 1.3 for HTTP/1.1, with the platform's authorities and these.
pub(super) fn client_config(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    with_platform(extra_roots, Verifier::new_with_extra_roots)
}

/// `platform` makes a verifier that trusts the platform's authorities and these; it fails where there are none of the former.
fn with_platform<V: ServerCertVerifier + 'static>(
    extra_roots: Vec<CertificateDer<'static>>,
    platform: impl FnOnce(Vec<CertificateDer<'static>>, Arc<CryptoProvider>) -> Result<V, rustls::Error>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    // An extra root that cannot be read is a mistake of whoever set it, and is not taken for a platform without roots.
    let mut extra = RootCertStore::empty();
    for root in &extra_roots {
        extra.add(root.clone())?;
    }
    let mut config = match platform(extra_roots, provider) {
        Ok(verifier) => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Err(error) => {
            let extra_roots = extra.len();
            tracing::warn!(%error, extra_roots, "no certificate authorities of the platform: requests to other https hosts will fail");
            builder.with_root_certificates(extra).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::*;

    fn without_platform(extra_roots: Vec<CertificateDer<'static>>) -> ClientConfig {
        let none = |_, _| Err::<Verifier, _>(rustls::Error::General("no roots".into()));
        with_platform(extra_roots, none).expect("TLS")
    }

    /// Both sides in memory, until the client is content.
    fn handshake(client: ClientConfig, server: &Arc<ServerConfig>) -> io::Result<()> {
        let name = ServerName::try_from("secure.test").expect("a name");
        let mut client = ClientConnection::new(Arc::new(client), name).map_err(io::Error::other)?;
        let mut server = ServerConnection::new(Arc::clone(server)).map_err(io::Error::other)?;
        while client.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire)?;
            server.read_tls(&mut wire.as_slice())?;
            server.process_new_packets().map_err(io::Error::other)?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire)?;
            client.read_tls(&mut wire.as_slice())?;
            client.process_new_packets().map_err(io::Error::other)?;
        }
        Ok(())
    }

    #[test]
    fn an_extra_root_is_trusted_also_where_the_platform_has_none() {
        let signed = rcgen::generate_simple_self_signed(["secure.test".to_owned()]).expect("a certificate");
        let root = signed.cert.der().clone();
        let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).expect("a key");
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![root.clone()], key)
            .expect("a certificate and its key");
        let mut server = server;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        let server = Arc::new(server);
        handshake(without_platform(vec![root]), &server).expect("trusted");
        handshake(without_platform(vec![]), &server).expect_err("not trusted");
    }
}
