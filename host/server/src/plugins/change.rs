//! What the operator, or a trial, wants of a plugin: pin, unpin, rollback.

use hookyard_domain::id::PluginName;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;
use hookyard_store::PluginState;
use tokio::sync::oneshot;

use super::keeper::Keeper;
use super::roster::Entry;
use crate::trials::Verdict;

/// A change that waits for its turn, with whom to answer.
#[derive(Debug)]
pub(super) enum Change {
    Pin { name: PluginName, version: Option<String>, answer: oneshot::Sender<Result<(), PinError>> },
    Unpin { name: PluginName, answer: oneshot::Sender<Result<(), PinError>> },
    RollBack { name: PluginName, reason: RollbackReason, answer: oneshot::Sender<Result<(), RollbackError>> },
}

/// Why a plugin goes back to its previous version.
#[derive(Debug, Clone, PartialEq)]
pub enum RollbackReason {
    /// The operator wants it.
    Operator,
    /// The version failed too often after the swap.
    Failures {
        /// Invocations that failed since the swap.
        failures: u32,
        /// Invocations since the swap.
        invocations: u32,
        /// Share of failures since the swap, from 0 to 1.
        share: f64,
        /// The previous version's share over its last invocations.
        share_before: f64,
    },
}

/// Why a plugin was not pinned, or not released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// There is no such plugin.
    #[error("no plugin {0} is loaded")]
    NotLoaded(PluginName),
    /// It has no such version here.
    #[error("no version {version} of {name} is here; there is {}", known.join(", "))]
    NoSuchVersion {
        /// The plugin.
        name: PluginName,
        /// The version that was asked for.
        version: String,
        /// The versions that there are.
        known: Vec<String>,
    },
    /// It cannot be written down now, or the host stops.
    #[error("it cannot be written down now: {0}")]
    Unavailable(String),
}

/// Why a plugin was not rolled back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// There is no such plugin.
    #[error("no plugin {0} is loaded")]
    NotLoaded(PluginName),
    /// No other version served before, or it is the one that a rollback came from.
    #[error("{0} has no previous version to go back to")]
    NoPrevious(PluginName),
    /// The operator wants another version to serve than a rollback would bring.
    #[error("{0} is pinned: unpin it first")]
    Pinned(PluginName),
    /// It cannot be written down now, or the host stops.
    #[error("it cannot be written down now: {0}")]
    Unavailable(String),
}

/// What is said when there is nobody left to do it.
pub(super) const STOPPED: &str = "the host stops";

impl Keeper {
    /// Does it, and answers. Whoever does not wait for the answer any more gets none.
    pub(super) async fn change(&mut self, change: Change) {
        match change {
            Change::Pin { name, version, answer } => drop(answer.send(self.pin(&name, version.as_deref()).await)),
            Change::Unpin { name, answer } => drop(answer.send(self.unpin(&name).await)),
            Change::RollBack { name, reason, answer } => drop(answer.send(self.roll_back(&name, &reason).await)),
        }
    }

    async fn pin(&mut self, name: &PluginName, version: Option<&str>) -> Result<(), PinError> {
        let entry = self.serving(name).ok_or_else(|| PinError::NotLoaded(name.clone()))?;
        let content = match version {
            None => entry.state.serving,
            Some(version) => self.content_of(entry, version)?,
        };
        let mut wanted = entry.state.clone();
        wanted.pinned = Some(content);
        wanted.held_back.retain(|held_back| *held_back != content);
        self.settle_with(Some(&wanted)).await;
        match self.serving(name) {
            Some(entry) if entry.state.pinned == Some(content) => Ok(()),
            _ => Err(PinError::Unavailable(self.hindrance(name))),
        }
    }

    async fn unpin(&mut self, name: &PluginName) -> Result<(), PinError> {
        // Also where nothing of it can serve, which may be because of what is held back.
        let entry = self.roster.entries.get(name).ok_or_else(|| PinError::NotLoaded(name.clone()))?;
        let mut wanted = entry.state.clone();
        (wanted.pinned, wanted.held_back) = (None, Vec::new());
        self.settle_with(Some(&wanted)).await;
        match self.roster.entries.get(name) {
            Some(entry) if entry.state.pinned.is_some() || !entry.state.held_back.is_empty() => {
                Err(PinError::Unavailable(self.hindrance(name)))
            }
            _ => Ok(()),
        }
    }

