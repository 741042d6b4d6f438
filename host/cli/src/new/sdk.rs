//! Where the SDK is: in a clone of Hookyard, since no registry has it yet.

use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;

/// Where it stands in a clone.
const IN_CLONE: &str = "plugins/sdk/rust";

/// The SDK for Rust, on this machine.
#[derive(Debug)]
pub(super) struct Sdk(PathBuf);

/// The SDK that was named, or that of the clone in which `directory` lies.
///
/// # Errors
/// There is none; the error says how to name one.
pub(super) fn find(named: Option<&Path>, directory: &Path) -> anyhow::Result<Sdk> {
    if let Some(named) = named {
        let canonical = named.canonicalize().with_context(|| format!("there is no SDK in {}", named.display()))?;
        anyhow::ensure!(is_sdk(&canonical), "there is no SDK in {}: in a clone it is {IN_CLONE}", named.display());
        return Ok(Sdk(canonical));
    }
    let directory = directory.canonicalize().with_context(|| format!("cannot look into {}", directory.display()))?;
    let above = directory.ancestors().map(|ancestor| ancestor.join(IN_CLONE)).find(|sdk| is_sdk(sdk));
    above.map(Sdk).with_context(|| {
        format!(
            "{} lies in no clone of Hookyard, and the SDK is not published yet: name it with `--sdk CLONE/{IN_CLONE}`",
            directory.display()
        )
    })
}

fn is_sdk(directory: &Path) -> bool {
    let manifest = std::fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    manifest.lines().any(|line| line.trim() == "name = \"hookyard-sdk\"")
}

impl Sdk {
    /// Its path as a crate in `directory` names it: relative, so that both can be moved together, unless they have only the root in
    /// common.
    pub(super) fn seen_from(&self, directory: &Path) -> String {
        let parent = directory.parent().and_then(|parent| parent.canonicalize().ok());
        let from = match (parent, directory.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => return self.0.display().to_string(),
        };
        let shared = from.components().zip(self.0.components()).take_while(|(one, other)| one == other).count();
        if shared <= 1 {
            return self.0.display().to_string();
        }
        let up = from.components().skip(shared).map(|_| Component::ParentDir);
        let path: PathBuf = up.chain(self.0.components().skip(shared)).collect();
        path.display().to_string()
    }

    /// What the clone's crates were tested with: a lock file that fits the new crate as well, so that its first build asks no
    /// registry for versions.
    pub(super) fn lock(&self) -> Option<String> {
        std::fs::read_to_string(self.0.ancestors().nth(3)?.join("Cargo.lock")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clone_around_the_new_plugin_has_the_sdk() {
        let clone = tempfile::tempdir().expect("a directory");
        let root = clone.path().canonicalize().expect("it is there");
        let sdk = root.join("hookyard/plugins/sdk/rust");
        std::fs::create_dir_all(&sdk).expect("writable");
        std::fs::write(sdk.join("Cargo.toml"), "[package]\nname = \"hookyard-sdk\"\n").expect("writable");
        std::fs::write(root.join("hookyard/Cargo.lock"), "version = 4\n").expect("writable");
        std::fs::create_dir_all(root.join("mine")).expect("writable");

        let within = root.join("hookyard/plugins");
        let found = find(None, &within).expect("there is one");
        assert_eq!(found.seen_from(&within.join("parcels")), "../sdk/rust");
        assert_eq!(found.lock().as_deref(), Some("version = 4\n"));

        let error = find(None, &root.join("mine")).expect_err("no clone").to_string();
        assert!(error.contains("--sdk CLONE/plugins/sdk/rust"), "{error}");
        let found = find(Some(&sdk), &root.join("mine")).expect("it was named");
        assert_eq!(found.seen_from(&root.join("mine/parcels")), "../../hookyard/plugins/sdk/rust");
        assert!(find(Some(&root), &root.join("mine")).is_err());
    }
}
