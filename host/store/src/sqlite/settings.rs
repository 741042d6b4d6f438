//! What may be chosen about a store on disk.

use crate::InboxSettings;

/// How a store on disk is to work. The default is what a host without further wishes has.
#[derive(Debug, Clone, Default)]
pub struct SqliteSettings {
    /// The inbox.
    pub inbox: InboxSettings,
}
