//! The components that serve or may serve again, kept by content in the data directory: what happens to a file of the plugin
//! directory changes nothing, across restarts as well.
//!
//! A component is there whole or not at all, also after a crash: it is written beside its place, synced, renamed, and the
//! directory is synced. Its name is its SHA-256, which is checked whenever it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use hookyard_domain::hex::unhex;
use hookyard_domain::plugin::ContentHash;

use super::read;

const SUFFIX: &str = ".wasm";
const UNFINISHED: &str = ".part";

/// A directory of components, each under the name of its content.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    directory: PathBuf,
    /// What lies there. Nobody else puts anything in or takes anything out.
    present: BTreeSet<ContentHash>,
}

impl Shelf {
    /// Opens the directory, makes it private (0700), and makes it if it is not there.
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
        let mut present = BTreeSet::new();
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if let Some(content) = name.strip_suffix(SUFFIX).and_then(content_named) {
                present.insert(content);
            } else if name.ends_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { directory, present })
    }

    /// Whether this content is kept.
    pub(super) fn has(&self, content: ContentHash) -> bool {
        self.present.contains(&content)
    }

    /// Where a content lies.
    pub(super) fn path(&self, content: ContentHash) -> PathBuf {
        self.directory.join(format!("{content}{SUFFIX}"))
    }

    /// Keeps these contents, each from the file that holds it, and returns those that are not kept, with the reason: the file holds
    /// something else now, or the disk refuses. When this returns, all others are durable.
    pub(super) fn put(&mut self, contents: &BTreeMap<ContentHash, PathBuf>) -> BTreeMap<ContentHash, String> {
        let mut failed = BTreeMap::new();
        let mut written = Vec::new();
        for (content, file) in contents.iter().filter(|(content, _)| !self.present.contains(content)) {
            match self.put_one(*content, file) {
                Ok(()) => written.push(*content),
                Err(error) => {
                    failed.insert(*content, error.to_string());
                }
            }
        }
        let synced =
            if written.is_empty() { Ok(()) } else { File::open(&self.directory).and_then(|dir| dir.sync_all()) };
        match synced {
            Ok(()) => self.present.extend(written),
            Err(error) => failed.extend(written.into_iter().map(|content| (content, error.to_string()))),
        }
        failed
    }

    fn put_one(&self, content: ContentHash, file: &Path) -> io::Result<()> {
        let bytes = read::whole(file)?;
        if ContentHash::of(&bytes) != content {
            return Err(io::Error::other(format!("{} holds something else by now", file.display())));
        }
        self.write(content, &bytes)
    }

    fn write(&self, content: ContentHash, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(content);
        let unfinished = self.directory.join(format!("{content}{UNFINISHED}"));
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // What was written takes room on a disk that may be full.
            drop(fs::remove_file(&unfinished));
            return Err(error);
        }
        fs::rename(&unfinished, &path)
    }

    /// Whether something else than these is kept.
    pub(super) fn has_others(&self, wanted: &BTreeSet<ContentHash>) -> bool {
        !self.present.is_subset(wanted)
    }

    /// Forgets what is none of these. A content that cannot be removed is tried again with the next call.
    pub(super) fn sweep(&mut self, wanted: &BTreeSet<ContentHash>) {
        let unwanted: Vec<_> = self.present.difference(wanted).copied().collect();
        for content in unwanted {
            let path = self.path(content);
            match remove(&path) {
                Ok(()) => {
                    self.present.remove(&content);
                }
                Err(error) => {
                    let path = path.display();
                    tracing::warn!(%path, %error, "a component that nobody needs any more cannot be removed");
                }
            }
        }
    }

    /// A content that turned out to be damaged is not kept any more.
    pub(super) fn lost(&mut self, content: ContentHash) {
        self.present.remove(&content);
    }
}

/// The content that a file of this name holds.
fn content_named(name: &str) -> Option<ContentHash> {
    let content = ContentHash(unhex(name)?.try_into().ok()?);
    (content.to_string() == name).then_some(content)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(directory: &Path) -> Shelf {
        Shelf::open(directory.join("components")).expect("opened")
    }

    #[test]
    fn what_was_put_is_there_after_a_restart_and_private() {
        let directory = tempfile::tempdir().expect("temp dir");
        let file = directory.path().join("a.wasm");
        fs::write(&file, "component").expect("written");
        let content = ContentHash::of(b"component");
        assert!(shelf(directory.path()).put(&BTreeMap::from([(content, file)])).is_empty());
        let shelf = shelf(directory.path());
        assert!(shelf.has(content));
        assert_eq!(fs::read(shelf.path(content)).expect("read"), b"component");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&shelf.directory), mode(&shelf.path(content))), (0o700, 0o600));
    }

    #[test]
    fn a_file_that_became_another_is_not_kept_under_the_wrong_name() {
        let directory = tempfile::tempdir().expect("temp dir");
        let file = directory.path().join("a.wasm");
        fs::write(&file, "another").expect("written");
        let content = ContentHash::of(b"component");
        let mut shelf = shelf(directory.path());
        assert_eq!(shelf.put(&BTreeMap::from([(content, file)])).len(), 1);
        assert!(!shelf.has(content) && !shelf.path(content).exists());
    }

    #[test]
    fn what_nobody_needs_goes_and_so_does_what_was_never_finished() {
        let directory = tempfile::tempdir().expect("temp dir");
        let file = directory.path().join("a.wasm");
        let mut shelf = shelf(directory.path());
        let mut kept = Vec::new();
        for text in ["one", "two"] {
            fs::write(&file, text).expect("written");
            kept.push(ContentHash::of(text.as_bytes()));
            assert!(shelf.put(&BTreeMap::from([(ContentHash::of(text.as_bytes()), file.clone())])).is_empty());
        }
        fs::write(shelf.directory.join("x.part"), "half").expect("written");
        fs::write(shelf.directory.join("README"), "not ours").expect("written");
        shelf.sweep(&BTreeSet::from([kept[1]]));
        assert!(!shelf.has(kept[0]) && !shelf.path(kept[0]).exists() && shelf.path(kept[1]).exists());
        let reopened = Shelf::open(shelf.directory.clone()).expect("opened");
        assert_eq!(reopened.present, BTreeSet::from([kept[1]]));
        assert!(!shelf.directory.join("x.part").exists() && shelf.directory.join("README").exists());
    }
}
