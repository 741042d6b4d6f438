//! Cargo and rustup, as far as building a guest needs them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use serde_json::Value;
use tokio::process::Command;

use super::family;

const TARGET: &str = "wasm32-wasip2";

/// How guests are built: for speed, since size costs nothing that is noticed, and without unwinding, which a guest has no use for.
/// A profile of its own leaves the crate's `release` alone.
const PROFILE: [&str; 7] = [
    "profile.plugin.inherits=\"release\"",
    "profile.plugin.opt-level=3",
    "profile.plugin.lto=true",
    "profile.plugin.codegen-units=1",
    "profile.plugin.debug=false",
    "profile.plugin.panic=\"abort\"",
    "profile.plugin.strip=\"debuginfo\"",
];

/// A guest's stack comes first in its memory; a small one means fewer pages to clean after each invocation.
const STACK: [&str; 2] = ["-C", "link-arg=-zstack-size=65536"];

/// A crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Where its build artifacts go.
    pub(crate) target_directory: PathBuf,
    /// Where the manifest, the lock file and perhaps the contract of its workspace are.
    pub(crate) workspace_directory: PathBuf,
    pub(crate) directory: PathBuf,
    pub(crate) manifest: PathBuf,
    /// Whether it has a library, of which a component can be made.
    pub(crate) is_library: bool,
    /// Whether its manifest says that the library is to be a component (`cdylib`).
    pub(crate) is_cdylib: bool,
    /// What it depends on, for any target, tests and build scripts left out.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A crate that another one depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Its directory, where it is not from a registry.
    pub(crate) directory: Option<PathBuf>,
}

impl Package {
    /// The crate in this directory.
    ///
    /// # Errors
    /// There is none, or Cargo cannot read it.
    pub(crate) async fn find(directory: &Path) -> anyhow::Result<Self> {
        let manifest = directory.join("Cargo.toml");
        let manifest = std::fs::canonicalize(&manifest)
            .with_context(|| format!("there is no crate in {}: no Cargo.toml", directory.display()))?;
        let package = Self::of_workspace(&manifest).await?.into_iter().find(|package| package.manifest == manifest);
        package.with_context(|| format!("{} is a workspace, not a crate", manifest.display()))
    }

    /// The crates of the workspace to which the crate of this manifest belongs.
    ///
    /// # Errors
    /// Cargo cannot read it, and has said why.
    pub(crate) async fn of_workspace(manifest: &Path) -> anyhow::Result<Vec<Self>> {
        let arguments = ["metadata", "--no-deps", "--format-version", "1", "--manifest-path"].map(OsStr::new);
        let output = Command::new("cargo")
            .args(arguments.into_iter().chain([manifest.as_os_str()]))
            .current_dir(manifest.parent().unwrap_or(Path::new(".")))
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot run cargo; is Rust installed? See https://rustup.rs")?;
        anyhow::ensure!(output.status.success(), "cargo cannot read {}", manifest.display());
        let metadata = serde_json::from_slice(&output.stdout).context("cargo metadata did not answer JSON")?;
        Ok(packages(&metadata))
    }
}

/// What `cargo metadata` says.
fn packages(metadata: &Value) -> Vec<Package> {
    let path = |value: &Value| PathBuf::from(value.as_str().unwrap_or_default());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let package = |package: &Value| {
        let manifest = path(&package["manifest_path"]);
        let targets = package["targets"].as_array().into_iter().flatten();
        let kinds: Vec<&str> = targets
            .flat_map(|target| target["kind"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        let dependencies = dependencies.filter(|dependency| dependency["kind"].is_null()).map(|dependency| {
            Dependency { name: text(&dependency["name"]), directory: dependency["path"].as_str().map(PathBuf::from) }
        });
        Package {
            name: text(&package["name"]),
            target_directory: path(&metadata["target_directory"]),
            workspace_directory: path(&metadata["workspace_root"]),
            directory: manifest.parent().map(Path::to_owned).unwrap_or_default(),
            is_library: kinds.iter().any(|kind| kind.ends_with("lib")),
            is_cdylib: kinds.contains(&"cdylib"),
            dependencies: dependencies.collect(),
            manifest,
        }
    };
    metadata["packages"].as_array().into_iter().flatten().map(package).collect()
}

/// Adds the target to the toolchain that the crate is built with, where it is missing.
///
/// # Errors
/// It cannot be added; the error says how to do it by hand.
pub(crate) async fn add_target(package: &Package) -> anyhow::Result<()> {
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(&package.directory)
        .output()
        .await
        .context("cannot run rustc; is Rust installed? See https://rustup.rs")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", TARGET]).current_dir(&package.directory).kill_on_drop(true);
    let added = add.status().await;
    let by_hand = format!(
        "the target {TARGET} is missing from the toolchain in {}; with rustup: `rustup target add {TARGET}`, else from where that toolchain came",
        sysroot.display()
    );
    anyhow::ensure!(added.context(by_hand.clone())?.success(), by_hand);
    Ok(())
}

/// Builds the crate and returns its component, still among Cargo's artifacts. Dropping the future ends Cargo and its compilers.
///
/// # Errors
/// The crate does not build (Cargo has said why), or makes no component.
pub(crate) async fn build(package: &Package, course: Course) -> anyhow::Result<PathBuf> {
    let mut command = Command::new("cargo");
    command.args(["rustc", "--lib", "--crate-type", "cdylib", "--target", TARGET, "--profile", "plugin"]);
    command.args(PROFILE.iter().flat_map(|setting| ["--config", setting]));
    command.args(["--message-format", "json-render-diagnostics", "--manifest-path"]).arg(&package.manifest);
    if course == Course::Watched {
        command.arg("--quiet");
    }
    command.arg("--").args(STACK);
    command.current_dir(&package.directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = match course {
        Course::Once => command.kill_on_drop(true).output().await,
        Course::Watched => family::output(command).await,
    };
    let output = output.context("cannot run cargo")?;
    anyhow::ensure!(output.status.success(), "{} does not build", package.name);
    component(&output.stdout, &package.manifest)
        .with_context(|| format!("{} makes no component; its Cargo.toml needs a library ([lib])", package.name))
}

/// How a build goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Cargo says what it does, and a signal from the terminal ends it as well as this program.
    Once,
    /// Cargo says only what is wrong, and this program ends it when it is to end itself.
    Watched,
}

/// The `.wasm` file among Cargo's messages (one JSON object a line) that belongs to this crate.
fn component(messages: &[u8], manifest: &Path) -> Option<PathBuf> {
    let messages = messages.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let artifacts = messages.filter(|message| {
        message["reason"] == "compiler-artifact" && message["manifest_path"].as_str().map(Path::new) == Some(manifest)
    });
    let files = artifacts.filter_map(|artifact| artifact["filenames"].as_array().cloned()).flatten();
    files.filter_map(|file| file.as_str().map(PathBuf::from)).find(|file| file.extension() == Some(OsStr::new("wasm")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_the_artifact_of_the_crate_itself() {
        let messages = br#"
{"reason":"compiler-artifact","manifest_path":"/r/dep/Cargo.toml","filenames":["/t/libdep.rlib","/t/dep.wasm"]}
not json
{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","filenames":["/t/plugin.d","/t/plugin.wasm"]}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(component(messages, Path::new("/p/Cargo.toml")), Some("/t/plugin.wasm".into()));
        assert_eq!(component(messages, Path::new("/q/Cargo.toml")), None);
    }
}
