//! The durable state of a host.
//!
//! What the host needs of it are small traits: [`Ledger`] (what invocations commit and read), [`HostKeys`], [`Tokens`],
//! [`Consents`], [`PluginStates`], [`ConnectionRecords`], [`Inbox`], [`Timers`], [`Subscriptions`], [`Deliveries`],
//! [`FetchedTokens`] and [`Observed`]; [`Store`] is all of them. [`sqlite`] keeps it on disk, [`memory`] in memory, for tests; both pass one contract suite, and backends differ in speed, never in promises.
//! Nothing outside this crate knows a database.

mod commit_size;
mod connection_records;
mod consents;
mod crash_points;
mod deliveries;
mod error;
mod fetched_tokens;
mod host_keys;
mod inbox;
mod inbox_room;
mod ledger;
pub mod memory;
mod observed;
mod pages;
mod plugin_states;
mod purge_batch;
pub mod sqlite;
mod subscriptions;
mod timers;
mod tokens;

#[cfg(test)]
mod contract;

use async_trait::async_trait;

pub use connection_records::{ConnectionRecord, ConnectionRecords, HeldVersion, Life, SaveConnectionError};
pub use consents::{Consent, Consents};
pub use crash_points::{CrashPoint, CrashPoints};
pub use deliveries::{Deliveries, DeliveryPage, ListPlace};
pub use error::StoreError;
pub use fetched_tokens::{FetchedToken, FetchedTokens, KeepTokenError};
pub use host_keys::HostKeys;
pub use inbox::{Inbox, WebhookPage};
pub use inbox_room::{InboxBounds, InboxSettings, InboxUse};
pub use ledger::{CommitError, EventPage, KeyPage, Ledger};
pub use observed::{GroupSizes, Observed, Workload};
pub use plugin_states::{PluginState, PluginStates};
pub use subscriptions::{SaveSubscriptionError, SubscriptionRecord, Subscriptions};
pub use timers::Timers;
pub use tokens::{AddTokenError, ApiToken, Tokens};

/// All that a host keeps.
#[async_trait]
pub trait Store:
    Ledger
    + HostKeys
    + Tokens
    + Consents
    + PluginStates
    + ConnectionRecords
    + Inbox
    + Timers
    + Subscriptions
    + Deliveries
    + FetchedTokens
    + Observed
{
    /// Finishes what was accepted, then gives the store up: when this returns, another host may open it. Whatever is
    /// asked afterwards fails as [`StoreError::Closed`]. Closing twice does nothing.
    async fn close(&self);
}
