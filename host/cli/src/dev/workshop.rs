//! Builds plugins, one after the other, and puts what is usable into the directory that the host watches.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hookyard_domain::manifest::Manifest;
use hookyard_sandbox::Sandbox;
use tokio::time::Instant;

use super::crates::PluginCrate;
use super::watch::Changes;
use crate::build::{self, cargo};
use crate::{inspect, output};

/// Where components are made.
pub(super) struct Workshop {
    sandbox: Sandbox,
    directory: PathBuf,
    /// What was put into the directory, by the manifest of its crate.
    made: BTreeMap<PathBuf, Made>,
    locks: Locks,
}

/// Lock files as the last builds left them. Cargo writes them while it builds, and that is no reason to build again.
#[derive(Default)]
struct Locks(BTreeMap<PathBuf, Vec<u8>>);

struct Made {
    component: PathBuf,
    manifest: Manifest,
}

impl Workshop {
    /// One that puts components into `directory`, and keeps compiled code where the host looks for it: what was checked here is
    /// not compiled there again.
    ///
    /// # Errors
    /// The directory for compiled code cannot be made.
    pub(super) fn new(directory: PathBuf, compiled: &Path) -> anyhow::Result<Self> {
        Ok(Self { sandbox: inspect::sandbox_in(compiled)?, directory, made: BTreeMap::new(), locks: Locks::default() })
    }

    /// Builds one plugin. What is wrong is said and leaves the version that was there in its place.
    pub(super) async fn build(&mut self, plugin: &PluginCrate) {
        let package = &plugin.package;
        output::note(&format!("building   {}", package.name));
        if let Err(error) = self.try_build(plugin).await {
            output::note(&output::clean_lines(&format!("not built  {}: {error:#}", package.name)));
            if let Some(last) = self.made.get(&package.manifest) {
                output::note(&format!("           {} stays in place", last.manifest.plugin()));
            }
        }
    }

    async fn try_build(&mut self, plugin: &PluginCrate) -> anyhow::Result<()> {
        let (package, begun) = (&plugin.package, Instant::now());
        cargo::add_target(package).await?;
        let built = cargo::build(package, cargo::Course::Watched).await;
        self.locks.keep(package.workspace_directory.join("Cargo.lock"));
        let built = built?;
        let loaded = inspect::load_in(&self.sandbox, &built).await?;
        let component = self.directory.join(format!("{}.wasm", loaded.manifest.name));
        let other = self.made.iter().find(|(crate_, made)| made.component == component && **crate_ != package.manifest);
        if let Some((other, _)) = other {
            anyhow::bail!("its plugin is called {}, as that of {} is", loaded.manifest.name, other.display());
        }
        let news = if same(&built, &component) {
            "unchanged"
        } else {
            build::put(&built, &component).with_context(|| format!("cannot write {}", component.display()))?;
            "built"
        };
        for warning in &loaded.warnings {
            output::note(&output::clean_lines(&format!("warning: {}: {warning}", package.name)));
        }
        let (bytes, seconds) = (loaded.component.wasm_bytes().div_ceil(1024), begun.elapsed().as_secs_f32());
        output::note(&format!("{news:9}  {}  {bytes} KiB  {seconds:.1} s", loaded.manifest.plugin()));
        let made = Made { component: component.clone(), manifest: loaded.manifest };
        if let Some(before) = self.made.insert(package.manifest.clone(), made)
            && before.component != component
        {
            remove(&before.component);
        }
        Ok(())
    }

    /// Takes out of what changed the lock files that are as the builds here left them.
    pub(super) fn take_own_from(&self, changes: &mut Changes) {
        changes.paths.retain(|path| !self.locks.are_left(path));
    }

    /// Takes away what was made of crates that are not among these any more.
    pub(super) fn keep_only(&mut self, crates: &[PluginCrate]) {
        let stays = |manifest: &PathBuf| crates.iter().any(|plugin| plugin.package.manifest == *manifest);
        for (_, made) in self.made.extract_if(.., |manifest, _| !stays(manifest)) {
            remove(&made.component);
            output::note(&format!("gone       {}", made.manifest.plugin()));
        }
    }

    /// The plugins that were made.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.made.values().map(|made| &made.manifest)
    }
}

impl Locks {
    /// This one is as a build left it.
    fn keep(&mut self, lock: PathBuf) {
        match std::fs::read(&lock) {
            Ok(content) => self.0.insert(lock, content),
            // One that is not there, or cannot be read, is no build's work.
            Err(_) => self.0.remove(&lock),
        };
    }

    /// Whether this is a lock file that nobody else has changed since.
    fn are_left(&self, path: &Path) -> bool {
        self.0.get(path).is_some_and(|left| std::fs::read(path).is_ok_and(|content| content == *left))
    }
}

/// Whether two files hold the same bytes; a file that cannot be read is like no other.
fn same(one: &Path, other: &Path) -> bool {
    let (one, other) = (std::fs::read(one), std::fs::read(other));
    matches!((one, other), (Ok(one), Ok(other)) if one == other)
}

fn remove(component: &Path) {
    if let Err(error) = std::fs::remove_file(component) {
        output::note(&format!("cannot remove {}: {error}", component.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_that_a_build_wrote_is_no_change_until_somebody_else_writes_it() {
        let root = tempfile::tempdir().expect("a directory");
        let (lock, other) = (root.path().join("Cargo.lock"), root.path().join("src/lib.rs"));
        let mut locks = Locks::default();
        locks.keep(lock.clone());
        assert!(!locks.are_left(&lock), "it is not there");
        std::fs::write(&lock, "version = 4").expect("writable");
        locks.keep(lock.clone());
        assert!(locks.are_left(&lock) && !locks.are_left(&other));
        std::fs::write(&lock, "version = 5").expect("writable");
        assert!(!locks.are_left(&lock), "as after `cargo update`");
        std::fs::remove_file(&lock).expect("it was there");
        assert!(!locks.are_left(&lock));
    }
}
