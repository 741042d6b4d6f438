//! Compiled code that tests share, so that a component is compiled once for a build of the `hookyard` binary, and not once for each host.
//!
//! It lies beside the binary, in the form in which a host keeps it, and was made by the very same code: a host that is given some finds it as
//! after a restart, and checks it as then. What is not kept (a component that is refused, one that a test puts into the directory later) is
//! compiled by the host itself.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use hookyard_domain::clock::SystemClock;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::plugin::ContentHash;
use hookyard_sandbox::{Compiler, LoadBounds, Sandbox, SandboxSettings};

/// Starts the names of directories with shared code, beside the binary.
const SHARED: &str = "compiled-for-tests-";

/// Gives a host that is not started yet the code of these components: links in the directory where it looks for it.
///
/// # Panics
/// The directories cannot be written.
pub(crate) async fn give(compiler: &Path, components: &[impl AsRef<Path>], data: &Path) {
    let shared = shared_directory(compiler).expect("the binary has a directory that can be written");
    let own = data.join("compiled");
    DirBuilder::new().recursive(true).mode(0o700).create(&own).expect("a directory can be made");
    for component in components {
        let wasm = fs::read(component).expect("a component can be read");
        for file in files(compiler, &shared, &wasm).await {
            let link = own.join(file.file_name().expect("it has a name"));
            hand_over(&file, &link).expect("a file can be linked or copied");
        }
    }
}

/// Code is replaced and never changed, so that a link is as good as a copy. Another file system has no links to this one.
fn hand_over(file: &Path, link: &Path) -> io::Result<()> {
    match fs::hard_link(file, link) {
        // Of two components with the same content. To copy a file onto a link to it would empty it for everybody.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => fs::copy(file, link).map(drop),
        Ok(()) => Ok(()),
    }
}

/// What is kept of this component, after having it compiled if need be: by one test at a time, whichever process it is in.
async fn files(compiler: &Path, shared: &Path, wasm: &[u8]) -> Vec<PathBuf> {
    let hash = ContentHash::of(wasm).to_string();
    let lock = File::create(shared.join(format!("{hash}.lock"))).expect("a file can be made");
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
    let _locked = lock.expect("locking does not panic").expect("a file can be locked");
    let kept = kept(shared, &hash);
    if !kept.is_empty() {
        return kept;
    }
    let settings = SandboxSettings {
        pool_slots: 0,
        cache_dir: shared.to_owned(),
        compiler: Compiler::Child(compiler.to_owned()),
        bounds: LoadBounds::default(),
    };
    let sandbox = Sandbox::new(settings, Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)));
    // One that is refused is refused by the host, too, which is what its test is about.
    drop(sandbox.expect("a sandbox can be made").load(wasm).await);
    self::kept(shared, &hash)
}

/// Code and entry of the component with this hash; nothing, if it was not compiled yet or is refused.
fn kept(shared: &Path, hash: &str) -> Vec<PathBuf> {
    let of_it = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.strip_prefix(hash)).is_some_and(|rest| rest.starts_with('-'))
    };
    let files = fs::read_dir(shared).expect("the directory can be read");
    let files: Vec<_> = files.map(|file| file.expect("the directory can be read").path()).filter(of_it).collect();
    // The entry comes last: code alone is of one that was being kept when its process was killed.
    if files.iter().any(|file| file.extension().is_some_and(|kind| kind == "entry")) { files } else { Vec::new() }
}

/// The directory of this build of the binary. Those of builds before it go: what they say of a component may not be true any more.
fn shared_directory(compiler: &Path) -> io::Result<PathBuf> {
    let binary = fs::metadata(compiler)?;
    let modified = binary.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let name = format!("{SHARED}{:x}-{:x}", binary.len(), modified.as_nanos());
    let parent = compiler.parent().unwrap_or(Path::new("."));
    let directory = parent.join(&name);
    if directory.is_dir() {
        return Ok(directory);
    }
    fs::create_dir_all(&directory)?;
    for other in fs::read_dir(parent)? {
        let other = other?;
        if other.file_name().to_str().is_some_and(|other| other.starts_with(SHARED) && other != name) {
            // Another test may be at it as well.
            drop(fs::remove_dir_all(other.path()));
        }
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_twice_stays_whole() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (shared, own) = (directory.path().join("shared"), directory.path().join("own"));
        fs::write(&shared, "code").expect("a file can be written");
        for _ in 0..2 {
            hand_over(&shared, &own).expect("handed over");
        }
        assert_eq!([shared, own].map(|path| fs::read_to_string(path).expect("it can be read")), ["code", "code"]);
    }
}
