//! From the bytes of a file to a component that can be called.
//!
//! Look at its first bytes → compiled before? → else compile → bind imports → find exports → checked before? → else start it
//! once, compare every signature, ask it to describe itself → keep both. Nothing of a component that fails is kept.

use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use hookyard_domain::limit;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::plugin::ContentHash;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tracing::warn;
use wasmtime::Engine;

use crate::cache::Kept;
use crate::code::{Code, Mapping, Mappings};
use crate::component::{Component, Loaded};
use crate::describe;
use crate::exports::ExportIndices;
use crate::import_check;
use crate::rejection::Rejection;
use crate::sandbox::Sandbox;
use crate::tier::Tier;

/// A turn to compile a component; there are [`limit::COMPILES_AT_ONCE`] at a time, and [`limit::LONG_COMPILES_AT_ONCE`] long ones.
#[derive(Debug)]
pub struct CompileTurn {
    permit: Option<OwnedSemaphorePermit>,
    /// It lasts until the component is compiled, and not only for [`LoadBounds::compile_turn`](crate::LoadBounds::compile_turn).
    is_long: bool,
}

impl Sandbox {
    /// Makes a component ready to be called. Compiled and asked for its manifest once for each content, engine and
    /// processor; after that it takes less than a millisecond. Dropping the future ends the compiler.
    pub async fn load(&self, wasm: &[u8]) -> Result<Component, Rejection> {
        if let Some(component) = self.find(wasm).await? {
            return Ok(component);
        }
        let mut turn = self.turn().await;
        loop {
            match self.compile(turn, wasm).await? {
                Some(component) => return Ok(component),
                None => turn = self.long_turn().await,
            }
        }
    }

    /// The component, ready to be called, if it was compiled before. Waits for no turn.
    pub async fn find(&self, wasm: &[u8]) -> Result<Option<Component>, Rejection> {
        check_header(wasm)?;
        let hash = ContentHash::of(wasm);
        let cache = Arc::clone(&self.cache);
        let kept = blocking(move || cache.read(hash)).await?;
        let Some(Kept { manifest_json, code }) = kept else { return Ok(None) };
        match self.prepare(&code).await {
            Ok(ready) => Ok(Some(ready.component(hash, wasm.len() as u64, manifest_json))),
            Err(rejection) => {
                warn!(component = %hash, %rejection, "compiled code is not usable and is made again");
                Ok(None)
            }
        }
    }

    /// Waits for a turn to compile: before the bytes are read, so that those that wait take no memory.
    pub async fn turn(&self) -> CompileTurn {
        // The semaphore is never closed, so that a turn without a permit does not occur.
        CompileTurn { permit: Arc::clone(&self.compiles).acquire_owned().await.ok(), is_long: false }
    }

    /// Waits for a turn that lasts as long as it takes: for what [`Sandbox::compile`] gave back.
    pub async fn long_turn(&self) -> CompileTurn {
        CompileTurn { permit: Arc::clone(&self.long_compiles).acquire_owned().await.ok(), is_long: true }
    }

    /// Compiles a component, starts it once, compares every signature and asks it to describe itself. Nothing of one that fails is
    /// kept. Takes from 0.2 s to [`limit::COMPILE_WALL_MAX`]; dropping the future ends the compiler.
    ///
    /// What is not done when its turn is over goes on beside the turns, so that however many components take minutes, others get
    /// their turn. `None`: it is given up, because another one goes on there already; it is to be compiled in a long turn.
    pub async fn compile(&self, turn: CompileTurn, wasm: &[u8]) -> Result<Option<Component>, Rejection> {
        let CompileTurn { permit, is_long } = turn;
        let mut making = pin!(self.make(wasm));
        if is_long {
            return making.await.map(Some);
        }
        if let Ok(made) = timeout(self.bounds.compile_turn, &mut making).await {
            return made.map(Some);
        }
        let Ok(_beside) = self.long_compiles.try_acquire() else { return Ok(None) };
        drop(permit);
        making.await.map(Some)
    }

