//! A loaded component.

use std::fmt;
use std::sync::Arc;

use hookyard_domain::plugin::ContentHash;
use wasmtime::component::InstancePre;

use crate::code::Mapping;
use crate::exports::ExportIndices;
use crate::guest::Guest;

/// A component that has passed every check and can be called. Cheap to clone; its code stays loaded until the last clone
/// and the last call are gone.
#[derive(Clone)]
pub struct Component(Arc<Loaded>);

/// What a component consists of once it is loaded.
pub(crate) struct Loaded {
    pub(crate) hash: ContentHash,
    pub(crate) wasm_bytes: u64,
    pub(crate) manifest_json: String,
    pub(crate) pooled: bool,
    /// Slots of the pool that one instance takes.
    pub(crate) slots: u32,
    pub(crate) code: InstancePre<Guest>,
    pub(crate) exports: ExportIndices,
    /// After `code`, which it must outlive.
    #[expect(dead_code, reason = "holding it is its use")]
    pub(crate) mapping: Option<Mapping>,
}

/// Which of the optional interfaces a component exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exports {
    /// Handles webhooks.
    pub webhook_handler: bool,
    /// Runs actions.
    pub action_handler: bool,
    /// Wants to know when a connection begins and ends.
    pub lifecycle: bool,
    /// Has timers.
    pub timer_handler: bool,
}

impl Component {
    pub(crate) fn new(loaded: Loaded) -> Self {
        Self(Arc::new(loaded))
    }

    pub(crate) fn loaded(&self) -> &Loaded {
        &self.0
    }

    /// What identifies it.
    pub fn hash(&self) -> ContentHash {
        self.0.hash
    }

    /// The manifest as `describe` returned it: at most [`hookyard_domain::limit::MANIFEST_BYTES_MAX`] of text that is
    /// not judged here.
    pub fn manifest_json(&self) -> &str {
        &self.0.manifest_json
    }

    /// What it offers besides its manifest.
    pub fn exports(&self) -> Exports {
        self.0.exports.present()
    }

    /// Whether its instances come from the pool; those of a component that does not fit are made on demand, which is slower.
    pub fn pooled(&self) -> bool {
        self.0.pooled
    }

    /// Slots that one instance takes of those that the sandbox has.
    pub fn slots(&self) -> u32 {
        self.0.slots
    }

    /// Size of the component file.
    pub fn wasm_bytes(&self) -> u64 {
        self.0.wasm_bytes
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("hash", &self.0.hash)
            .field("exports", &self.0.exports)
            .finish_non_exhaustive()
    }
}
