//! A group of commits that become durable together, with one sync.

use hookyard_domain::commit::{Commit, Committed};
use rusqlite::Connection;

use super::apply::{Rejected, apply};
use super::state::WriterState;
use crate::CommitError;

/// What became of each commit of a group, in order.
pub(super) type Outcomes = Vec<Result<Committed, CommitError>>;

/// Applies commits in order, each seeing those before it, and makes them durable. A commit that is refused leaves
/// nothing behind and the others alone. `applied` is called when all that is missing is the COMMIT.
///
/// On an error none of them happened, and `state` must be loaded anew.
pub(super) fn commit_group<'a>(
    database: &Connection,
    state: &mut WriterState,
    commits: impl Iterator<Item = &'a Commit> + Clone,
    applied: impl FnOnce(),
) -> rusqlite::Result<Outcomes> {
    in_transaction(database, |database| {
        state.reserve(database, commits.clone())?;
        let outcomes = commits.map(|commit| apply_alone(database, state, commit)).collect::<rusqlite::Result<_>>()?;
        applied();
        Ok(outcomes)
    })
}

/// Runs `change` in a transaction, which is durable on `Ok` and undone on `Err`.
pub(super) fn in_transaction<T>(
    database: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    execute(database, "BEGIN IMMEDIATE")?;
    let result = change(database).and_then(|value| execute(database, "COMMIT").map(|()| value));
    // Some errors have undone the transaction already.
    if result.is_err()
        && !database.is_autocommit()
        && let Err(error) = execute(database, "ROLLBACK")
    {
        tracing::warn!(%error, "a transaction could not be undone; its connection will be replaced");
    }
    result
}

/// The outer error is one of the database and ends the group; the inner one is the commit's own.
fn apply_alone(
    database: &Connection,
    state: &mut WriterState,
    commit: &Commit,
) -> rusqlite::Result<Result<Committed, CommitError>> {
    // Outside the savepoint: a connection keeps its number even if the commit is refused.
    let Some(owner) = state.owner_number(database, &commit.owner)? else { return Ok(Err(CommitError::Gone)) };
    let newest = state.newest;
    execute(database, "SAVEPOINT one")?;
    match apply(database, state, commit, owner) {
        Ok(committed) => {
            execute(database, "RELEASE one")?;
            Ok(Ok(committed))
        }
        Err(Rejected::Refused(refusal)) => {
            execute(database, "ROLLBACK TO one")?;
            execute(database, "RELEASE one")?;
            state.newest = newest;
            Ok(Err(refusal))
        }
        Err(Rejected::Failed(error)) => Err(error),
    }
}

fn execute(database: &Connection, statement: &str) -> rusqlite::Result<()> {
    database.prepare_cached(statement)?.execute([]).map(|_| ())
}