    async fn make(&self, wasm: &[u8]) -> Result<Component, Rejection> {
        check_header(wasm)?;
        let hash = ContentHash::of(wasm);
        let scratch = self.cache.scratch();
        self.compiler.compile(wasm.to_vec(), scratch.path()).await?;
        let ready = self.prepare(scratch.path()).await?;
        let manifest_json = describe::check(ready.tier, ready.slots, &ready.code, &ready.exports, &self.bounds).await?;
        let component = ready.component(hash, wasm.len() as u64, manifest_json.clone());
        // Whoever asked for it will refuse it for its manifest.
        if Manifest::parse(component.manifest_json()).is_err() {
            return Ok(component);
        }
        let cache = Arc::clone(&self.cache);
        blocking(move || cache.keep(hash, &manifest_json, &scratch)).await?;
        Ok(component)
    }

    /// Drops all compiled code but that of these components, and of other versions of the engine. What is loaded goes on working;
    /// loading something else compiles it again.
    pub async fn retain(&self, components: BTreeSet<ContentHash>) {
        let cache = Arc::clone(&self.cache);
        if let Err(rejection) = blocking(move || cache.retain(&components)).await {
            warn!(%rejection, "compiled code that nobody needs stays behind");
        }
    }

    /// Loads machine code into the pool's engine, or, where it does not fit, into the other one.
    async fn prepare(&self, path: &Path) -> Result<Ready<'_>, Rejection> {
        if let Some(tier) = &self.pooled {
            match code(&tier.engine, path, &self.mappings).await? {
                Ok(code) => return Ready::new(tier, code),
                Err(error) => {
                    let error = format!("{error:#}");
                    warn!(error, "a component does not fit into the pool; its instances are made on demand");
                }
            }
        }
        let code = code(&self.on_demand.engine, path, &self.mappings).await?;
        let code = code.map_err(|error| Rejection::Instantiate { reason: format!("{error:#}") })?;
        Ready::new(&self.on_demand, code)
    }
}

/// Code that is bound to its imports.
struct Ready<'s> {
    tier: &'s Tier,
    slots: u32,
    code: wasmtime::component::InstancePre<crate::guest::Guest>,
    exports: ExportIndices,
    mapping: Option<Mapping>,
}

impl<'s> Ready<'s> {
    fn new(tier: &'s Tier, code: Code) -> Result<Self, Rejection> {
        let Code { component, mapping } = code;
        let code = import_check::bind(&tier.linker, &component)?;
        let exports = ExportIndices::find(&code)?;
        Ok(Self { tier, slots: tier.slots_of(&component), code, exports, mapping })
    }

    fn component(self, hash: ContentHash, wasm_bytes: u64, manifest_json: String) -> Component {
        let Self { tier, slots, code, exports, mapping } = self;
        Component::new(Loaded { hash, wasm_bytes, manifest_json, pooled: tier.pooled, slots, code, exports, mapping })
    }
}

/// `\0asm`, then the version and layer: 13 and 1 for a component, 1 and 0 for a core module.
fn check_header(wasm: &[u8]) -> Result<(), Rejection> {
    let bytes = wasm.len() as u64;
    if bytes > limit::COMPONENT_BYTES_MAX {
        return Err(Rejection::TooBig { bytes });
    }
    match wasm.strip_prefix(b"\0asm") {
        Some([13, 0, 1, 0, ..]) => Ok(()),
        Some([1, 0, 0, 0, ..]) => Err(Rejection::CoreModule),
        _ => Err(Rejection::NotWasm { found: beginning(wasm) }),
    }
}

/// The first bytes of a file, for a person.
fn beginning(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
    if shown.is_empty() { "it is empty".to_owned() } else { format!("it begins with \"{}\"", shown.escape_ascii()) }
}

/// As many as tell a script, an archive, a text and another version of WebAssembly apart.
const SHOWN_BYTES: usize = 16;

async fn code(engine: &Engine, path: &Path, mappings: &Mappings) -> Result<wasmtime::Result<Code>, Rejection> {
    let (engine, path, mappings) = (engine.clone(), path.to_owned(), mappings.clone());
    blocking(move || Code::load(&engine, &path, &mappings)).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Rejection> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Rejection::host("loading code", &error))
}

#[cfg(test)]
mod tests;
