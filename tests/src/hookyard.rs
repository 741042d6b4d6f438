//! The real binary, for programs that cargo has not built it for.

use std::path::PathBuf;
use std::process::Command;

/// The `hookyard` beside this program, built now from the same sources and with the same profile.
///
/// # Errors
/// It cannot be built.
#[expect(clippy::disallowed_methods, reason = "what is taken from a child's environment has to be known")]
pub fn beside_this_program() -> anyhow::Result<PathBuf> {
    let mut build = Command::new(env!("CARGO"));
    // Together with the tests, so that no dependency is built a second time with other features.
    build
        .args(["build", "--package", "hookyard", "--package", "hookyard-tests"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    // What the outer cargo says of this package would make build scripts run again.
    std::env::vars().map(|(name, _)| name).filter(|name| is_of_this_package(name)).for_each(|name| {
        build.env_remove(name);
    });
    anyhow::ensure!(build.status()?.success(), "hookyard cannot be built");
    Ok(std::env::current_exe()?.with_file_name("hookyard"))
}

fn is_of_this_package(variable: &str) -> bool {
    variable == "OUT_DIR" || variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}
