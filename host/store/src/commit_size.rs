//! The size of a commit, which is bounded.

use hookyard_domain::commit::{Commit, Guard, Write};
use hookyard_domain::event::Event;
use hookyard_domain::limit;

use crate::ledger::CommitError;

/// What a guard, a mark or a row counts beside its text and values.
const ROW_BYTES: usize = 64;

/// The size of a commit in bytes, if it is not too large. Its events must be of its connection.
pub(crate) fn checked_size(commit: &Commit) -> Result<usize, CommitError> {
    debug_assert!(
        commit.writes.iter().all(|write| match write {
            Write::Append { event, .. } => event.connection == commit.connection,
            _ => true,
        }),
        "a commit belongs to one connection"
    );
    let guards: usize = commit.guards.iter().map(guard_bytes).sum();
    let writes: usize = commit.writes.iter().map(write_bytes).sum();
    let bytes = guards + writes;
    if bytes > limit::COMMIT_BYTES_MAX {
        return Err(CommitError::TooLarge { bytes, max: limit::COMMIT_BYTES_MAX });
    }
    Ok(bytes)
}

fn guard_bytes(guard: &Guard) -> usize {
    match guard {
        Guard::MarkAbsent(_) => ROW_BYTES,
        Guard::KeyAt { key, .. } => ROW_BYTES + key.len(),
    }
}

fn write_bytes(write: &Write) -> usize {
    ROW_BYTES
        + match write {
            Write::Mark(_) => 0,
            Write::Append { event, .. } => event_bytes(event),
            Write::Set { key, value, .. } => key.len() + value.len(),
            Write::Delete { key } | Write::Increment { key, .. } => key.len(),
        }
}

fn event_bytes(event: &Event) -> usize {
    event.data.get().len()
        + event.kind.len()
        + event.subject.as_ref().map_or(0, String::len)
        + event.traceparent.as_ref().map_or(0, String::len)
        + event.plugin.version.len()
        + event.time.as_str().len()
}
