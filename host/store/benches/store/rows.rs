//! The rows that are written, the same through the store and without it.

use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Guard, MarkKey, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::event::{Event, EventOrigin};
use hookyard_domain::id::{ConnectionId, EventId, WebhookId};
use hookyard_domain::plugin::PluginVersion;
use serde_json::value::RawValue;

/// The connection that everything belongs to.
pub(crate) const CONNECTION: &str = "shop";
/// Bytes of one event's data.
const DATA_BYTES: usize = 600;
/// Bytes of one value.
pub(crate) const VALUE_BYTES: usize = 100;

/// What one commit writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A mark under a random key and an event.
    MarkAndEvent,
    /// The same, and one of the keys that are there.
    AndKey,
}

impl Work {
    /// For tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MarkAndEvent => "mark + event",
            Self::AndKey => "mark + event + one kv write",
        }
    }
}

/// One commit's rows.
pub(crate) struct Rows {
    pub(crate) mark: [u8; 16],
    pub(crate) event: Event,
    pub(crate) key: Option<String>,
}

impl Rows {
    /// Those of the commit with this number; `keys` are present.
    pub(crate) fn new(number: u64, work: Work, keys: i64) -> anyhow::Result<Self> {
        let random = u128::from(mixed(number)) << 64 | u128::from(mixed(!number));
        let text = "x".repeat(DATA_BYTES.saturating_sub(40));
        let event = Event {
            id: EventId::from_bytes(random.to_be_bytes()),
            origin: EventOrigin::Connection {
                id: CONNECTION.parse()?,
                plugin: PluginVersion { name: "aftership".parse()?, version: "1.0.0".to_owned() },
            },
            kind: "shipment.updated".to_owned(),
            subject: Some(format!("conv_{number:020}")),
            time: noon().into(),
            data: RawValue::from_string(format!("{{\"number\":\"{number:020}\",\"text\":\"{text}\"}}"))?,
            webhook: Some(WebhookId::from_bytes(random.to_le_bytes())),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            hops: 0,
        };
        let key = (work == Work::AndKey).then(|| key(mixed(number ^ 0x5bd1_e995) % keys.unsigned_abs()));
        Ok(Self { mark: random.to_be_bytes(), event, key })
    }

    /// The commit that writes them.
    pub(crate) fn commit(self, connection: &ConnectionId) -> Commit {
        let mark = MarkKey(self.mark);
        let mut writes = vec![Write::Append { event: Box::new(self.event), dedupe: None }, Write::Mark(mark)];
        writes.extend(self.key.map(|key| Write::Set { key, value: vec![b'v'; VALUE_BYTES], expires_at: None }));
        let owner = Owner::Connection { id: connection.clone(), incarnation: Incarnation::default() };
        Commit { owner, at: noon(), guards: vec![Guard::MarkAbsent(mark)], writes }
    }
}

/// When everything happens: midnight must not come in between, because it is then that marks expire.
pub(crate) fn noon() -> Timestamp {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    Timestamp::from_millis(0).after(DAY * 20_000 + DAY / 2)
}

/// The name of a key that is present.
pub(crate) fn key(number: u64) -> String {
    format!("shipment:{number:08}")
}

/// Spreads numbers over all 64 bits, each to another one (splitmix64).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
