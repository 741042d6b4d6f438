//! The sandbox as a whole: its engines, its compiler, its cache.

use std::path::PathBuf;
use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::limit;
use tokio::sync::Semaphore;

use crate::cache::Cache;
use crate::code::Mappings;
use crate::compiler::{ChildProcess, Compile, InProcess};
use crate::engine;
use crate::load_bounds::LoadBounds;
use crate::ticker::Ticker;
use crate::tier::Tier;
use crate::wasi::Surroundings;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Invocations that may run in the pool at the same time; 0: there is no pool. Each takes more than 4 GiB of address
    /// space, so tests ask for few.
    pub pool_slots: u32,
    /// Where compiled code is kept; created, and made private (0700). Whoever can write there runs code in the host.
    pub cache_dir: PathBuf,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// What loading one of them may take.
    pub bounds: LoadBounds,
}

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In a child process with bounds: this program, called with `compile-component`, runs [`crate::compile_child::main`].
    Child(PathBuf),
    /// In this process, without bounds: for components that are trusted.
    InProcess,
}

/// The sandbox cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The directory for compiled code cannot be made, or made private.
    #[error("the directory for compiled code cannot be used: {path}")]
    CacheDir {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The machine refuses what the engine needs.
    #[error("the WebAssembly engine cannot be started")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Loads components and calls them. One for a host; it holds the memory that guests run in.
pub struct Sandbox {
    pub(crate) pooled: Option<Tier>,
    pub(crate) on_demand: Tier,
    pub(crate) cache: Arc<Cache>,
    pub(crate) compiler: Box<dyn Compile>,
    pub(crate) bounds: LoadBounds,
    pub(crate) compiles: Arc<Semaphore>,
    pub(crate) long_compiles: Arc<Semaphore>,
    pub(crate) mappings: Mappings,
    pub(crate) surroundings: Surroundings,
    _ticker: Ticker,
}

impl Sandbox {
    /// Reserves the pool, opens the cache and starts the ticker. Without enough address space for the pool, everything runs
    /// on demand; a warning says so.
    pub fn new(
        settings: SandboxSettings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, SandboxError> {
        let SandboxSettings { pool_slots, cache_dir, compiler, bounds } = settings;
        let refused = |error: wasmtime::Error| SandboxError::Engine(error.into_boxed_dyn_error());
        let on_demand = Tier::new(engine::on_demand().map_err(refused)?, limit::ON_DEMAND_SLOTS, false);
        let on_demand = on_demand.map_err(refused)?;
        let pooled = engine::pooled(pool_slots).map(|engine| Tier::new(engine, pool_slots, true));
        let pooled = pooled.transpose().map_err(refused)?;
        let cache = Cache::open(&cache_dir, &on_demand.engine);
        let cache = cache.map_err(|source| SandboxError::CacheDir { path: cache_dir, source })?;
        let engines = pooled.iter().chain([&on_demand]).map(|tier| tier.engine.clone()).collect();
        let ticker = Ticker::start(engines).map_err(|error| SandboxError::Engine(error.into()))?;
        let compiler: Box<dyn Compile> = match compiler {
            Compiler::Child(program) => Box::new(ChildProcess { program, bounds }),
            Compiler::InProcess => Box::new(InProcess),
        };
        let surroundings = Surroundings { clock, entropy };
        let compiles = Arc::new(Semaphore::new(limit::COMPILES_AT_ONCE));
        let long_compiles = Arc::new(Semaphore::new(limit::LONG_COMPILES_AT_ONCE));
        let cache = Arc::new(cache);
        Ok(Self {
            pooled,
            on_demand,
            cache,
            compiler,
            bounds,
            compiles,
            long_compiles,
            mappings: Mappings::new(),
            surroundings,
            _ticker: ticker,
        })
    }

    /// Whether there is a pool at all.
    pub fn has_pool(&self) -> bool {
        self.pooled.is_some()
    }

    /// The tier that a component's instances run on.
    pub(crate) fn tier(&self, pooled: bool) -> &Tier {
        match &self.pooled {
            Some(tier) if pooled => tier,
            _ => &self.on_demand,
        }
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("pool", &self.has_pool())
            .field("compiler", &self.compiler)
            .finish_non_exhaustive()
    }
}
