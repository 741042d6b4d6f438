//! Moments at which a test may have the process end, to see what is left.

use std::fmt;

use hookyard_domain::commit::{Commit, Guard, Write};

/// A moment around something that becomes durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrashPoint {
    /// A group of commits was taken off the queue; nothing of it is written.
    GroupBegins,
    /// All of a group is applied, and its transaction is open.
    GroupApplied,
    /// A group is durable, and nobody was told.
    GroupDurable,
    /// The first commit of a group was answered, the others were not.
    BetweenAnswers,
    /// The log is about to be copied into the database.
    CheckpointBegins,
    /// The log was copied into the database.
    CheckpointEnds,
    /// A batch of what has expired is deleted, and its transaction is open.
    RetentionApplied,
    /// The deletion of a batch is durable.
    RetentionDurable,
    /// A webhook was handled, its effects are durable, and the provider has no answer.
    WebhookDurable,
    /// A webhook is about to be kept in the inbox.
    KeepBegins,
    /// A webhook is kept, and the provider has no answer.
    KeepDurable,
    /// What a run from the inbox comes to is about to be committed.
    InboxRunBegins,
    /// What a run from the inbox came to is durable.
    InboxRunDurable,
    /// What a timer's run comes to is about to be committed.
    TimerBegins,
    /// What a timer's run came to is durable.
    TimerDurable,
    /// It is durable that a call of an action with a key is about to run; nothing of it has run.
    CallStarted,
    /// A call of an action with a key has run, and its answer is about to be committed.
    CallEnds,
    /// The answer to a call with a key is durable, and whoever called has none.
    CallDurable,
    /// What deliveries came to is about to be committed: their endpoints have answered.
    ProgressBegins,
    /// What deliveries came to is durable.
    ProgressDurable,
}

impl CrashPoint {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::GroupBegins,
        Self::GroupApplied,
        Self::GroupDurable,
        Self::BetweenAnswers,
        Self::CheckpointBegins,
        Self::CheckpointEnds,
        Self::RetentionApplied,
        Self::RetentionDurable,
        Self::WebhookDurable,
        Self::KeepBegins,
        Self::KeepDurable,
        Self::InboxRunBegins,
        Self::InboxRunDurable,
        Self::TimerBegins,
        Self::TimerDurable,
        Self::CallStarted,
        Self::CallEnds,
        Self::CallDurable,
        Self::ProgressBegins,
        Self::ProgressDurable,
    ];

    /// Its name, which tests use on their command lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GroupBegins => "group-begins",
            Self::GroupApplied => "group-applied",
            Self::GroupDurable => "group-durable",
            Self::BetweenAnswers => "between-answers",
            Self::CheckpointBegins => "checkpoint-begins",
            Self::CheckpointEnds => "checkpoint-ends",
            Self::RetentionApplied => "retention-applied",
            Self::RetentionDurable => "retention-durable",
            Self::WebhookDurable => "webhook-durable",
            Self::KeepBegins => "keep-begins",
            Self::KeepDurable => "keep-durable",
            Self::InboxRunBegins => "inbox-run-begins",
            Self::InboxRunDurable => "inbox-run-durable",
            Self::TimerBegins => "timer-begins",
            Self::TimerDurable => "timer-durable",
            Self::CallStarted => "call-started",
            Self::CallEnds => "call-ends",
            Self::CallDurable => "call-durable",
            Self::ProgressBegins => "progress-begins",
            Self::ProgressDurable => "progress-durable",
        }
    }
}

/// Is told of these moments. A host has nobody who is.
pub trait CrashPoints: fmt::Debug + Send + Sync {
    /// The moment has come. May not return.
    fn reached(&self, point: CrashPoint);
}

/// The moments before and after a commit of the server: before it is handed to the store, and after it is durable, when whoever
/// waits for it is just about to go on.
pub(crate) fn around(commit: &Commit) -> (Option<CrashPoint>, Option<CrashPoint>) {
    let guards_timer = commit.guards.iter().any(|guard| matches!(guard, Guard::TimerAt { .. }));
    let guards_webhook = commit.guards.iter().any(|guard| matches!(guard, Guard::WebhookAt { .. }));
    let writes = |wanted: fn(&Write) -> bool| commit.writes.iter().any(wanted);
    if guards_timer {
        (Some(CrashPoint::TimerBegins), Some(CrashPoint::TimerDurable))
    } else if guards_webhook {
        (Some(CrashPoint::InboxRunBegins), Some(CrashPoint::InboxRunDurable))
    } else if writes(|write| matches!(write, Write::Keep { standing, .. } if standing.is_unsettled())) {
        (Some(CrashPoint::KeepBegins), Some(CrashPoint::KeepDurable))
    } else if writes(|write| matches!(write, Write::Idempotency { record, .. } if record.answer.is_some())) {
        (Some(CrashPoint::CallEnds), Some(CrashPoint::CallDurable))
    } else if writes(|write| matches!(write, Write::Idempotency { .. })) {
        (None, Some(CrashPoint::CallStarted))
    } else if writes(|write| matches!(write, Write::Advance(_) | Write::Deliver(_) | Write::ForgetDeliveries { .. })) {
        (Some(CrashPoint::ProgressBegins), Some(CrashPoint::ProgressDurable))
    } else if writes(|write| matches!(write, Write::Mark(_))) {
        (None, Some(CrashPoint::WebhookDurable))
    } else {
        (None, None)
    }
}
