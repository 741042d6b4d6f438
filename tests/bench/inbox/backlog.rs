//! Pending webhooks, put into the store of a host that does not run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard_domain::clock::{Clock as _, SystemClock, Timestamp};
use hookyard_domain::commit::{Commit, MarkKey, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SystemEntropy;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{Next, Place, Source, Standing, Verdict};
use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_domain::webhook::KeptWebhook;
use hookyard_store::sqlite::SqliteStore;
use hookyard_store::{Inbox as _, Ledger as _, Store as _};

use super::super::webhooks::body;

/// Webhooks of one commit.
const TOGETHER: u32 = 100;

/// When they are to be run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    Tomorrow,
}

/// Has the connection `shop` of the host in this directory wait for so many webhooks, each of another shipment, after a first run that
/// failed.
pub(crate) async fn fill(directory: &Path, count: u32, due: Due) -> anyhow::Result<()> {
    let store = SqliteStore::open(&directory.join("data"), Arc::new(SystemClock))?;
    let (connection, entropy, at): (ConnectionId, _, _) =
        ("shop".parse()?, SystemEntropy::default(), SystemClock.now());
    let mut place = store.newest_place().await?;
    let mut number = 0;
    while number < count {
        let until = count.min(number + TOGETHER);
        let mut writes = Vec::new();
        for number in number..until {
            place = Place::after(place, at);
            let id = WebhookId::new(at, &entropy);
            let webhook = Box::new(webhook(id, &connection, place, at, number));
            writes.push(Write::Keep { webhook, standing: Box::new(standing(at, due)) });
        }
        let owner = Owner::Connection { id: connection.clone(), incarnation: Incarnation::default() };
        store.commit(Commit { owner, at, guards: Vec::new(), writes }).await?;
        number = until;
    }
    store.close().await;
    Ok(())
}

fn standing(at: Timestamp, due: Due) -> Standing {
    let next = match due {
        Due::Now => at,
        Due::Tomorrow => at.after(Duration::from_secs(24 * 60 * 60)),
    };
    let error = PluginError::new(ErrorKind::Unavailable, "busy", "the provider is busy");
    Standing::fresh(at).after_failure(&error, Verdict::Again(Next::At(next)), false, at)
}

fn webhook(id: WebhookId, connection: &ConnectionId, place: Place, at: Timestamp, number: u32) -> KeptWebhook {
    let (event, shipment) = (format!("backlog-{number}"), format!("s-backlog-{number}"));
    let mut mark = [0xb1; 16];
    mark[..4].copy_from_slice(&number.to_be_bytes());
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    KeptWebhook {
        id,
        connection: connection.clone(),
        place,
        source: Source::Provider,
        received_at: at,
        remote_address: Some([203, 0, 113, 7].into()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        method: "POST".to_owned(),
        path: String::new(),
        query: String::new(),
        headers: vec![
            header("host", "hooks.example.com"),
            header("content-type", "application/json"),
            header("user-agent", "aftership-webhooks/1.0"),
            header("aftership-hmac-sha256", "du3lvrFSMtksXPisYGT9qfZFX/eXyQuSVcq7R/czLDA="),
        ],
        sensitive_headers: vec!["aftership-hmac-sha256".to_owned(), "authorization".to_owned()],
        body: Bytes::from(body(&event, &shipment)),
        dedupe: Some((event, MarkKey(mark))),
        fresh: false,
        order_key: Some(shipment),
        verified_by: "hmac".to_owned(),
    }
}
