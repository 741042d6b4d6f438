//! What one invocation wants to make true, all of it or nothing.

use crate::clock::Timestamp;
use crate::connection::Incarnation;
use crate::delivery::Delivery;
use crate::event::{Event, Offset};
use crate::id::{ConnectionId, SubscriptionId, WebhookId};
use crate::idempotency::{IdempotencyId, IdempotencyRecord};
use crate::inbox::Standing;
use crate::kv::Revision;
use crate::subscription::Position;
use crate::timer::{Generation, TimerStanding};
use crate::webhook::KeptWebhook;

/// The mark of something that happened once: a handled webhook, or an event with a dedupe key. 128 bits of a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MarkKey(pub [u8; 16]);

/// Whose a commit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A connection in one of its lives. A commit of a life that has ended is refused.
    Connection {
        /// The connection.
        id: ConnectionId,
        /// Which of its lives.
        incarnation: Incarnation,
    },
    /// The host itself. It appends events, and keeps how far subscriptions and deliveries have come.
    Host,
}

impl Owner {
    /// The connection, unless it is the host.
    pub const fn connection(&self) -> Option<&ConnectionId> {
        match self {
            Self::Connection { id, .. } => Some(id),
            Self::Host => None,
        }
    }
}

/// One transaction of one owner: if every guard holds, every write happens, else none does.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Whose keys and events these are. A commit never touches two connections.
    pub owner: Owner,
    /// The moment of the commit: decides which keys have expired and under which day marks are kept.
    pub at: Timestamp,
    /// What must still be true.
    pub guards: Vec<Guard>,
    /// What becomes true, in order.
    pub writes: Vec<Write>,
}

/// A condition of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The mark is not set (within the retention time of marks).
    MarkAbsent(MarkKey),
    /// The key is at this revision; `None`: it does not exist.
    KeyAt {
        /// The key.
        key: String,
        /// The revision that it must have.
        revision: Option<Revision>,
    },
    /// No pending or failed webhook of the inbox has this mark.
    NotKept(MarkKey),
    /// The webhook is in the inbox at this version.
    WebhookAt {
        /// Which one.
        id: WebhookId,
        /// Its version.
        version: u32,
    },
    /// The timer is there, of this generation and at this version.
    TimerAt {
        /// Its name.
        name: String,
        /// Which start of it.
        generation: Generation,
        /// Its version.
        version: u32,
    },
}

/// One effect of a commit.
#[derive(Debug, Clone)]
pub enum Write {
    /// Sets a mark.
    Mark(MarkKey),
    /// Appends an event to the log, unless `dedupe` is marked already; marks it.
    Append {
        /// The event.
        event: Box<Event>,
        /// The mark of the event's own dedupe key.
        dedupe: Option<MarkKey>,
    },
    /// Sets a key.
    Set {
        /// The key.
        key: String,
        /// Its new value.
        value: Vec<u8>,
        /// When it ceases to exist; never, when absent.
        expires_at: Option<Timestamp>,
    },
    /// Deletes a key, if it is there.
    Delete {
        /// The key.
        key: String,
    },
    /// Adds to a decimal counter; an absent key counts as 0. Keeps the key's time to live.
    Increment {
        /// The key.
        key: String,
        /// What to add.
        by: i64,
    },
    /// Keeps the record of an `Idempotency-Key`, in place of the one that it has, unless that has an answer and has not expired:
    /// an answer that was given stays what it is.
    Idempotency {
        /// Whose record it is.
        id: IdempotencyId,
        /// What is known of it from now on.
        record: Box<IdempotencyRecord>,
    },
    /// Forgets the record of an `Idempotency-Key`, if there is one without an answer.
    ForgetIdempotency {
        /// Whose record it was.
        id: IdempotencyId,
    },
    /// Puts a webhook into the inbox, at version 0. Its connection is the owner, its place above all that were kept before it
    /// was received. One whose id or place is there already is refused.
    Keep {
        /// What was received.
        webhook: Box<KeptWebhook>,
        /// How it stands.
        standing: Box<Standing>,
    },
    /// Changes how a webhook of the inbox stands and adds 1 to its version; nothing if the owner has none with this id.
    Settle {
        /// Which one.
        id: WebhookId,
        /// How it stands from now on.
        standing: Box<Standing>,
    },
    /// Starts a timer, in place of one of the same name, as a new generation at version 0.
    StartTimer {
        /// Its name.
        name: String,
        /// When it is to fire.
        due_at: Timestamp,
        /// JSON for the plugin.
        payload: String,
    },
    /// Ends a timer, if it is there.
    CancelTimer {
        /// Its name.
        name: String,
    },
    /// Changes how a timer stands and adds 1 to its version; nothing if it is not there.
    SettleTimer {
        /// Its name.
        name: String,
        /// How it stands from now on.
        standing: Box<TimerStanding>,
    },
    /// Says how far a subscription has come, in place of what was known; nothing if there is no such subscription.
    Advance(Box<Position>),
    /// Keeps a delivery in place of the one of its subscription and offset; nothing if there is no such subscription.
    Deliver(Box<Delivery>),
    /// Forgets the deliveries of events after this offset, because they are to be read again.
    ForgetDeliveries {
        /// Whose.
        subscription: SubscriptionId,
        /// The events after this one.
        after: Offset,
    },
}

/// What a commit brought about, durably.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// For each [`Write::Append`], in order: where the event stands in the log, or `None` if its dedupe key was known.
    pub events: Vec<Option<Offset>>,
    /// For each [`Write::StartTimer`], in order: the generation that it was given.
    pub timers: Vec<Generation>,
}
