//! An action that came with an `Idempotency-Key`: what is known of the key, and what is written down of the run.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Write;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};
use hookyard_domain::invocation::ErrorKind;
use hookyard_domain::limit;
use hookyard_store::CommitError;
use http::StatusCode;
use ring::digest;

use super::failure::{Failure, Fate, deleted, outcome_unknown};
use super::in_flight::Place;
use super::refusal::Refusal;
use super::{ActionCall, Actions, answer};
use crate::action_rules::ActionRule;
use crate::connections::Connection;
use crate::http::problem::Problem;
use crate::invoker::Invoker;

/// The key of one call. While it lives, no other call with this key runs.
#[derive(Debug)]
pub(super) struct Keyed {
    id: IdempotencyId,
    connection: ConnectionId,
    idempotent: bool,
    by_delivery: bool,
    record: IdempotencyRecord,
    _place: Place,
}

/// What to do about a call with a key.
#[derive(Debug)]
pub(super) enum Admission {
    /// It was answered before: the same answer again.
    Replay(StoredAnswer),
    /// It runs, for the `attempt`-th time.
    Run { attempt: u32 },
}

impl Keyed {
    /// Takes the key.
    ///
    /// # Errors
    /// 409 while a call with this key is in work.
    pub(super) fn begin(
        actions: &Actions,
        connection: &Connection,
        rule: &ActionRule,
        call: &ActionCall,
        key: &str,
    ) -> Result<Self, Refusal> {
        let services = &actions.invoker.services;
        let id = IdempotencyId::of(&connection.hash_key, &connection.id, &call.name, key);
        let Some(place) = actions.in_flight.take(id) else {
            let detail = "a call with this Idempotency-Key is being answered";
            let problem = Problem::new(StatusCode::CONFLICT, "idempotency-key-in-flight").detail(detail);
            return Err(Refusal::Later(problem));
        };
        let record = IdempotencyRecord {
            request: sha256(call.caller.meaning(&call.input)),
            attempt: 1,
            answer: None,
            expires_at: services.clock.now().after(call.caller.retention()),
        };
        let (connection, idempotent) = (connection.id.clone(), rule.declaration.idempotent);
        let by_delivery = call.caller.is_delivery();
        Ok(Self { id, connection, idempotent, by_delivery, record, _place: place })
    }

    /// Looks up what became of earlier calls with this key.
    ///
    /// # Errors
    /// 422 if they asked something else, 503 if that cannot be found out.
    pub(super) async fn admit(&self, invoker: &Invoker) -> Result<Admission, Refusal> {
        let now: Timestamp = invoker.services.clock.now();
        let known = invoker.services.ledger.idempotency(&self.connection, self.id, now).await;
        let known = known.map_err(|error| Refusal::Later(Problem::from(error)))?;
        Ok(match known {
            None => Admission::Run { attempt: 1 },
            Some(known) if known.request != self.record.request => {
                let detail = "this Idempotency-Key was used with another body";
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused").detail(detail);
                return Err(Refusal::Input(problem));
            }
            Some(IdempotencyRecord { answer: Some(answer), .. }) => Admission::Replay(answer),
            Some(known) if self.idempotent => Admission::Run { attempt: known.attempt.saturating_add(1) },
            // It was started and never ended: the host went down, and nobody knows how far it had come.
            Some(_) => Admission::Replay(answer::stored_problem(&outcome_unknown())),
        })
    }

    /// Writes down that the action is about to run; durable on return.
    ///
    /// # Errors
    /// 404 if the connection was deleted meanwhile, else 503: nothing was begun.
    pub(super) async fn start(
        &mut self,
        invoker: &Invoker,
        connection: &Connection,
        attempt: u32,
    ) -> Result<(), Refusal> {
        self.record.attempt = attempt;
        let write = Write::Idempotency { id: self.id, record: Box::new(self.record.clone()) };
        let started = invoker.commit_writes(connection, Vec::new(), vec![write]).await;
        started.map_err(|error| {
            if matches!(error, CommitError::Gone) {
                return Refusal::Gone(deleted());
            }
            tracing::error!(error = &error as &dyn std::error::Error, "an action's start cannot be written down");
            let code = if matches!(error, CommitError::Overloaded) { "overloaded" } else { "unavailable" };
            let problem = Problem::unavailable(code, "the host's store is unavailable");
            Refusal::Later(problem.retry_after(limit::TRY_AGAIN_AFTER))
        })
    }

    /// What makes this answer the one that is repeated from now on.
    pub(super) fn answered(&self, answer: StoredAnswer) -> Write {
        let record = IdempotencyRecord { answer: Some(answer), ..self.record.clone() };
        Write::Idempotency { id: self.id, record: Box::new(record) }
    }

    /// Writes down what is to be done about the next call with this key, after a failure. If that fails, the record says that
    /// the action was started, which is true and errs on the safe side.
    pub(super) async fn settle(&self, invoker: &Invoker, connection: &Connection, failure: &Failure) {
        let write = match self.fate(failure) {
            Fate::Repeat(answer) => self.answered(answer),
            Fate::Forget => Write::ForgetIdempotency { id: self.id },
            Fate::RunAgain => return,
        };
        match invoker.commit_writes(connection, Vec::new(), vec![write]).await {
            // With the connection, its keys are gone too.
            Ok(()) | Err(CommitError::Gone) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(connection = %self.connection, error, "an action's answer cannot be kept");
            }
        }
    }
}

impl Keyed {
    /// A delivery whose credentials were refused waits for the next activation, and is then made under the same key.
    fn fate(&self, failure: &Failure) -> Fate {
        match failure {
            Failure::Plugin(error) if self.by_delivery && error.kind == ErrorKind::Unauthorized => {
                if self.idempotent {
                    Fate::RunAgain
                } else {
                    Fate::Forget
                }
            }
            failure => failure.fate(self.idempotent),
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
