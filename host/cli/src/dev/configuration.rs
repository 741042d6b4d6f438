//! The configuration that is served by, and read again whenever it is saved.

use std::path::{Path, PathBuf};

use hookyard_server::compose::Running;
use hookyard_server::config::{DEFAULT_FILE, Flags, Settings};

use super::watch::Changes;
use crate::serve;

/// What a host's configuration is read from.
pub(super) struct Configuration {
    flags: Flags,
    directory: PathBuf,
    /// The file, which may not be there yet.
    file: PathBuf,
    /// The same as changes are told of it.
    told_as: PathBuf,
}

impl Configuration {
    /// That of `settings`, which were read with these flags in this directory.
    pub(super) fn of(settings: &Settings, flags: Flags, directory: PathBuf) -> Self {
        let file = settings.file.clone().unwrap_or_else(|| directory.join(DEFAULT_FILE));
        let parent = file.parent().and_then(|parent| parent.canonicalize().ok());
        let told_as = parent.zip(file.file_name()).map(|(parent, name)| parent.join(name));
        Self { told_as: told_as.unwrap_or_else(|| file.clone()), flags, directory, file }
    }

    /// The file, as people know it.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What is to be watched.
    pub(super) fn watched(&self) -> &PathBuf {
        &self.told_as
    }

    /// Takes the file out of what changed, and says whether it was saved. One that was taken away was not: who replaces a file may
    /// remove it first.
    pub(super) fn take_from(&self, changes: &mut Changes) -> bool {
        (changes.paths.remove(&self.told_as) || changes.more) && self.told_as.is_file()
    }

    /// Reads it again, because of `reason`.
    pub(super) async fn apply(&self, running: &Running, reason: &str) {
        serve::reload(running, &self.flags, &self.directory, reason).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_of_the_file_is_no_change_of_a_source() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("it is there");
        let configuration = Configuration::of(&Settings::defaults(&root), Flags::default(), root.clone());
        let saved = || Changes { paths: [root.join(DEFAULT_FILE), root.join("lib.rs")].into(), more: false };
        let mut changes = saved();
        assert!(!configuration.take_from(&mut changes), "it is not there");
        std::fs::write(root.join(DEFAULT_FILE), "").expect("writable");
        let mut changes = saved();
        assert!(configuration.take_from(&mut changes));
        assert_eq!(changes.paths, [root.join("lib.rs")].into());
        assert!(!configuration.take_from(&mut changes), "only the source was left");
    }
}
