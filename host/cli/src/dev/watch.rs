//! Tells what was saved, once it has been quiet for a moment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::tree;

/// How long nothing may change before a change is told: an editor that saves everything writes several files.
const QUIET: Duration = Duration::from_millis(200);
/// When a change is told although it never becomes quiet.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches directories, each by itself: what Cargo builds below them changes all the time.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    seen: Arc<Seen>,
}

/// What changed. A path stands in it once, however often it changed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) paths: BTreeSet<PathBuf>,
    /// The system could not tell all of it: anything may have changed.
    pub(super) more: bool,
}

struct Seen {
    changes: Mutex<Changes>,
    news: Notify,
    /// Nothing in or below this directory is told.
    data: PathBuf,
}

impl Watch {
    /// Watches nothing yet, and never what is in the host's data directory: it changes with every webhook.
    ///
    /// # Errors
    /// The data directory is not there, or the system has no more watches.
    pub(super) fn without(data: &Path) -> anyhow::Result<Self> {
        let data = data.canonicalize().with_context(|| format!("cannot look into {}", data.display()))?;
        let seen = Arc::new(Seen { changes: Mutex::default(), news: Notify::new(), data });
        let sink = Arc::clone(&seen);
        let watcher = notify::recommended_watcher(move |event| sink.take(event));
        Ok(Self { watcher: watcher.context("cannot watch for changes")?, watched: BTreeSet::new(), seen })
    }

    /// Watches these directories and what is below them, and those that hold these files, and nothing else any more.
    ///
    /// # Errors
    /// The system has no more watches; Linux has `fs.inotify.max_user_watches` of them.
    pub(super) fn follow(&mut self, roots: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
        let mut directories: BTreeSet<PathBuf> = roots.iter().flat_map(|root| tree::directories(root)).collect();
        directories.retain(|directory| !directory.starts_with(&self.seen.data));
        let files = roots.iter().filter(|root| !root.is_dir());
        directories.extend(files.filter_map(|file| file.parent()).filter(|parent| parent.is_dir()).map(Path::to_owned));
        for gone in self.watched.difference(&directories) {
            // Fails for a directory that is not there any more, whose watch went with it.
            self.watcher.unwatch(gone).unwrap_or_default();
        }
        // A directory that went and came again has lost its watch, which cannot be seen; watching twice does no harm.
        for directory in &directories {
            match self.watcher.watch(directory, RecursiveMode::NonRecursive) {
                Err(error) if directory.is_dir() => {
                    return Err(error).with_context(|| format!("cannot watch {} for changes", directory.display()));
                }
                _ => {}
            }
        }
        self.watched = directories;
        Ok(())
    }

    /// Waits for a change, and until it has been quiet. Nothing is lost when the future is dropped.
    pub(super) async fn changes(&self) -> Changes {
        loop {
            self.seen.news.notified().await;
            let settled = async { while tokio::time::timeout(QUIET, self.seen.news.notified()).await.is_ok() {} };
            // Either way it is told now.
            tokio::time::timeout(PATIENCE, settled).await.unwrap_or_default();
            let changes = std::mem::take(&mut *self.seen.changes.lock().unwrap_or_else(PoisonError::into_inner));
            if changes != Changes::default() {
                return changes;
            }
        }
    }
}

impl Seen {
    fn take(&self, event: notify::Result<Event>) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            // Cargo reads all sources; that is no change.
            Ok(Event { kind: EventKind::Access(_), .. }) => return,
            Ok(event) if event.need_rescan() => changes.more = true,
            Ok(event) => {
                let before = changes.paths.len();
                let is_foreign = |path: &PathBuf| tree::is_foreign(path) || path.starts_with(&self.data);
                changes.paths.extend(event.paths.into_iter().filter(|path| !is_foreign(path)));
                if changes.paths.len() == before {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "some changes may have been missed");
                changes.more = true;
            }
        }
        drop(changes);
        self.news.notify_one();
    }
}

impl Changes {
    /// Whether anything in this directory, or below it, changed.
    pub(super) fn touch(&self, directory: &Path) -> bool {
        self.more || self.paths.iter().any(|path| path.starts_with(directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(root: &Path) -> Watch {
        std::fs::create_dir_all(root.join("data/compiled")).expect("writable");
        let mut watch = Watch::without(&root.join("data")).expect("watches");
        watch.follow(&BTreeSet::from([root.to_owned()])).expect("watches");
        watch
    }

    #[tokio::test]
    async fn a_save_is_told_and_what_is_no_source_is_not() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("it is there");
        std::fs::create_dir(root.join("src")).expect("writable");
        let watch = watch(&root);
        for name in ["src/.lib.rs.swp", "src/4913", "data/hookyard.db-wal", "data/compiled/x", "src/lib.rs"] {
            std::fs::write(root.join(name), "x").expect("writable");
        }
        let changes = watch.changes().await;
        assert_eq!(changes.paths, BTreeSet::from([root.join("src/lib.rs")]));
        assert!(changes.touch(&root.join("src")) && !changes.touch(&root.join("tests")));
    }

    #[tokio::test]
    async fn a_directory_that_came_later_is_watched_once_it_is_followed() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("it is there");
        let mut watch = watch(&root);
        std::fs::create_dir(root.join("late")).expect("writable");
        assert!(watch.changes().await.touch(&root.join("late")));
        watch.follow(&BTreeSet::from([root.clone()])).expect("watches");
        std::fs::write(root.join("late/lib.rs"), "x").expect("writable");
        assert!(watch.changes().await.paths.contains(&root.join("late/lib.rs")));
    }
}
