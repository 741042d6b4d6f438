//! Machine code, mapped from the file that the compiler wrote: a component that nobody calls takes hardly any memory.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Once};

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Of the files that the process may have open, the share that code may take: each mapping keeps its file open.
const SHARE_OF_OPEN_FILES: u64 = 4;

/// How many files may be mapped at a time; further code is read into memory.
#[derive(Debug, Clone)]
pub(crate) struct Mappings(Arc<Semaphore>);

/// One mapping. To be held as long as its code is.
#[derive(Debug)]
pub(crate) struct Mapping(#[expect(dead_code, reason = "holding it is its use")] OwnedSemaphorePermit);

/// Code that an engine has taken.
pub(crate) struct Code {
    pub(crate) component: Component,
    /// `None`: it is in memory.
    pub(crate) mapping: Option<Mapping>,
}

impl Mappings {
    /// As many as the process's bound on open files leaves room for.
    pub(crate) fn new() -> Self {
        let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let most = usize::try_from(open / SHARE_OF_OPEN_FILES).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }

    fn next(&self) -> Option<Mapping> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(Mapping)
    }
}

impl Code {
    /// Takes the code in a file that the compiler wrote. The file may be renamed, unlinked or replaced afterwards, but its content must
    /// stay.
    ///
    /// # Errors
    /// The file cannot be read, or the engine cannot run a component like this.
    pub(crate) fn load(engine: &Engine, path: &Path, mappings: &Mappings) -> wasmtime::Result<Self> {
        let mapped = mappings.next().map(|mapping| (mapping, map(engine, path)));
        let error = match mapped {
            Some((mapping, Ok(component))) => return Ok(Self { component, mapping: Some(mapping) }),
            Some((_, Err(error))) => Some(error),
            None => None,
        };
        // Not every file system allows code to be mapped (`noexec`).
        let component = read(engine, path)?;
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            let error = error.map_or_else(|| "too few files may be open".to_owned(), |error| format!("{error:#}"));
            warn!(path = %path.display(), error, "compiled code cannot be mapped: it takes memory of this process instead");
        });
        Ok(Self { component, mapping: None })
    }
}

#[expect(
    unsafe_code,
    reason = "machine code is trusted: it comes from our own compiler, directly or by way of the private cache, whose \
              checksum has been verified"
)]
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file holds what `Engine::precompile_component` returned, and files of the cache are never written to again.
    unsafe { Component::deserialize_file(engine, path) }
}

#[expect(unsafe_code, reason = "as for what is mapped")]
fn read(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    let code = fs::read(path)?;
    // SAFETY: the file holds what `Engine::precompile_component` returned, unchanged.
    unsafe { Component::deserialize(engine, &code) }
}
