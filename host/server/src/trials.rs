//! How the versions of plugins do: what each has done lately, and which of them is on trial after a swap.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hookyard_domain::id::PluginName;
use hookyard_domain::invocation::ErrorKind;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;
use hookyard_domain::rollback::{Finding, Recent, RollbackSettings, Tally, judge};
use hookyard_sandbox::Outcome;
use tokio::sync::Notify;

/// Counts the invocations of each version of each plugin, in memory: after a restart nothing is on trial.
#[derive(Debug)]
pub struct Trials {
    settings: RollbackSettings,
    plugins: Mutex<HashMap<PluginName, History>>,
    decided: Notify,
}

/// A version that fails far more than the one before it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The plugin.
    pub plugin: PluginName,
    /// The version that fails. Look whether it still serves: it may have been replaced since.
    pub from: ContentHash,
    /// The version before it.
    pub to: ContentHash,
    /// Of the new version, since the swap.
    pub failures: u32,
    /// Of the new version, since the swap.
    pub invocations: u32,
    /// The new version's share of failures, from 0 to 1.
    pub share: f64,
    /// The old version's, over its last invocations.
    pub share_before: f64,
}

/// What is known of one plugin.
#[derive(Debug, Default)]
struct History {
    /// The one that was called last at the end.
    versions: Vec<(ContentHash, Recent)>,
    trial: Option<Trial>,
    verdict: Option<Verdict>,
}

/// A version that has just taken over.
#[derive(Debug, Clone, Copy)]
struct Trial {
    from: ContentHash,
    to: ContentHash,
    tally: Tally,
}

impl Trials {
    /// Nothing has been called yet.
    pub fn new(settings: RollbackSettings) -> Self {
        Self { settings, plugins: Mutex::default(), decided: Notify::new() }
    }

    /// An invocation has ended and says something about its version; see [`Tally`] for what does. Takes a short lock, and
    /// allocates only for a plugin or a version that is new.
    pub fn record(&self, plugin: &PluginName, content: ContentHash, failed: bool) {
        if !self.settings.enabled {
            return;
        }
        let mut plugins = self.plugins();
        let Some(history) = plugins.get_mut(plugin) else {
            plugins.entry(plugin.clone()).or_default().count(content, failed);
            return;
        };
        history.count(content, failed);
        if let Some(verdict) = history.try_version(&self.settings, plugin, content, failed) {
            history.verdict = Some(verdict);
            drop(plugins);
            self.decided.notify_one();
        }
    }

    /// The plugin has moved from one version to another, whose trial begins. Not to be called when it goes back, or is pinned:
    /// whoever decided that has decided; see [`Self::end`].
    pub fn begin(&self, plugin: &PluginName, from: ContentHash, to: ContentHash) {
        if self.settings.enabled {
            let mut plugins = self.plugins();
            let history = plugins.entry(plugin.clone()).or_default();
            history.trial = Some(Trial { from, to, tally: Tally::default() });
            history.verdict = None;
        }
    }

    /// Nothing of the plugin is on trial any more; what its versions have done is kept.
    pub fn end(&self, plugin: &PluginName) {
        if let Some(history) = self.plugins().get_mut(plugin) {
            history.trial = None;
            history.verdict = None;
        }
    }

    /// The plugin is gone.
    pub fn forget(&self, plugin: &PluginName) {
        self.plugins().remove(plugin);
    }

    /// Waits for the next version that is to go back. One waits at a time; nothing is lost when the future is dropped.
    pub async fn next_verdict(&self) -> Verdict {
        loop {
            let found = self.plugins().values_mut().find_map(|history| history.verdict.take());
            match found {
                Some(verdict) => return verdict,
                None => self.decided.notified().await,
            }
        }
    }

    fn plugins(&self) -> MutexGuard<'_, HashMap<PluginName, History>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History {
    /// One invocation more of a version.
    fn count(&mut self, content: ContentHash, failed: bool) {
        let at = match self.versions.iter().position(|(version, _)| *version == content) {
            Some(at) => at,
            None => {
                self.make_room();
                self.versions.push((content, Recent::default()));
                self.versions.len() - 1
            }
        };
        self.versions[at].1.count(failed);
        self.versions[at..].rotate_left(1);
    }

    /// Forgets the version that was called least recently, but for the one that a trial is compared with.
    fn make_room(&mut self) {
        if self.versions.len() >= limit::ROLLBACK_VERSIONS_MAX {
            let compared = self.trial.map(|trial| trial.from);
            let oldest = self.versions.iter().position(|(version, _)| Some(*version) != compared);
            oldest.map(|at| self.versions.remove(at));
        }
    }

    /// Counts towards the trial, if it is this version's, and ends it where it is decided.
    fn try_version(
        &mut self,
        settings: &RollbackSettings,
        plugin: &PluginName,
        content: ContentHash,
        failed: bool,
    ) -> Option<Verdict> {
        let trial = self.trial.as_mut().filter(|trial| trial.to == content)?;
        trial.tally.count(failed);
        let Trial { from: old, to: new, tally } = *trial;
        let before = self.versions.iter().find(|(version, _)| *version == old);
        let before = before.map_or_else(Tally::default, |(_, recent)| recent.tally());
        let finding = judge(settings, before, tally);
        if finding != Finding::OnTrial {
            self.trial = None;
        }
        (finding == Finding::GoBack).then(|| Verdict {
            plugin: plugin.clone(),
            from: new,
            to: old,
            failures: tally.failures,
            invocations: tally.invocations,
            share: tally.share(),
            share_before: before.share(),
        })
    }
}

/// Whether the plugin has failed; `None` where the outcome says nothing about it: the provider was down or refused the
/// credentials, the host failed, the plugin was not called.
pub(crate) fn told<T>(outcome: &Outcome<T>) -> Option<bool> {
    match outcome {
        Outcome::Returned(_) => Some(false),
        Outcome::Trap { .. } | Outcome::Deadline(_) => Some(true),
        Outcome::Error(error) => match error.kind {
            ErrorKind::Invalid => Some(false),
            ErrorKind::Failed => Some(true),
            ErrorKind::Unauthorized | ErrorKind::Unavailable => None,
        },
        Outcome::Unavailable(_) | Outcome::Busy => None,
    }
}

#[cfg(test)]
mod tests;
