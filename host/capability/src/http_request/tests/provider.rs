//! Providers of the tests: HTTP servers that remember what they saw, and sockets that say whatever a test wants.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(seen, _)| seen == name).map(|(_, value)| value.as_str())
    }
}

pub(super) type Reply = http::Response<Full<Bytes>>;

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
    let mut reply = http::Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(Full::new(body.into())).expect("a response")
}

type Behaviour = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A server; its port is the system's choice.
pub(super) struct Provider {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Provider {
    pub(super) async fn start(behaviour: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1", None, Arc::new(behaviour)).await
    }

    /// The same, where each request for `/token` is answered for a permit.
    pub(super) async fn start_gated(
        gate: Arc<Semaphore>,
        behaviour: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen_gated("127.0.0.1", None, Arc::new(behaviour), Some(gate)).await
    }

    /// Answers 200 `ok` to everything, at this address.
    pub(super) async fn at(address: &str) -> Self {
        Self::listen(address, None, Arc::new(|_| reply(200, &[], "ok"))).await
    }

    /// Speaks TLS with a certificate for this name, which signs itself.
    pub(super) async fn tls(name: &str) -> (Self, CertificateDer<'static>) {
        let signed = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let certificate = signed.cert.der().clone();
        let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let answer: Behaviour = Arc::new(|_| reply(200, &[], "secure"));
        (Self::listen("127.0.0.1", Some(acceptor), answer).await, certificate)
    }

    async fn listen(address: &str, tls: Option<TlsAcceptor>, behaviour: Behaviour) -> Self {
        Self::listen_gated(address, tls, behaviour, None).await
    }

    async fn listen_gated(
        address: &str,
        tls: Option<TlsAcceptor>,
        behaviour: Behaviour,
        gate: Option<Arc<Semaphore>>,
    ) -> Self {
        let address: IpAddr = address.parse().expect("an address");
        let listener = TcpListener::bind((address, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (seen, connections) = (Arc::new(Mutex::default()), Arc::new(AtomicUsize::new(0)));
        let provider = Self { address, seen: Arc::clone(&seen), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, behaviour, tls, gate) =
                    (Arc::clone(&seen), Arc::clone(&behaviour), tls.clone(), gate.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(socket, seen, behaviour, gate).await,
                        Some(acceptor) => {
                            if let Ok(socket) = acceptor.accept(socket).await {
                                serve(socket, seen, behaviour, gate).await;
                            }
                        }
                    }
                });
            }
        });
        provider
    }

    /// A URL of this server under a name.
    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request that arrived.
    pub(super) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }

    /// Connections that were ever opened. Connects once by itself to be sure that none is still waiting to be counted.
    pub(super) async fn connections(&self) -> usize {
        let mut own = TcpStream::connect(self.address).await.expect("it listens");
        own.write_all(b"GET /own HTTP/1.1\r\nhost: own\r\nconnection: close\r\n\r\n").await.expect("it reads");
        let mut answer = Vec::new();
        own.read_to_end(&mut answer).await.expect("it answers");
        let ours = self.seen.lock().unwrap().iter().filter(|seen| seen.target == "/own").count();
        self.connections.load(Ordering::SeqCst) - ours
    }
}

async fn serve(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    seen: Arc<Mutex<Vec<Seen>>>,
    behaviour: Behaviour,
    gate: Option<Arc<Semaphore>>,
) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (seen, behaviour, gate) = (Arc::clone(&seen), Arc::clone(&behaviour), gate.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            let request = Seen {
                method: head.method.to_string(),
                target: head.uri.to_string(),
                headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            seen.lock().unwrap().push(request.clone());
            if let Some(gate) = gate.filter(|_| request.target.starts_with("/token")) {
                gate.acquire().await.expect("it is never closed").forget();
            }
            Ok::<_, Infallible>(behaviour(&request))
        }
    });
    // What a client breaks off is its own affair: the tests look at the client.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await);
}

/// A socket that reads the first bytes of a request, says these bytes, and closes unless it is to hold on.
pub(super) async fn raw(says: &'static [u8], holds: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 16 * 1024];
                if socket.read(&mut buffer).await.is_ok_and(|read| read > 0)
                    && socket.write_all(says).await.is_ok()
                    && holds
                {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}
