//! Finds the crates of plugins below some directories, and what each of them is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::tree;
use super::watch::Changes;
use crate::build::cargo::Package;
use crate::output;

/// What makes a library a plugin: one of these among its dependencies.
const BINDINGS: [&str; 2] = ["hookyard-sdk", "wit-bindgen"];
/// A library that plugins are made with is none.
const SDK: &str = "hookyard-sdk";

/// A plugin's crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PluginCrate {
    pub(super) package: Package,
    /// Directories and files that its component is made of: the crate, the crates that it depends on by path, the contract and
    /// the manifest of their workspaces.
    sources: BTreeSet<PathBuf>,
}

impl PluginCrate {
    /// Whether any of these changes is one of its sources.
    pub(super) fn is_touched(&self, changes: &Changes) -> bool {
        self.sources.iter().any(|source| changes.touch(source))
    }

    /// What is to be watched.
    pub(super) fn sources(&self) -> impl Iterator<Item = &PathBuf> {
        self.sources.iter()
    }
}

/// The plugins' crates in and below these directories, by path. A manifest that cannot be read is reported, and costs only
/// its own crate.
///
/// # Errors
/// A directory does not exist, or Cargo cannot be run.
pub(super) async fn find(roots: &[PathBuf]) -> anyhow::Result<Vec<PluginCrate>> {
    let mut manifests = BTreeSet::new();
    for root in roots {
        let root = root.canonicalize().with_context(|| format!("cannot look into {}", root.display()))?;
        let below = tree::directories(&root).into_iter().map(|directory| directory.join("Cargo.toml"));
        manifests.extend(below.filter(|manifest| manifest.is_file()));
    }
    let mut known = Known::default();
    for manifest in &manifests {
        if let Err(error) = known.read(manifest).await {
            output::note(&output::clean_lines(&format!("left out: {error:#}")));
        }
    }
    let found: Vec<Package> = manifests.iter().filter_map(|manifest| known.packages.get(manifest)).cloned().collect();
    let plugins = plugins(&found);
    let mut crates = Vec::with_capacity(plugins.len());
    for package in plugins {
        crates.push(PluginCrate { sources: known.sources(&package).await, package });
    }
    Ok(crates)
}

/// Which of these crates are plugins: libraries with bindings of the contract. A library without `crate-type = ["cdylib"]`
/// counts as well, unless another one of them is made with it.
fn plugins(found: &[Package]) -> Vec<Package> {
    let is_used = |package: &Package| {
        let mut dependencies = found.iter().flat_map(|other| &other.dependencies);
        dependencies.any(|dependency| dependency.directory.as_deref() == Some(&package.directory))
    };
    let is_plugin = |package: &&Package| {
        let has_bindings = package.dependencies.iter().any(|dependency| BINDINGS.contains(&dependency.name.as_str()));
        has_bindings && package.name != SDK && package.is_library && (package.is_cdylib || !is_used(package))
    };
    found.iter().filter(is_plugin).cloned().collect()
}

/// Every crate that was asked for, and those of its workspace, by manifest.
#[derive(Default)]
struct Known {
    packages: BTreeMap<PathBuf, Package>,
    /// Manifests without a crate: of workspaces only.
    empty: BTreeSet<PathBuf>,
}

impl Known {
    async fn read(&mut self, manifest: &Path) -> anyhow::Result<()> {
        if self.packages.contains_key(manifest) || self.empty.contains(manifest) {
            return Ok(());
        }
        for package in Package::of_workspace(manifest).await? {
            self.packages.insert(package.manifest.clone(), package);
        }
        if !self.packages.contains_key(manifest) {
            self.empty.insert(manifest.to_owned());
        }
        Ok(())
    }

    /// What a crate is made of.
    async fn sources(&mut self, package: &Package) -> BTreeSet<PathBuf> {
        let (mut sources, mut left) = (BTreeSet::new(), vec![package.clone()]);
        while let Some(package) = left.pop() {
            if !sources.insert(package.directory.clone()) {
                continue;
            }
            let workspace = &package.workspace_directory;
            sources.extend(["wit", "Cargo.toml", "Cargo.lock"].map(|name| workspace.join(name)));
            for directory in package.dependencies.iter().filter_map(|dependency| dependency.directory.as_ref()) {
                let manifest = directory.join("Cargo.toml");
                // One that cannot be read is reported by the build that needs it.
                self.read(&manifest).await.unwrap_or_default();
                left.extend(self.packages.get(&manifest).cloned());
            }
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes crates: directory, name, crate type, dependencies as they stand in a manifest.
    fn write(root: &Path, crates: &[(&str, &str, &str, &str)]) {
        for (directory, name, kind, dependencies) in crates {
            let directory = root.join(directory);
            std::fs::create_dir_all(directory.join("src")).expect("writable");
            std::fs::write(directory.join("src/lib.rs"), "").expect("writable");
            let kind = if kind.is_empty() { String::new() } else { format!("[lib]\ncrate-type = [{kind}]\n") };
            let text = format!(
                "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[workspace]\n{kind}[dependencies]\n{dependencies}\n"
            );
            std::fs::write(directory.join("Cargo.toml"), text).expect("writable");
        }
    }

    #[tokio::test]
    async fn libraries_with_bindings_are_plugins_and_their_tools_are_not() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("it is there");
        let cdylib = "\"cdylib\", \"rlib\"";
        write(
            &root,
            &[
                ("sdk", "hookyard-sdk", "", ""),
                ("common", "common", "", "hookyard-sdk = { path = \"../sdk\" }"),
                (
                    "parcels",
                    "parcels",
                    cdylib,
                    "hookyard-sdk = { path = \"../sdk\" }\ncommon = { path = \"../common\" }",
                ),
                ("plain", "plain", "", "bindings = { package = \"wit-bindgen\", version = \"0.61\" }"),
                ("tool", "tool", "", ""),
                ("parcels/target/package/parcels-1.0.0", "parcels", cdylib, ""),
            ],
        );
        let crates = find(std::slice::from_ref(&root)).await.expect("readable");
        let names: Vec<_> = crates.iter().map(|plugin| plugin.package.name.as_str()).collect();
        assert_eq!(names, ["parcels", "plain"], "and `common` is a part of `parcels`");
        let changed = |path: &str| Changes { paths: BTreeSet::from([root.join(path)]), more: false };
        assert!(crates[0].is_touched(&changed("parcels/src/lib.rs")));
        assert!(crates[0].is_touched(&changed("common/src/lib.rs")) && crates[0].is_touched(&changed("sdk/src/kv.rs")));
        assert!(!crates[1].is_touched(&changed("common/src/lib.rs")));
        let alone = find(&[root.join("plain")]).await.expect("readable");
        assert_eq!(alone.len(), 1, "a directory may be a crate itself");
    }

    #[tokio::test]
    async fn what_does_not_exist_is_an_error() {
        let error = find(&[PathBuf::from("/nowhere/at/all")]).await.expect_err("it is not there");
        assert!(error.to_string().contains("/nowhere/at/all"));
    }
}
