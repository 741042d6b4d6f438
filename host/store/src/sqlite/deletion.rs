//! The end of a connection: first the word that it has come, then, batch by batch, all that it has left but its events.
//!
//! Every batch is a transaction of its own, and each begins with what is still there: after a crash it goes on by itself.

use hookyard_domain::id::ConnectionId;
use rusqlite::Connection;

use super::state::{WriterState, connection_number};
use super::{connection_rows, consent_rows, idempotency_rows, inbox_rows, kv_rows, life_rows, timer_rows, token_rows};
use crate::Life;
use crate::purge_batch::PurgeBatch;

/// Writes down that the connection is being deleted; `false` if there is no record of it.
pub(super) fn begin(database: &Connection, state: &mut WriterState, id: &ConnectionId) -> rusqlite::Result<bool> {
    if !connection_rows::exists(database, id)? {
        return Ok(false);
    }
    let life = life_rows::get(database, id)?;
    life_rows::set(database, &Life { deleting: true, ..life })?;
    state.forget_connection(id);
    Ok(true)
}

/// One batch; whether there is more to do.
pub(super) fn purge(database: &Connection, state: &mut WriterState, id: &ConnectionId) -> rusqlite::Result<bool> {
    let life = life_rows::get(database, id)?;
    if !life.deleting {
        return Ok(false);
    }
    if let Some(number) = connection_number(database, id)? {
        let mut batch = PurgeBatch::default();
        kv_rows::purge(database, number, &mut batch)?;
        idempotency_rows::purge(database, number, &mut batch)?;
        let mut room = state.inbox.for_commit(&number);
        inbox_rows::purge(database, number, &mut batch, |bytes| room.forget(bytes))?;
        state.inbox.set(number, room);
        timer_rows::purge(database, number, &mut batch)?;
        if !batch.has_room() {
            return Ok(true);
        }
    }
    connection_rows::remove(database, id)?;
    connection_rows::release(database, id)?;
    consent_rows::remove(database, id)?;
    token_rows::remove(database, id)?;
    life_rows::set(database, &Life { incarnation: life.incarnation.next(), deleting: false, ..life })?;
    state.forget_connection(id);
    Ok(false)
}