    async fn roll_back(&mut self, name: &PluginName, reason: &RollbackReason) -> Result<(), RollbackError> {
        let entry = self.serving(name).ok_or_else(|| RollbackError::NotLoaded(name.clone()))?;
        if entry.state.pinned.is_some() {
            return Err(RollbackError::Pinned(name.clone()));
        }
        let (from, version) = (entry.state.serving, entry.state.version.clone());
        let no_previous = || RollbackError::NoPrevious(name.clone());
        let (to, version_before) = entry.state.previous.clone().ok_or_else(no_previous)?;
        if !entry.loaded.contains_key(&to) {
            return Err(no_previous());
        }
        let wanted = rolled_back(&entry.state, to, &version_before);
        self.settle_with(Some(&wanted)).await;
        match self.serving(name) {
            Some(entry) if entry.state.held_back.contains(&from) => {
                // Another file may offer a higher version than the one that served before.
                let (to, version_after) = (entry.state.serving, entry.state.version.clone());
                self.tell_rollback(name, (from, &version), (to, &version_after), reason).await;
                Ok(())
            }
            _ => Err(RollbackError::Unavailable(self.hindrance(name))),
        }
    }

    /// A version failed too often. It may have been replaced, or pinned, since.
    pub(super) async fn judged(&mut self, verdict: Verdict) {
        let name = &verdict.plugin;
        let is_it = |entry: &Entry| {
            let before = entry.state.previous.as_ref().map(|(content, _)| *content);
            entry.state.serving == verdict.from && before == Some(verdict.to) && entry.state.pinned.is_none()
        };
        if !self.serving(name).is_some_and(is_it) {
            return;
        }
        let Verdict { failures, invocations, share, share_before, .. } = verdict;
        let reason = RollbackReason::Failures { failures, invocations, share, share_before };
        let Err(error) = self.roll_back(name, &reason).await else { return };
        tracing::error!(plugin = %name, %error, failures, invocations, "a failing version cannot be rolled back");
        if matches!(error, RollbackError::Unavailable(_)) {
            self.going_back.insert(name.clone(), verdict);
        }
    }

    fn serving(&self, name: &PluginName) -> Option<&Entry> {
        self.roster.entries.get(name).filter(|entry| entry.current().is_some())
    }

    fn hindrance(&self, name: &PluginName) -> String {
        self.trouble_of(name).unwrap_or("its components are still being loaded").to_owned()
    }

    /// The content with this version: the one that serves, else one of a file, else one that is kept.
    fn content_of(&self, entry: &Entry, version: &str) -> Result<ContentHash, PinError> {
        let name = &entry.state.name;
        let in_files = self.files.iter().filter_map(|(_, file)| file.usable());
        let of_plugin = in_files.filter(|plugin| plugin.manifest.name == *name);
        let all = entry.current().into_iter().chain(of_plugin).chain(entry.loaded.values());
        let mut known: Vec<String> = Vec::new();
        for plugin in all {
            if plugin.manifest.version == version {
                return Ok(plugin.content());
            }
            if !known.contains(&plugin.manifest.version) {
                known.push(plugin.manifest.version.clone());
            }
        }
        Err(PinError::NoSuchVersion { name: name.clone(), version: version.to_owned(), known })
    }
}

/// The state after going back: what served is held back, and its predecessor stands wherever it stood.
fn rolled_back(state: &PluginState, to: ContentHash, version: &str) -> PluginState {
    let from = state.serving;
    let mut next = state.clone();
    (next.serving, next.version, next.previous) = (to, version.to_owned(), None);
    for (_, standing) in next.paths.iter_mut().filter(|(_, standing)| *standing == from) {
        *standing = to;
    }
    next.held_back.retain(|known| *known != from);
    next.held_back.push(from);
    let surplus = next.held_back.len().saturating_sub(limit::HELD_BACK_MAX);
    next.held_back.drain(..surplus);
    next
}
