//! The provider of the actions: answers with one tracking, after as many milliseconds as its id says, or as Feedbot's queue.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const TRACKING: &str = r#"{"meta":{"code":200},"data":{"tracking":{"id":"wj5k2lq8m3x7plvb0t4ea01n","created_at":"2026-03-02T08:15:30+00:00","updated_at":"2026-03-02T08:15:30+00:00","tracking_number":"LX4401927FR","slug":"la-poste-colissimo","active":true,"custom_fields":{"conversation_id":"conv_01HTZQ8V3"},"tag":"InTransit","subtag":"InTransit_003","title":"LX4401927FR","checkpoints":[{"created_at":"2026-03-04T09:41:10+00:00","slug":"la-poste-colissimo","checkpoint_time":"2026-03-04T09:40:00","city":"Lyon","country_iso3":"FRA","message":"In transit","tag":"InTransit","subtag":"InTransit_003"}]}}}"#;

/// Where it is Feedbot's queue.
const QUEUE: &str = "/queue";
const QUEUED: &str = r#"{"errorCode":null,"success":true,"ids:":["wwFSlUQCEB6WQ8egk42n"]}"#;

#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("upstream http://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == QUEUE {
        return Ok(Response::new(Full::new(Bytes::from_static(QUEUED.as_bytes()))));
    }
    let id = request.uri().path().rsplit('/').next().unwrap_or_default();
    if let Some(millis) = id.strip_prefix("wait-").and_then(|millis| millis.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    Ok(Response::new(Full::new(Bytes::from_static(TRACKING.as_bytes()))))
}
