//! What lies in the plugin directory, told apart without reading it.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use hookyard_domain::limit;

/// One look at the plugin directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Which directory this is: another one may come to lie at its path. `None`: there is none.
    pub(super) directory: Option<(u64, u64)>,
    /// Each `*.wasm` by its name, or why it cannot be read.
    pub(super) files: BTreeMap<String, Result<Signature, String>>,
    /// Files beyond [`limit::PLUGIN_FILES_MAX`].
    pub(super) left_out: usize,
}

/// What tells one state of a file from another. A file that is written to, replaced or given other permissions has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signature {
    bytes: u64,
    modified: (i64, i64),
    /// Changes also when a copy sets the time of modification back, and with the permissions.
    changed: (i64, i64),
    file: (u64, u64),
}

impl Signature {
    /// The signature of a file with these properties.
    pub(super) fn of(file: &Metadata) -> Self {
        Self {
            bytes: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
            file: (file.dev(), file.ino()),
        }
    }
}

impl Listing {
    /// Looks at a directory. One that does not exist holds nothing. Hidden files and what is no file are left alone; links are followed.
    ///
    /// # Errors
    /// The directory cannot be read, so that nothing is known of its files.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            Err(error) => return Err(error),
        };
        let itself = fs::metadata(directory)?;
        listing.directory = Some((itself.dev(), itself.ino()));
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            if shown.starts_with('.') || Path::new(&name).extension().is_none_or(|extension| extension != "wasm") {
                continue;
            }
            if let Some(file) = look_at(&entry.path(), name.to_str().is_some()) {
                listing.files.insert(shown.into_owned(), file);
            }
        }
        while listing.files.len() > limit::PLUGIN_FILES_MAX {
            listing.files.pop_last();
            listing.left_out += 1;
        }
        Ok(listing)
    }
}

/// `None`: there is no file, or no longer.
fn look_at(path: &Path, name_is_text: bool) -> Option<Result<Signature, String>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => None,
        Ok(_) if !name_is_text => Some(Err("its name is not UTF-8: rename it".to_owned())),
        Ok(found) => Some(Ok(Signature::of(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
            is_link.then(|| Err("it is a link to nothing".to_owned()))
        }
        Err(error) => Some(Err(format!("it cannot be read: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(listing: &Listing) -> Vec<(&str, bool)> {
        listing.files.iter().map(|(name, file)| (name.as_str(), file.is_ok())).collect()
    }

    #[test]
    fn only_files_count_and_whatever_cannot_be_read_says_so() {
        let directory = tempfile::tempdir().expect("temp dir");
        let at = |name: &str| directory.path().join(name);
        fs::write(at("a.wasm"), "a").expect("written");
        for ignored in ["a.wasm.part", ".b.wasm", "c.txt", ".wasm"] {
            fs::write(at(ignored), "x").expect("written");
        }
        fs::create_dir(at("directory.wasm")).expect("made");
        symlink(at("a.wasm"), at("link.wasm")).expect("linked");
        symlink(at("nothing"), at("dangling.wasm")).expect("linked");
        symlink(at("loop.wasm"), at("loop.wasm")).expect("linked");
        fs::write(directory.path().join(OsStr::from_bytes(b"\xff.wasm")), "x").expect("written");
        let listing = Listing::of(directory.path()).expect("can be read");
        let expected = [
            ("a.wasm", true),
            ("dangling.wasm", false),
            ("link.wasm", true),
            ("loop.wasm", false),
            ("\u{fffd}.wasm", false),
        ];
        assert_eq!(names(&listing), expected);
        assert_eq!(listing.files["a.wasm"], listing.files["link.wasm"], "a link is what it leads to");
    }

    #[test]
    fn a_directory_that_does_not_exist_is_empty_and_a_file_is_none() {
        let directory = tempfile::tempdir().expect("temp dir");
        assert_eq!(Listing::of(&directory.path().join("none")).expect("empty"), Listing::default());
        let file = directory.path().join("file");
        fs::write(&file, "x").expect("written");
        assert!(Listing::of(&file).is_err());
    }

    #[test]
    fn a_file_that_is_replaced_by_one_of_the_same_size_has_another_signature() {
        let directory = tempfile::tempdir().expect("temp dir");
        let path = directory.path().join("a.wasm");
        fs::write(&path, "old").expect("written");
        let before = Listing::of(directory.path()).expect("can be read");
        assert_eq!(Listing::of(directory.path()).expect("can be read"), before);
        fs::write(directory.path().join("new"), "new").expect("written");
        fs::rename(directory.path().join("new"), &path).expect("renamed");
        assert_ne!(Listing::of(directory.path()).expect("can be read").files, before.files);
    }
}
