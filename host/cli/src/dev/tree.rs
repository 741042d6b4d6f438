//! Which directories below one hold sources, and which files in them are sources.

use std::path::{Path, PathBuf};

/// Directories below directories that are looked into.
const DEPTH_MAX: usize = 32;

/// The directory and all below it that may hold sources: no hidden ones, and not what Cargo builds.
pub(super) fn directories(root: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    collect(root, DEPTH_MAX, &mut all);
    all
}

fn collect(directory: &Path, depth: usize, all: &mut Vec<PathBuf>) {
    // One that cannot be read, or is gone by now, holds nothing that could be built.
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    all.push(directory.to_owned());
    let Some(depth) = depth.checked_sub(1) else { return };
    for entry in entries.flatten() {
        // Links are not followed: they may lead in circles, and Cargo knows what they lead to by another path.
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && !is_foreign(&entry.path()) {
            collect(&entry.path(), depth, all);
        }
    }
}

/// Whether a change of this file or directory is none of the sources: it is hidden, what an editor or a tool leaves behind for
/// a moment, or Cargo's own.
pub(super) fn is_foreign(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_editor = name.ends_with('~')
        || name.starts_with('#')
        || [".swp", ".swx", ".tmp", ".part", ".bak", ".orig"].iter().any(|end| name.ends_with(end))
        || name.starts_with("___jb_")
        // What Vim makes to see whether it can.
        || name == "4913";
    // A module may be called `target` too, but does not stand beside a manifest.
    let of_cargo = name == "target" && path.with_file_name("Cargo.toml").is_file();
    name.starts_with('.') || of_editor || of_cargo || name == "node_modules"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_looked_for_where_they_can_be() {
        let root = tempfile::tempdir().expect("a directory");
        for directory in ["a/src/target", "a/target/debug", "a/.git/objects", "b/node_modules/x"] {
            std::fs::create_dir_all(root.path().join(directory)).expect("writable");
        }
        std::fs::write(root.path().join("a/Cargo.toml"), "").expect("writable");
        let mut found: Vec<_> = directories(root.path())
            .into_iter()
            .map(|path| path.strip_prefix(root.path()).expect("below").display().to_string())
            .collect();
        found.sort();
        assert_eq!(found, ["", "a", "a/src", "a/src/target", "b"]);
    }

    #[test]
    fn what_editors_leave_behind_is_no_source() {
        for foreign in [".lib.rs.swp", "lib.rs~", "4913", "#lib.rs#", "x.tmp", ".#lib.rs", "lib.rs___jb_tmp___~"] {
            assert!(is_foreign(Path::new(foreign)), "{foreign}");
        }
        for source in ["lib.rs", "delivered.json", "Cargo.toml", "target"] {
            assert!(!is_foreign(&Path::new("src").join(source)), "{source}");
        }
    }
}
