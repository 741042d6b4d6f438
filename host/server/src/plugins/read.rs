//! From a file to a plugin: read whole, looked up among the compiled, compiled if need be, checked.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;
use hookyard_sandbox::{Rejection, Sandbox};
use tokio::sync::Semaphore;

use super::directory::Signature;
use super::plugin::{Plugin, Unusable};

/// Reads component files, a few at a time.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    sandbox: Arc<Sandbox>,
    reads: Arc<Semaphore>,
}

impl Reader {
    /// A reader whose components run in this sandbox.
    pub(super) fn new(sandbox: Arc<Sandbox>) -> Self {
        Self { sandbox, reads: Arc::new(Semaphore::new(limit::PLUGIN_READS_AT_ONCE)) }
    }

    /// The plugin in a file that has this signature. What was compiled before passes by what waits to be compiled, which holds no bytes
    /// meanwhile; `compiling` is called with the file's size whenever its turn has come. Dropping the future ends the compiler.
    pub(super) async fn plugin(
        &self,
        path: &Path,
        signature: Signature,
        compiling: impl AsyncFn(usize),
    ) -> Result<Plugin, Unusable> {
        {
            let _turn = self.reads.acquire().await.map_err(|error| Unusable::Host(error.to_string()))?;
            let wasm = self.bytes(path, Some(signature)).await?;
            if let Some(component) = found(&wasm, self.sandbox.find(&wasm).await)? {
                return Plugin::of(component, path);
            }
        }
        let mut turn = self.sandbox.turn().await;
        loop {
            let wasm = self.bytes(path, Some(signature)).await?;
            compiling(wasm.len()).await;
            if let Some(component) = found(&wasm, self.sandbox.compile(turn, &wasm).await)? {
                return Plugin::of(component, path);
            }
            drop(wasm);
            turn = self.sandbox.long_turn().await;
        }
    }

    /// The plugin with this content, from the file in which it was kept.
    pub(super) async fn kept(&self, kept: &Path, content: ContentHash) -> Result<Plugin, Unusable> {
        {
            let _turn = self.reads.acquire().await.map_err(|error| Unusable::Host(error.to_string()))?;
            let wasm = self.kept_bytes(kept, content).await?;
            if let Some(component) = found(&wasm, self.sandbox.find(&wasm).await)? {
                return Plugin::of(component, kept);
            }
        }
        let mut turn = self.sandbox.turn().await;
        loop {
            let wasm = self.kept_bytes(kept, content).await?;
            if let Some(component) = found(&wasm, self.sandbox.compile(turn, &wasm).await)? {
                return Plugin::of(component, kept);
            }
            drop(wasm);
            turn = self.sandbox.long_turn().await;
        }
    }

    async fn kept_bytes(&self, kept: &Path, content: ContentHash) -> Result<Vec<u8>, Unusable> {
        let wasm = self.bytes(kept, None).await?;
        if ContentHash::of(&wasm) != content {
            let reason = format!("{} is damaged", kept.display());
            return Err(Unusable::Content { reason, content: None, plugin: None });
        }
        Ok(wasm)
    }

    /// Of all compiled code, only that of these contents is needed from now on.
    pub(super) async fn retain(&self, contents: BTreeSet<ContentHash>) {
        self.sandbox.retain(contents).await;
    }

    async fn bytes(&self, path: &Path, signature: Option<Signature>) -> Result<Vec<u8>, Unusable> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || bytes(&path, signature));
        read.await.map_err(|error| Unusable::Host(error.to_string()))?
    }
}

/// Loads one file for itself: for a host that does not serve.
///
/// # Errors
/// A text for the operator: what is wrong with the file, and the way out.
pub(super) async fn plugin(path: &Path, sandbox: &Sandbox) -> Result<Plugin, Unusable> {
    let at = path.to_owned();
    let read = tokio::task::spawn_blocking(move || bytes(&at, None));
    let wasm = read.await.map_err(|error| Unusable::Host(error.to_string()))??;
    Plugin::of(found(&wasm, sandbox.load(&wasm).await)?, path)
}

/// What the sandbox made of these bytes, or why they are no plugin.
fn found<T>(wasm: &[u8], found: Result<T, Rejection>) -> Result<T, Unusable> {
    found.map_err(|rejection| match rejection {
        Rejection::Host { .. } => Unusable::Host(rejection.to_string()),
        _ => Unusable::Content { reason: rejection.to_string(), content: Some(ContentHash::of(wasm)), plugin: None },
    })
}

/// All bytes of a component file.
///
/// # Errors
/// As for any file; and it has more than a component may have.
pub(super) fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    check_size(file.metadata()?.len())?;
    contents(&mut file)
}

/// The file's bytes, if it had the signature before and after it was read.
fn bytes(path: &Path, signature: Option<Signature>) -> Result<Vec<u8>, Unusable> {
    let unreadable = |error: io::Error| unreadable(&error, signature.is_some());
    let is_same = |found: &fs::Metadata| signature.is_none_or(|signature| Signature::of(found) == signature);
    // Before it is opened: what is no file any more (a pipe, say) could keep the reader waiting for ever.
    if !is_same(&fs::metadata(path).map_err(unreadable)?) {
        return Err(Unusable::Changed);
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let before = file.metadata().map_err(unreadable)?;
    if !is_same(&before) {
        return Err(Unusable::Changed);
    }
    if let Err(error) = check_size(before.len()) {
        return Err(Unusable::Content { reason: error.to_string(), content: None, plugin: None });
    }
    let wasm = contents(&mut file).map_err(unreadable)?;
    // The path once more: another file may lie there by now.
    let is_whole = wasm.len() as u64 == before.len();
    if !is_whole
        || !is_same(&file.metadata().map_err(unreadable)?)
        || !is_same(&fs::metadata(path).map_err(unreadable)?)
    {
        return Err(Unusable::Changed);
    }
    Ok(wasm)
}

fn contents(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len()).unwrap_or_default());
    file.take(limit::COMPONENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check_size(bytes: u64) -> io::Result<()> {
    if bytes > limit::COMPONENT_BYTES_MAX {
        let max = limit::COMPONENT_BYTES_MAX;
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has {bytes} bytes; the most is {max}")));
    }
    Ok(())
}

/// `seen`: the file was there when it was looked at.
fn unreadable(error: &io::Error, seen: bool) -> Unusable {
    match error.kind() {
        io::ErrorKind::NotFound if seen => Unusable::Changed,
        _ => Unusable::Host(format!("it cannot be read: {error}")),
    }
}
