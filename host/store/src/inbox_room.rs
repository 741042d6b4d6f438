//! How full the inbox is, and how full it may get: the same for every backend.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use hookyard_domain::limit;

use crate::ledger::CommitError;

/// What an operator decides about the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxSettings {
    /// How long handled and skipped webhooks are kept for replay, from when they became so. Those that are pending or failed are
    /// never dropped.
    pub settled_retention: Duration,
    /// How much may be pending or failed.
    pub bounds: InboxBounds,
}

impl Default for InboxSettings {
    fn default() -> Self {
        Self { settled_retention: limit::SETTLED_RETENTION_DEFAULT, bounds: InboxBounds::default() }
    }
}

/// How much may be pending or failed; what would exceed it is refused as [`CommitError::InboxFull`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxBounds {
    /// Of one connection.
    pub of_connection: InboxUse,
    /// Of all connections together.
    pub of_all: InboxUse,
}

impl Default for InboxBounds {
    fn default() -> Self {
        let (webhooks, bytes) = (limit::INBOX_CONNECTION_WEBHOOKS_MAX, limit::INBOX_CONNECTION_BYTES_MAX);
        let of_all = InboxUse { webhooks: limit::INBOX_WEBHOOKS_MAX, bytes: limit::INBOX_BYTES_MAX };
        Self { of_connection: InboxUse { webhooks, bytes }, of_all }
    }
}

/// Pending and failed webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InboxUse {
    /// How many.
    pub webhooks: u64,
    /// Their bodies, headers, paths, queries and keys, in bytes.
    pub bytes: u64,
}

impl InboxUse {
    /// With another webhook of this size.
    const fn and(self, bytes: u64) -> Self {
        Self { webhooks: self.webhooks.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }

    /// Without one of this size.
    const fn without(self, bytes: u64) -> Self {
        Self { webhooks: self.webhooks.saturating_sub(1), bytes: self.bytes.saturating_sub(bytes) }
    }

    const fn fits(self, bound: Self) -> bool {
        self.webhooks <= bound.webhooks && self.bytes <= bound.bytes
    }
}

/// How full the inbox is, by whatever a backend tells connections apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InboxRoom<K: Eq + Hash> {
    bounds: InboxBounds,
    all: InboxUse,
    connections: HashMap<K, InboxUse>,
}

/// The room as one commit of one connection sees it: with what the commit itself has changed so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoomOfCommit {
    bounds: InboxBounds,
    all: InboxUse,
    connection: InboxUse,
}

impl<K: Eq + Hash> InboxRoom<K> {
    /// A room in which there is this much of each connection.
    pub(crate) fn new(bounds: InboxBounds, connections: HashMap<K, InboxUse>) -> Self {
        let all = connections.values().fold(InboxUse::default(), |all, of| InboxUse {
            webhooks: all.webhooks + of.webhooks,
            bytes: all.bytes + of.bytes,
        });
        Self { bounds, all, connections }
    }

    /// The room as a commit of this connection finds it.
    pub(crate) fn for_commit(&self, connection: &K) -> RoomOfCommit {
        let of = self.connections.get(connection).copied().unwrap_or_default();
        RoomOfCommit { bounds: self.bounds, all: self.all, connection: of }
    }

    /// A commit of this connection has happened and leaves the room like this.
    pub(crate) fn set(&mut self, connection: K, left: RoomOfCommit) {
        self.all = left.all;
        if left.connection == InboxUse::default() {
            self.connections.remove(&connection);
        } else {
            self.connections.insert(connection, left.connection);
        }
    }
}

impl RoomOfCommit {
    /// A webhook of this size becomes pending or failed, or ceases to be so, or stays what it was.
    pub(crate) fn change(&mut self, bytes: u64, was_unsettled: bool, is_unsettled: bool) -> Result<(), CommitError> {
        match (was_unsettled, is_unsettled) {
            (false, true) => {
                let (all, connection) = (self.all.and(bytes), self.connection.and(bytes));
                if !all.fits(self.bounds.of_all) || !connection.fits(self.bounds.of_connection) {
                    return Err(CommitError::InboxFull);
                }
                (self.all, self.connection) = (all, connection);
            }
            (true, false) => self.forget(bytes),
            (true, true) | (false, false) => {}
        }
        Ok(())
    }

    /// A pending or failed webhook of this size is no more.
    pub(crate) const fn forget(&mut self, bytes: u64) {
        self.all = self.all.without(bytes);
        self.connection = self.connection.without(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(connection: u64, all: u64) -> InboxRoom<&'static str> {
        let bound = |webhooks| InboxUse { webhooks, bytes: 100 };
        InboxRoom::new(InboxBounds { of_connection: bound(connection), of_all: bound(all) }, HashMap::new())
    }

    fn keep(room: &mut InboxRoom<&'static str>, connection: &'static str, bytes: u64) -> Result<(), CommitError> {
        let mut seen = room.for_commit(&connection);
        seen.change(bytes, false, true)?;
        room.set(connection, seen);
        Ok(())
    }

    #[test]
    fn a_connection_has_so_much_room_and_all_have_so_much_together() {
        let mut room = room(2, 3);
        keep(&mut room, "a", 1).expect("fits");
        keep(&mut room, "a", 1).expect("fits");
        assert!(matches!(keep(&mut room, "a", 1), Err(CommitError::InboxFull)));
        keep(&mut room, "b", 1).expect("another connection has room");
        assert!(matches!(keep(&mut room, "c", 1), Err(CommitError::InboxFull)), "but not all together");
    }

    #[test]
    fn bytes_count_as_well() {
        let mut room = room(10, 10);
        keep(&mut room, "a", 60).expect("fits");
        assert!(keep(&mut room, "a", 41).is_err());
        keep(&mut room, "a", 40).expect("fits exactly");
        assert!(keep(&mut room, "b", 1).is_err(), "all together have 100 bytes");
    }

    #[test]
    fn what_settles_makes_room_and_what_moves_within_takes_none() {
        let mut room = room(1, 1);
        keep(&mut room, "a", 10).expect("fits");
        let mut seen = room.for_commit(&"a");
        seen.change(10, true, true).expect("stays");
        assert!(seen.change(10, false, true).is_err());
        seen.change(10, true, false).expect("settles");
        room.set("a", seen);
        assert_eq!((room.all, room.connections.len()), (InboxUse::default(), 0), "nothing is remembered of nothing");
        keep(&mut room, "b", 10).expect("there is room again");
    }
}
