//! What a careful engineer would write instead of the action `get-tracking`: hyper, one pooled client, serde.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

const BODY_BYTES_MAX: usize = 1024 * 1024;

struct Proxy {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub(crate) async fn serve(base: &str) -> anyhow::Result<()> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let proxy = Arc::new(Proxy { client, base: base.to_owned() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("proxy http://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&proxy), request));
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    tracking_id: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Wrapper<'a>,
}

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    tracking: &'a RawValue,
}

#[derive(Deserialize)]
struct Tracking<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    tracking_number: Cow<'a, str>,
    #[serde(borrow)]
    slug: Cow<'a, str>,
    #[serde(borrow)]
    tag: Cow<'a, str>,
    custom_fields: CustomFields,
}

#[derive(Deserialize)]
struct CustomFields {
    conversation_id: String,
}

#[derive(Serialize)]
struct Output<'a> {
    tracking_id: Cow<'a, str>,
    tracking_number: Cow<'a, str>,
    slug: Cow<'a, str>,
    tag: Cow<'a, str>,
    conversation_id: String,
    tracking: &'a RawValue,
}

async fn answer(proxy: Arc<Proxy>, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    if request.uri().path() == "/healthz" {
        return Ok(Response::new(Full::default()));
    }
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
    let Input { tracking_id } = serde_json::from_slice(&body)?;
    let asked = Request::get(format!("{}/tracking/2024-04/trackings/{tracking_id}", proxy.base))
        .header("as-api-key", "k")
        .body(Full::default())?;
    let answer = proxy.client.request(asked).await.context("asking")?;
    anyhow::ensure!(answer.status() == StatusCode::OK, "the provider answered {}", answer.status());
    let answer = answer.into_body().collect().await?.to_bytes();
    let Envelope { data: Wrapper { tracking: raw } } = serde_json::from_slice(&answer)?;
    let Tracking { id, tracking_number, slug, tag, custom_fields } = serde_json::from_str(raw.get())?;
    let output = Output {
        tracking_id: id,
        tracking_number,
        slug,
        tag,
        conversation_id: custom_fields.conversation_id,
        tracking: raw,
    };
    let mut response = Response::new(Full::new(Bytes::from(serde_json::to_vec(&output)?)));
    response.headers_mut().insert("content-type", "application/json".parse()?);
    Ok(response)
}
