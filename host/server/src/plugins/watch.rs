//! Hears of changes in the plugin directory. What it hears only wakes the look at the directory: nothing is concluded from it, and
//! where nothing can be heard (network file systems, no more watches) the directory is looked at all the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_domain::limit;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Listens at one directory, whichever lies at its path.
pub(super) struct DirectoryWatch {
    path: PathBuf,
    wake: Arc<Notify>,
    /// What is listened to, and which directory that was.
    listening: Option<((u64, u64), RecommendedWatcher)>,
    /// The last error was told.
    told: bool,
}

impl DirectoryWatch {
    /// Wakes `wake` with whatever happens in the directory, once [`DirectoryWatch::follow`] was called.
    pub(super) fn new(path: &Path, wake: Arc<Notify>) -> Self {
        Self { path: path.to_owned(), wake, listening: None, told: false }
    }

    /// Listens to the directory that lies at the path now. What cannot be listened to is told once, and tried again with each call.
    pub(super) fn follow(&mut self, directory: Option<(u64, u64)>) {
        let Some(directory) = directory else {
            self.listening = None;
            return;
        };
        if self.listening.as_ref().is_some_and(|(known, _)| *known == directory) {
            return;
        }
        self.listening = None;
        match self.listen() {
            Ok(watcher) => {
                self.listening = Some((directory, watcher));
                self.told = false;
                // What happened between the look and the beginning of listening was not heard.
                self.wake.notify_one();
            }
            Err(error) if !self.told => {
                self.told = true;
                let directory = self.path.display();
                let every = limit::PLUGIN_POLL.as_secs();
                tracing::warn!(%directory, %error, "changes of the plugin directory are not heard; it is looked at every {every} s");
            }
            Err(_) => {}
        }
    }

    fn listen(&self) -> notify::Result<RecommendedWatcher> {
        let wake = Arc::clone(&self.wake);
        let mut watcher = notify::recommended_watcher(move |heard: notify::Result<Event>| {
            if heard.map_or(true, |event| matters(&event)) {
                wake.notify_one();
            }
        })?;
        watcher.watch(&self.path, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }
}

/// Reading changes nothing; and the host reads these files itself, so that it would wake itself for ever.
fn matters(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}
