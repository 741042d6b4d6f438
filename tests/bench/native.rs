//! What a careful engineer would write for AfterShip alone: hyper, ring, serde, and the same rows in the same store.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hookyard_domain::clock::{Clock, SystemClock};
use hookyard_domain::commit::{Commit, Guard, MarkKey, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SystemEntropy;
use hookyard_domain::event::{Event, EventFilter, EventOrigin, Offset};
use hookyard_domain::id::{ConnectionId, EventId, WebhookId};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::plugin::PluginVersion;
use hookyard_store::Ledger as _;
use hookyard_store::sqlite::SqliteStore;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tokio::net::TcpListener;

use super::webhooks::SECRET;

/// Largest body, as the manifest of the plugin says.
const BODY_BYTES_MAX: usize = 1024 * 1024;

struct Shop {
    store: SqliteStore,
    clock: SystemClock,
    entropy: SystemEntropy,
    hash_key: HashKey,
    webhook_key: hmac::Key,
    connection: ConnectionId,
    plugin: PluginVersion,
}

#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub(crate) async fn serve(data: &Path) -> anyhow::Result<()> {
    let shop = Arc::new(Shop {
        store: SqliteStore::open(data, Arc::new(SystemClock))?,
        clock: SystemClock,
        entropy: SystemEntropy::default(),
        hash_key: HashKey::new(&[7; 32]),
        webhook_key: hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
        connection: "shop".parse()?,
        plugin: PluginVersion { name: "aftership".parse()?, version: "1.0.0".to_owned() },
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("webhooks http://{}/webhooks/shop", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&shop), request));
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

async fn answer(shop: Arc<Shop>, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let reply = |status: StatusCode, body: String| {
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        Ok(response)
    };
    match (request.method().as_str(), request.uri().path()) {
        ("GET", "/healthz") => reply(StatusCode::OK, String::new()),
        ("GET", "/count") => reply(StatusCode::OK, shop.count().await?.to_string()),
        ("POST", "/webhooks/shop") => {
            let signature = request.headers().get("aftership-hmac-sha256").cloned();
            let body = http_body_util::Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await;
            let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
            let signature = signature.and_then(|value| STANDARD.decode(value.as_bytes()).ok()).unwrap_or_default();
            if hmac::verify(&shop.webhook_key, &body, &signature).is_err() {
                return reply(StatusCode::UNAUTHORIZED, String::new());
            }
            shop.handle(&body).await?;
            reply(StatusCode::OK, String::new())
        }
        _ => reply(StatusCode::NOT_FOUND, String::new()),
    }
}

#[derive(Deserialize)]
struct Webhook<'a> {
    event: &'a str,
    event_id: String,
    is_tracking_first_tag: bool,
    #[serde(borrow)]
    msg: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    id: String,
    tracking_number: String,
    slug: String,
    title: String,
    tag: String,
    subtag: String,
    subtag_message: String,
    updated_at: String,
    custom_fields: CustomFields,
    #[serde(borrow)]
    checkpoints: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct CustomFields {
    conversation_id: String,
}

#[derive(Serialize)]
struct ShipmentUpdated<'a> {
    conversation: Conversation<'a>,
    event: &'a str,
    event_id: &'a str,
    first_tag: bool,
    tracking_id: &'a str,
    tracking_number: &'a str,
    slug: &'a str,
    title: &'a str,
    tag: &'a str,
    subtag: &'a str,
    subtag_message: &'a str,
    updated_at: &'a str,
    checkpoint: Option<&'a RawValue>,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct Conversation<'a> {
    id: &'a str,
}

impl Shop {
    async fn handle(&self, body: &[u8]) -> anyhow::Result<()> {
        let whole: &RawValue = serde_json::from_slice(body)?;
        let webhook: Webhook<'_> = serde_json::from_slice(body)?;
        let message = &webhook.msg;
        let data = to_raw_value(&ShipmentUpdated {
            conversation: Conversation { id: &message.custom_fields.conversation_id },
            event: webhook.event,
            event_id: &webhook.event_id,
            first_tag: webhook.is_tracking_first_tag,
            tracking_id: &message.id,
            tracking_number: &message.tracking_number,
            slug: &message.slug,
            title: &message.title,
            tag: &message.tag,
            subtag: &message.subtag,
            subtag_message: &message.subtag_message,
            updated_at: &message.updated_at,
            checkpoint: message.checkpoints.last().copied(),
            data: whole,
        })?;
        self.commit(&webhook.event_id, message.custom_fields.conversation_id.clone(), data).await
    }

    async fn commit(&self, event_id: &str, subject: String, data: Box<RawValue>) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mark = MarkKey(self.hash_key.hash16(&[b"webhook", b"shop", event_id.as_bytes()]));
        if self.store.marked(mark, now).await? {
            return Ok(());
        }
        let event = Event {
            id: EventId::new(now, &self.entropy),
            origin: EventOrigin::Connection { id: self.connection.clone(), plugin: self.plugin.clone() },
            kind: "shipment.updated".to_owned(),
            subject: Some(subject),
            time: now.into(),
            data,
            webhook: Some(WebhookId::new(now, &self.entropy)),
            traceparent: None,
            hops: 0,
        };
        let commit = Commit {
            owner: Owner::Connection { id: self.connection.clone(), incarnation: Incarnation::default() },
            at: now,
            guards: vec![Guard::MarkAbsent(mark)],
            writes: vec![Write::Append { event: Box::new(event), dedupe: None }, Write::Mark(mark)],
        };
        self.store.commit(commit).await.context("committing")?;
        Ok(())
    }

    async fn count(&self) -> anyhow::Result<u64> {
        let (mut count, mut after) = (0, Offset::START);
        loop {
            let page = self.store.events(after, &EventFilter::default(), 1_000).await?;
            if page.events.is_empty() {
                return Ok(count);
            }
            count += page.events.len() as u64;
            after = page.next;
        }
    }
}
