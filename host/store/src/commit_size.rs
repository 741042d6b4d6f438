//! The size of a commit, which is bounded.

use hookyard_domain::commit::{Commit, Guard, Owner, Write};
use hookyard_domain::event::{Event, EventOrigin};
use hookyard_domain::inbox::Reason;
use hookyard_domain::limit;

use crate::ledger::CommitError;
use crate::pages::delivery_bytes;

/// What a guard, a mark or a row counts beside its text and values.
const ROW_BYTES: usize = 64;

/// The size of a commit in bytes, its stored answer included, if neither is too large. Its events must be of its owner,
/// and the host has nothing but events, positions and deliveries.
pub(crate) fn checked_size(commit: &Commit) -> Result<usize, CommitError> {
    debug_assert!(commit.writes.iter().all(|write| may_write(&commit.owner, write)), "a commit belongs to one owner");
    let guards: usize = commit.guards.iter().map(guard_bytes).sum();
    let writes: usize = commit.writes.iter().map(write_bytes).sum();
    let host_guards: usize = commit.guards.iter().map(host_guard_bytes).sum();
    let host_writes: usize = commit.writes.iter().map(host_write_bytes).sum();
    let answers: usize = commit.writes.iter().map(answer_bytes).sum();
    let kept: usize = commit.writes.iter().map(kept_bytes).sum();
    let bytes = checked(guards + writes, limit::COMMIT_BYTES_MAX)?;
    let bytes = bytes + checked(host_guards + host_writes, limit::HOST_WRITES_BYTES_MAX)?;
    let deliveries: usize = commit.writes.iter().map(progress_bytes).sum();
    let bytes = bytes + checked(deliveries, limit::DELIVERY_WRITES_BYTES_MAX)?;
    let bytes = bytes + checked(answers, limit::STORED_ANSWER_BYTES_MAX)?;
    Ok(bytes + checked(kept, limit::KEPT_WEBHOOK_BYTES_MAX)?)
}

fn may_write(owner: &Owner, write: &Write) -> bool {
    match (owner, write) {
        // What a connection brings about may be news of the host.
        (Owner::Connection { id, .. }, Write::Append { event, .. }) => {
            event.origin.connection().is_none_or(|of| of == id)
        }
        (Owner::Connection { id, .. }, Write::Keep { webhook, .. }) => webhook.connection == *id,
        (Owner::Host, Write::Append { event, .. }) => event.origin == EventOrigin::Host,
        (Owner::Connection { .. }, _)
        | (Owner::Host, Write::Mark(_) | Write::Advance(_) | Write::Deliver(_) | Write::ForgetDeliveries { .. }) => {
            true
        }
        (Owner::Host, _) => false,
    }
}

fn checked(bytes: usize, max: usize) -> Result<usize, CommitError> {
    if bytes > max { Err(CommitError::TooLarge { bytes, max }) } else { Ok(bytes) }
}

fn guard_bytes(guard: &Guard) -> usize {
    match guard {
        Guard::KeyAt { key, .. } => ROW_BYTES + key.len(),
        Guard::MarkAbsent(_) | Guard::NotKept(_) | Guard::WebhookAt { .. } | Guard::TimerAt { .. } => 0,
    }
}

/// What the host alone demands: no plugin could reckon with it.
fn host_guard_bytes(guard: &Guard) -> usize {
    match guard {
        Guard::MarkAbsent(_) | Guard::NotKept(_) | Guard::WebhookAt { .. } => ROW_BYTES,
        Guard::TimerAt { name, .. } => ROW_BYTES + name.len(),
        Guard::KeyAt { .. } => 0,
    }
}

