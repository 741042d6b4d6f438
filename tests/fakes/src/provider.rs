//! A provider without a product: it echoes, waits, redirects and answers with any status, and remembers what it was asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A provider on a port of its own; it is gone when this is dropped.
///
/// | path | answer |
/// |---|---|
/// | `/echo` | the request as JSON: `method`, `path`, `query`, `headers`, `body` |
/// | `/status/{n}` | that status, with an empty body |
/// | `/wait?ms=200` | 200 after that time |
/// | `/gate`, `/gate/…` | 200 once [`Provider::open`] was called |
/// | `/redirect?to=…&status=307` | a redirect; 302 where no status is said |
/// | `/late-echo` | 70,000 bytes, and then what `/echo` answers |
/// | `/bytes?n=…` | 200 with a body of that many bytes |
/// | anything else | what [`Provider::answer`] says, or 404 |
#[derive(Debug)]
pub struct Provider {
    address: SocketAddr,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query, without the `?`.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body.
    pub body: Bytes,
}

#[derive(Debug)]
struct Shared {
    requests: Mutex<Vec<Received>>,
    answers: Mutex<BTreeMap<String, (StatusCode, String)>>,
    /// How many requests arrived.
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Provider {
    /// Starts one.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let state = Arc::new(Shared {
            requests: Mutex::default(),
            answers: Mutex::default(),
            arrived: watch::Sender::new(0),
            open: watch::Sender::new(false),
        });
        let router = Router::new()
            .route("/echo", any(echo))
            .route("/late-echo", any(late_echo))
            .route("/status/{status}", any(status))
            .route("/wait", any(wait))
            .route("/gate", any(gate))
            .route("/gate/{*rest}", any(gate))
            .route("/redirect", any(redirect))
            .route("/bytes", any(bytes))
            .fallback(scripted)
            .layer(from_fn_with_state(Arc::clone(&state), remember))
            .with_state(Arc::clone(&state));
        let (address, serving) = crate::listen::serve(router).await;
        Self { address, state, serving }
    }

    /// Its URL, without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Received> {
        self.state.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it was asked for this path.
    pub fn times_asked(&self, path: &str) -> usize {
        self.requests().iter().filter(|request| request.path == path).count()
    }

    /// Returns once it was asked for this path so many times.
    ///
    /// # Panics
    /// Never: the provider lives as long as `self`.
    pub async fn asked(&self, path: &str, times: usize) {
        self.state.arrived.subscribe().wait_for(|_| self.times_asked(path) >= times).await.expect("it lives");
    }

    /// From now on `path` is answered with this.
    ///
    /// # Panics
    /// What is no status.
    pub fn answer(&self, path: &str, status: u16, body: &str) {
        let status = StatusCode::from_u16(status).expect("a status");
        let mut answers = self.state.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path.to_owned(), (status, body.to_owned()));
    }

    /// Lets everything through that waits at `/gate`, now and later.
    pub fn open(&self) {
        self.state.open.send_replace(true);
    }

    /// A URL of this provider that redirects to another.
    pub fn redirect_to(&self, target: &str) -> String {
        let target: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        format!("{}/redirect?to={target}", self.base())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn remember(State(state): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let body = body.to_bytes();
    let received = Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.clone(),
        body: body.clone(),
    };
    state.requests.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    state.arrived.send_modify(|arrived| *arrived += 1);
    next.run(Request::from_parts(parts, Body::from(body))).await
}

async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
    });
    let echoed = json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query().unwrap_or_default(),
        "headers": headers.collect::<Map<_, _>>(),
        "body": String::from_utf8_lossy(&body.to_bytes()),
    });
    ([(CONTENT_TYPE, "application/json")], echoed.to_string()).into_response()
}

async fn late_echo(request: Request) -> Response {
    let echoed = echo(request).await.into_body().collect().await.map(|echoed| echoed.to_bytes()).unwrap_or_default();
    [vec![b'x'; 70_000], echoed.to_vec()].concat().into_response()
}

async fn status(Path(status): Path<u16>) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND)
}

async fn wait(Query(query): Query<BTreeMap<String, u64>>) -> StatusCode {
    tokio::time::sleep(Duration::from_millis(query.get("ms").copied().unwrap_or_default())).await;
    StatusCode::OK
}

async fn gate(State(state): State<Arc<Shared>>) -> StatusCode {
    match state.open.subscribe().wait_for(|open| *open).await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn redirect(Query(query): Query<BTreeMap<String, String>>) -> Response {
    let status = query.get("status").and_then(|status| status.parse().ok()).unwrap_or(302);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
    (status, [(LOCATION, query.get("to").cloned().unwrap_or_default())]).into_response()
}

async fn bytes(Query(query): Query<BTreeMap<String, usize>>) -> Vec<u8> {
    vec![b'x'; query.get("n").copied().unwrap_or_default()]
}

async fn scripted(State(state): State<Arc<Shared>>, request: Request) -> Response {
    let answers = state.answers.lock().unwrap_or_else(PoisonError::into_inner);
    match answers.get(request.uri().path()) {
        Some((status, body)) => (*status, body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
