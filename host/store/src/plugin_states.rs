//! What the host has decided about plugins: which content serves, which one may come back, which ones may not.

use async_trait::async_trait;
use hookyard_domain::id::PluginName;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;

use crate::error::StoreError;

/// What is known of one plugin, so that a restart changes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginState {
    /// The plugin.
    pub name: PluginName,
    /// The content that serves new connections.
    pub serving: ContentHash,
    /// Its version.
    pub version: String,
    /// Names of files, and the content that each of them had last; they are read back in the order of their names.
    pub paths: Vec<(String, ContentHash)>,
    /// The content, with its version, that served before.
    pub previous: Option<(ContentHash, String)>,
    /// The content that the operator wants to serve, whatever the files say.
    pub pinned: Option<ContentHash>,
    /// Contents that were rolled back and must not serve again by themselves, the newest last. The newest
    /// [`HELD_BACK_MAX`](limit::HELD_BACK_MAX) of them are kept.
    pub held_back: Vec<ContentHash>,
}

impl PluginState {
    /// As the store keeps it: files in order, and no more contents held back than are kept.
    pub(crate) fn kept(mut self) -> Self {
        self.paths.sort();
        self.held_back.drain(..self.held_back.len().saturating_sub(limit::HELD_BACK_MAX));
        self
    }
}

/// The states of plugins, one a plugin.
#[async_trait]
pub trait PluginStates: Send + Sync {
    /// All of them, by name.
    async fn plugin_states(&self) -> Result<Vec<PluginState>, StoreError>;

    /// Keeps a state in place of the one that its plugin has. Durable on return.
    async fn save_plugin_state(&self, state: PluginState) -> Result<(), StoreError>;

    /// Forgets a plugin, durably, if anything is known of it.
    async fn remove_plugin_state(&self, name: &PluginName) -> Result<(), StoreError>;
}
