//! Events that were appended while the host was down.

use std::path::Path;
use std::sync::Arc;

use hookyard_domain::clock::{Clock as _, SystemClock, Timestamp};
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::{Entropy, SystemEntropy};
use hookyard_domain::event::{Event, EventOrigin};
use hookyard_domain::id::{ConnectionId, EventId, WebhookId};
use hookyard_domain::plugin::PluginVersion;
use hookyard_store::sqlite::SqliteStore;
use hookyard_store::{Ledger as _, Store as _};
use serde_json::value::RawValue;

/// Events of one commit.
const TOGETHER: u32 = 500;

/// Appends so many events, each about a shipment of its own, to the log of a host that does not run.
pub(crate) async fn fill(directory: &Path, count: u32) -> anyhow::Result<()> {
    let store = SqliteStore::open(&directory.join("data"), Arc::new(SystemClock))?;
    let (connection, entropy, at): (ConnectionId, _, _) =
        ("shop".parse()?, SystemEntropy::default(), SystemClock.now());
    let mut number = 0;
    while number < count {
        let until = count.min(number + TOGETHER);
        let events = (number..until).map(|number| event(number, &connection, at, &entropy));
        let writes = events
            .map(|event| event.map(|event| Write::Append { event: Box::new(event), dedupe: None }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let owner = Owner::Connection { id: connection.clone(), incarnation: Incarnation::default() };
        store.commit(Commit { owner, at, guards: Vec::new(), writes }).await?;
        number = until;
    }
    store.close().await;
    Ok(())
}

/// About what the AfterShip plugin makes of a webhook: 600 bytes.
pub(crate) fn event(
    number: u32,
    connection: &ConnectionId,
    at: Timestamp,
    entropy: &dyn Entropy,
) -> anyhow::Result<Event> {
    let data = format!(
        r#"{{"id":"s-{number}","tracking_number":"LX4401927FR","slug":"la-poste-colissimo","tag":"InTransit","subtag":"InTransit_003","custom_fields":{{"conversation_id":"conv_01HTZQ8V3"}},"checkpoint":{{"time":"2026-03-04T09:40:00+01:00","message":"Arrived at the sorting centre","city":"Lyon","country":"FRA"}}}}"#
    );
    Ok(Event {
        id: EventId::new(at, entropy),
        origin: EventOrigin::Connection {
            id: connection.clone(),
            plugin: PluginVersion { name: "aftership".parse()?, version: "1.0.0".to_owned() },
        },
        kind: "shipment.updated".to_owned(),
        subject: Some(format!("s-{number}")),
        time: at.into(),
        data: RawValue::from_string(data)?,
        webhook: Some(WebhookId::new(at, entropy)),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        hops: 0,
    })
}