fn write_bytes(write: &Write) -> usize {
    match write {
        Write::Append { event, .. } => ROW_BYTES + event_bytes(event),
        Write::Set { key, value, .. } => ROW_BYTES + key.len() + value.len(),
        Write::Delete { key } | Write::Increment { key, .. } => ROW_BYTES + key.len(),
        Write::StartTimer { name, payload, .. } => ROW_BYTES + name.len() + payload.len(),
        // These have bounds of their own, so that what becomes of a largest draft does not depend on what stands beside it.
        Write::Mark(_)
        | Write::Settle { .. }
        | Write::CancelTimer { .. }
        | Write::SettleTimer { .. }
        | Write::Advance(_)
        | Write::Deliver(_)
        | Write::ForgetDeliveries { .. }
        | Write::Idempotency { .. }
        | Write::ForgetIdempotency { .. }
        | Write::Keep { .. } => 0,
    }
}

/// What the host writes of what a plugin was called for. A plugin may cancel timers too: as many as have room in any case.
fn host_write_bytes(write: &Write) -> usize {
    match write {
        Write::Mark(_) => ROW_BYTES,
        Write::Settle { standing, .. } => ROW_BYTES + reason_bytes(standing.error.as_ref()),
        Write::CancelTimer { name } => ROW_BYTES + name.len(),
        Write::SettleTimer { name, standing } => ROW_BYTES + name.len() + reason_bytes(standing.error.as_ref()),
        _ => 0,
    }
}

/// What the host writes of the way that events take out of it.
fn progress_bytes(write: &Write) -> usize {
    match write {
        Write::Advance(position) => ROW_BYTES + reason_bytes(position.paused.as_ref().map(|paused| &paused.reason)),
        Write::Deliver(delivery) => ROW_BYTES + delivery_bytes(delivery),
        Write::ForgetDeliveries { .. } => ROW_BYTES,
        _ => 0,
    }
}

fn answer_bytes(write: &Write) -> usize {
    match write {
        Write::Idempotency { record, .. } => {
            ROW_BYTES + record.answer.as_ref().map_or(0, |answer| answer.content_type.len() + answer.body.len())
        }
        Write::ForgetIdempotency { .. } => ROW_BYTES,
        _ => 0,
    }
}

fn kept_bytes(write: &Write) -> usize {
    match write {
        Write::Keep { webhook, standing } => ROW_BYTES + webhook.bytes() + reason_bytes(standing.error.as_ref()),
        _ => 0,
    }
}

fn reason_bytes(reason: Option<&Reason>) -> usize {
    reason.map_or(0, |reason| reason.code.len() + reason.message.len())
}

fn event_bytes(event: &Event) -> usize {
    event.data.get().len()
        + event.kind.len()
        + event.subject.as_ref().map_or(0, String::len)
        + event.traceparent.as_ref().map_or(0, String::len)
        + match &event.origin {
            EventOrigin::Connection { plugin, .. } => plugin.version.len(),
            EventOrigin::Host => 0,
        }
        + event.time.as_str().len()
}

#[cfg(test)]
mod tests {
    use hookyard_domain::clock::Timestamp;
    use hookyard_domain::connection::Incarnation;
    use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};

    use super::*;

    #[test]
    fn an_answer_counts_for_the_queue_and_the_group_that_it_waits_in() {
        let at = Timestamp::from_millis(0);
        let answer = StoredAnswer { status: 200, content_type: "text/plain".into(), body: vec![b'x'; 1_000].into() };
        let record = IdempotencyRecord { request: [0; 32], attempt: 1, answer: Some(answer), expires_at: at };
        let id = IdempotencyId([1; 16]);
        let writes = vec![
            Write::Set { key: "key".into(), value: vec![b'x'; 100], expires_at: None },
            Write::Idempotency { id, record: Box::new(record) },
            Write::ForgetIdempotency { id },
        ];
        let owner = Owner::Connection { id: "shop".parse().expect("valid"), incarnation: Incarnation::default() };
        let commit = Commit { owner, at, guards: Vec::new(), writes };
        assert_eq!(checked_size(&commit).expect("is small"), 3 * ROW_BYTES + 103 + 1_010);
    }
}
