//! The files of the plugin directory over time: what is to be read when, and what came of it. Knows no clock and reads nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::limit;
use hookyard_domain::plugin::{ContentHash, PluginVersion};
use tokio::task::{AbortHandle, Id};
use tokio::time::Instant;

use super::directory::{Listing, Signature};
use super::plugin::{Plugin, Unusable};

/// Every file that was seen, by name, until it is gone.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: BTreeMap<String, File>,
}

/// One file.
#[derive(Debug)]
pub(super) struct File {
    presence: Presence,
    pub(super) phase: Phase,
}

#[derive(Debug)]
enum Presence {
    There {
        signature: Result<Signature, String>,
        since: Instant,
    },
    /// Not there, which may be part of a replacement.
    Away {
        since: Instant,
    },
}

/// How far a file has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// It was not read since it changed last.
    Waiting,
    /// A task reads it, or compiles it.
    Reading {
        /// Dropping what it does.
        task: AbortHandle,
        /// It was not compiled before, and its turn has come.
        compiling: bool,
    },
    /// A plugin that could serve.
    Usable(Arc<Plugin>),
    /// No plugin that could serve.
    Unusable(Fault),
}

/// What is wrong with a file.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) reason: String,
    pub(super) content: Option<ContentHash>,
    pub(super) plugin: Option<PluginVersion>,
    /// The host failed, and tries again then.
    retry: Option<Instant>,
}

impl Fault {
    /// Something is wrong with the file itself, and not with the host.
    pub(super) fn is_of_the_file(&self) -> bool {
        self.retry.is_none()
    }
}

impl Files {
    /// Takes in what the directory looks like now. A file that is being read and has changed is read no further.
    /// Returns whether anything changed.
    pub(super) fn observe(&mut self, listing: Listing, now: Instant) -> bool {
        let mut changed = false;
        let mut seen = listing.files;
        for (name, file) in &mut self.files {
            changed |= match seen.remove(name) {
                Some(signature) => file.found(signature, now),
                None => file.missed(now),
            };
        }
        let fresh = seen.into_iter().map(|(name, signature)| (name, File::new(signature, now)));
        for (name, file) in fresh {
            self.files.insert(name, file);
            changed = true;
        }
        let known = self.files.len();
        self.files.retain(|_, file| !file.is_gone(now));
        changed || self.files.len() < known
    }

    /// These files should be there. Those that are not count as away from now on.
    pub(super) fn miss<'a>(&mut self, names: impl Iterator<Item = &'a String>, now: Instant) {
        for name in names {
            let away = || File { presence: Presence::Away { since: now }, phase: Phase::Waiting };
            self.files.entry(name.clone()).or_insert_with(away);
        }
    }

    /// Names of the files to be read now: those that have been quiet long enough, or, at the start of the host, all that were not read.
    pub(super) fn due(&self, now: Instant, at_start: bool) -> Vec<String> {
        let due = self.files.iter().filter(|(_, file)| file.due_at().is_some_and(|at| at_start || at <= now));
        due.map(|(name, _)| name.clone()).collect()
    }

    /// When a file is to be read, or is gone, if nothing changes until then.
    pub(super) fn next_change(&self) -> Option<Instant> {
        self.files.values().filter_map(|file| file.due_at().or_else(|| file.gone_at())).min()
    }

    /// The signature that reading this file is to begin and end with.
    pub(super) fn signature(&self, name: &str) -> Option<Signature> {
        match &self.files.get(name)?.presence {
            Presence::There { signature: Ok(signature), .. } => Some(*signature),
            _ => None,
        }
    }

    /// A task has begun to read this file.
    pub(super) fn begun(&mut self, name: &str, task: AbortHandle) {
        if let Some(file) = self.files.get_mut(name) {
            file.phase = Phase::Reading { task, compiling: false };
        }
    }

    /// The task compiles now. Returns whether it still counts.
    pub(super) fn compiling(&mut self, name: &str, id: Id) -> bool {
        match self.files.get_mut(name).map(|file| &mut file.phase) {
            Some(Phase::Reading { task, compiling }) if task.id() == id => {
                *compiling = true;
                true
            }
            _ => false,
        }
    }

    /// What came of the task, unless the file has changed since. Returns whether it counted.
    pub(super) fn finished(&mut self, name: &str, id: Id, read: Result<Arc<Plugin>, Unusable>, now: Instant) -> bool {
        let Some(file) = self.files.get_mut(name) else { return false };
        if !matches!(&file.phase, Phase::Reading { task, .. } if task.id() == id) {
            return false;
        }
        file.was_read(read, now);
        true
    }

    /// What came of reading this file on the spot.
    pub(super) fn read(&mut self, name: &str, read: Result<Arc<Plugin>, Unusable>, now: Instant) {
        if let Some(file) = self.files.get_mut(name) {
            file.was_read(read, now);
        }
    }

    /// All of them, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// This one.
    pub(super) fn get(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }
}

