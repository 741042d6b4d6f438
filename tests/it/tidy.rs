//! The shape of the project: layers, doors, file lengths, the top level.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// From left to right: a crate may use those before it.
const LAYERS: [&str; 6] =
    ["hookyard-domain", "hookyard-store", "hookyard-capability", "hookyard-sandbox", "hookyard-server", "hookyard"];

/// Which crates may depend on a foreign crate that has one door.
const DOORS: [(&str, &[&str]); 11] = [
    ("wasmparser", &["hookyard-sandbox"]),
    ("wasmtime", &["hookyard-sandbox"]),
    ("wasmtime-wasi", &["hookyard-sandbox"]),
    ("wasmtime-wasi-http", &["hookyard-sandbox"]),
    ("rusqlite", &["hookyard-store", "hookyard-faults"]),
    ("minijinja", &["hookyard-domain"]),
    ("jsonschema", &["hookyard-domain", "hookyard-sdk"]),
    ("axum", &["hookyard-server", "hookyard-fakes"]),
    ("hyper", &["hookyard-capability", "hookyard-server", "hookyard-fakes", "hookyard-tests"]),
    // What plugins send, and the command line, which is a client of its own host.
    ("reqwest", &["hookyard-capability", "hookyard"]),
    ("wit-bindgen", &["hookyard-sdk"]),
];

const TOP_LEVEL: [&str; 10] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "host",
    "plugins",
    "rust-toolchain.toml",
    "wit",
];

const FILE_LINES_MAX: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's root exists")
}

/// Files that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git ls-files failed");
    let paths = String::from_utf8(output.stdout).expect("paths are UTF-8");
    paths.lines().map(PathBuf::from).filter(|path| root().join(path).exists()).collect()
}

/// The manifests of all crates but the tests' guests, which stand on the other side of the contract.
fn manifests() -> BTreeMap<String, toml::Table> {
    let cargo = files().into_iter().filter(|path| path.ends_with("Cargo.toml") && !path.starts_with("tests/guests"));
    cargo
        .filter_map(|path| {
            let text = fs::read_to_string(root().join(path)).expect("a manifest can be read");
            let table: toml::Table = text.parse().expect("a manifest is TOML");
            let name = table.get("package")?.get("name")?.as_str()?.to_owned();
            Some((name, table))
        })
        .collect()
}

/// What a crate depends on, for any target.
fn dependencies(manifest: &toml::Table, kinds: &[&str]) -> Vec<String> {
    let targets =
        manifest.get("target").and_then(|targets| targets.as_table()).into_iter().flat_map(|all| all.values());
    let places = std::iter::once(manifest).chain(targets.filter_map(|target| target.as_table()));
    let tables = places.flat_map(|place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()));
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn the_domain_does_no_io_and_is_not_async() {
    for path in files().into_iter().filter(|path| path.starts_with("host/domain/src")) {
        let text = fs::read_to_string(root().join(&path)).expect("a source file can be read");
        for word in ["async fn", ".await", "std::fs", "std::process", "TcpStream", "UdpSocket", "tokio"] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn dependencies_point_left() {
    let manifests = manifests();
    for (place, name) in LAYERS.iter().enumerate() {
        let manifest = manifests.get(*name).unwrap_or_else(|| panic!("{name} is missing"));
        for dependency in dependencies(manifest, &["dependencies", "build-dependencies"]) {
            if let Some(other) = LAYERS.iter().position(|layer| *layer == dependency) {
                assert!(other < place, "{name} must not depend on {dependency}");
            } else {
                assert!(!dependency.starts_with("hookyard-"), "{name} must not depend on {dependency}");
            }
        }
    }
}

#[test]
fn each_foreign_crate_has_one_door() {
    for (name, manifest) in manifests() {
        for dependency in dependencies(&manifest, &["dependencies"]) {
            if let Some((_, doors)) = DOORS.iter().find(|(door, _)| *door == dependency) {
                let guest = name.starts_with("guest-");
                assert!(
                    guest || doors.contains(&name.as_str()),
                    "{name} must not depend on {dependency}: {doors:?} do"
                );
            }
        }
    }
}

#[test]
fn files_stay_short() {
    let long: Vec<_> = files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| {
            let lines = fs::read_to_string(root().join(&path)).expect("a source file can be read").lines().count();
            (lines > FILE_LINES_MAX).then_some((path, lines))
        })
        .collect();
    assert!(long.is_empty(), "each of these is probably two things: {long:?}");
}

#[test]
fn the_top_level_holds_only_what_the_architecture_names() {
    for path in files() {
        let top = path.iter().next().and_then(|name| name.to_str()).expect("a path has a UTF-8 start");
        let known = top.starts_with('.') || TOP_LEVEL.contains(&top) || top == "tests";
        assert!(known, "{top} does not belong at the top level");
    }
}

#[test]
fn modules_are_files_beside_their_folders() {
    let old: Vec<_> = files().into_iter().filter(|path| path.ends_with("mod.rs")).collect();
    assert!(old.is_empty(), "foo.rs stands beside foo/: {old:?}");
}
