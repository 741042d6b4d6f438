//! What the operator does to a timer.

use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use hookyard_domain::timer::Timer;
use hookyard_store::{CommitError, StoreError};

use super::Timers;
use crate::connections::Connection;

/// Why a timer was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no timer of this name.
    #[error("the connection has no timer of this name")]
    NotFound,
    /// The connection was deleted meanwhile.
    #[error("the connection has been deleted")]
    Gone,
    /// It was changed by others each time.
    #[error("the timer is being changed by others")]
    Busy,
    /// The store cannot do it.
    #[error("the store is unavailable")]
    Unavailable(#[source] StoreError),
}

impl Timers {
    /// A timer of a connection.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn show(&self, connection: &ConnectionId, name: &str) -> Result<Timer, ChangeError> {
        let timer = self.store.timer(connection, name).await.map_err(ChangeError::Unavailable)?;
        timer.ok_or(ChangeError::NotFound)
    }

    /// Ends a timer. When this returns it never fires again; a run that has not come to its end leaves nothing behind.
    ///
    /// # Errors
    /// There is none, or it cannot be written.
    pub async fn cancel(&self, connection: &Connection, name: &str) -> Result<(), ChangeError> {
        self.change(connection, name, |_| Write::CancelTimer { name: name.to_owned() }).await?;
        tracing::info!(connection = %connection.id, timer = name, "timer cancelled");
        Ok(())
    }

    /// Has a timer fire now, also one that failed; its attempts are counted anew. When this returns, that is durable.
    ///
    /// # Errors
    /// There is none, or it cannot be written.
    pub async fn fire_now(&self, connection: &Connection, name: &str) -> Result<(), ChangeError> {
        let now = self.invoker.services.clock.now();
        self.change(connection, name, |timer| {
            let standing = Box::new(timer.standing.fired_by_hand(now));
            Write::SettleTimer { name: name.to_owned(), standing }
        })
        .await?;
        tracing::info!(connection = %connection.id, timer = name, "timer fired by hand");
        self.schedule.follow(&connection.id, [name]).await;
        Ok(())
    }

    /// Changes the timer that is there, whatever others do to it at the same time.
    async fn change(
        &self,
        connection: &Connection,
        name: &str,
        write: impl Fn(&Timer) -> Write,
    ) -> Result<(), ChangeError> {
        for _ in 0..=limit::CONFLICT_RETRIES_MAX {
            let timer = self.show(&connection.id, name).await?;
            let guard = Guard::TimerAt { name: name.to_owned(), generation: timer.generation, version: timer.version };
            match self.invoker.commit_writes(connection, vec![guard], vec![write(&timer)]).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Moved) => {}
                Err(CommitError::Gone) => return Err(ChangeError::Gone),
                Err(CommitError::Unavailable(error)) => return Err(ChangeError::Unavailable(error)),
                Err(error) => {
                    tracing::warn!(connection = %connection.id, timer = name, error = &error as &dyn std::error::Error, "a timer was not changed");
                    return Err(ChangeError::Unavailable(StoreError::Overloaded));
                }
            }
        }
        Err(ChangeError::Busy)
    }
}