impl File {
    fn new(signature: Result<Signature, String>, now: Instant) -> Self {
        let mut file = Self { presence: Presence::Away { since: now }, phase: Phase::Waiting };
        file.found(signature, now);
        file
    }

    /// It is there, like this.
    fn found(&mut self, signature: Result<Signature, String>, now: Instant) -> bool {
        if matches!(&self.presence, Presence::There { signature: known, .. } if *known == signature) {
            return false;
        }
        let phase = match &signature {
            Ok(_) => Phase::Waiting,
            Err(reason) => Phase::Unusable(Fault { reason: reason.clone(), content: None, plugin: None, retry: None }),
        };
        self.enter(phase);
        self.presence = Presence::There { signature, since: now };
        true
    }

    /// It is not there. What was read of it counts until it is gone.
    fn missed(&mut self, now: Instant) -> bool {
        if matches!(self.presence, Presence::Away { .. }) {
            return false;
        }
        if matches!(self.phase, Phase::Reading { .. }) {
            self.enter(Phase::Waiting);
        }
        self.presence = Presence::Away { since: now };
        true
    }

    fn was_read(&mut self, read: Result<Arc<Plugin>, Unusable>, now: Instant) {
        self.phase = match read {
            Ok(plugin) => Phase::Usable(plugin),
            Err(Unusable::Content { reason, content, plugin }) => {
                Phase::Unusable(Fault { reason, content, plugin, retry: None })
            }
            Err(Unusable::Changed) => {
                self.restart(now);
                Phase::Waiting
            }
            Err(Unusable::Host(reason)) => self.failed(reason, now),
        };
    }

    fn enter(&mut self, phase: Phase) {
        if let Phase::Reading { task, .. } = &self.phase {
            task.abort();
        }
        self.phase = phase;
    }

    fn restart(&mut self, now: Instant) {
        if let Presence::There { since, .. } = &mut self.presence {
            *since = now;
        }
    }

    /// The host tries again, later each time.
    fn failed(&self, reason: String, now: Instant) -> Phase {
        let before = match &self.presence {
            Presence::There { since, .. } => now.saturating_duration_since(*since),
            Presence::Away { .. } => Duration::ZERO,
        };
        let wait = before.clamp(limit::PLUGIN_POLL, limit::PLUGIN_RETRY_MAX);
        Phase::Unusable(Fault { reason, content: None, plugin: None, retry: Some(now + wait) })
    }

    /// When it is to be read.
    fn due_at(&self) -> Option<Instant> {
        match (&self.presence, &self.phase) {
            (Presence::There { since, .. }, Phase::Waiting) => Some(*since + limit::PLUGIN_QUIET),
            (Presence::There { .. }, Phase::Unusable(fault)) => fault.retry,
            _ => None,
        }
    }

    fn gone_at(&self) -> Option<Instant> {
        match self.presence {
            Presence::Away { since } => Some(since + limit::PLUGIN_GONE_AFTER),
            Presence::There { .. } => None,
        }
    }

    fn is_gone(&self, now: Instant) -> bool {
        self.gone_at().is_some_and(|at| at <= now)
    }

    /// Whether it lies there now.
    pub(super) fn is_there(&self) -> bool {
        matches!(self.presence, Presence::There { .. })
    }

    /// Whether this task compiles it.
    pub(super) fn is_compiled_by(&self, id: Id) -> bool {
        matches!(&self.phase, Phase::Reading { task, compiling: true } if task.id() == id)
    }

    /// What it holds, if it was read.
    pub(super) fn content(&self) -> Option<ContentHash> {
        match &self.phase {
            Phase::Usable(plugin) => Some(plugin.content()),
            Phase::Unusable(fault) => fault.content,
            Phase::Waiting | Phase::Reading { .. } => None,
        }
    }

    /// The plugin that it is, if it is one.
    pub(super) fn usable(&self) -> Option<&Arc<Plugin>> {
        match &self.phase {
            Phase::Usable(plugin) => Some(plugin),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
