//! Puts a host together: the only place that knows which parts there are.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_capability::Services;
use hookyard_domain::clock::{Clock, SystemClock};
use hookyard_domain::entropy::{Entropy, SystemEntropy};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_sandbox::{Compiler, Sandbox, SandboxSettings};
use hookyard_store::Store;
use hookyard_store::sqlite::SqliteStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Settings;
use crate::connections::{Builder, Connections};
use crate::host::Host;
use crate::http::{self, Addresses, Listeners};
use crate::invocations::Invocations;
use crate::pipeline::Pipeline;
use crate::plugins::Plugins;
use crate::telemetry::metrics::Metrics;

/// What a host takes from its surroundings.
#[derive(Debug)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The program that compiles components: a `hookyard` binary.
    pub compiler: PathBuf,
}

impl Surroundings {
    /// The machine's clock and generator, and this program as the compiler.
    ///
    /// # Errors
    /// The path of this program cannot be found out.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        Ok(Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::default()),
            compiler: std::env::current_exe().context("cannot find this program's own path")?,
        })
    }
}

/// A host that serves.
pub struct Running {
    /// Its parts.
    pub host: Arc<Host>,
    addresses: Addresses,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// Starts a host on this machine.
///
/// # Errors
/// The data directory is in use or damaged, an address cannot be bound, or, with `strict`, anything is wrong.
pub async fn start(settings: Settings) -> anyhow::Result<Running> {
    start_in(settings, Surroundings::of_this_machine()?).await
}

/// Starts a host in the given surroundings. When this returns, its sockets accept.
///
/// # Errors
/// As [`start`].
pub async fn start_in(settings: Settings, surroundings: Surroundings) -> anyhow::Result<Running> {
    let Surroundings { clock, entropy, compiler } = surroundings;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&settings.data, Arc::clone(&clock))?);
    let key = store.host_key("hash", HashKey::generate(&*entropy)).await.context("cannot read the host's key")?;
    let hash_key = HashKey::new(&key);

    let sandbox = SandboxSettings {
        pool_slots: settings.pool_slots,
        cache_dir: settings.data.join("compiled"),
        compiler: Compiler::Child(compiler),
    };
    let sandbox =
        Sandbox::new(sandbox, Arc::clone(&clock), Arc::clone(&entropy)).context("cannot start the sandbox")?;
    let plugins = Plugins::load(&settings.plugins, &sandbox)
        .await
        .with_context(|| format!("cannot read the plugin directory {}", settings.plugins.display()))?;

    let listeners = Listeners::bind(&settings).await?;
    let addresses = listeners.addresses();
    let connections = connections(&settings, &plugins, &addresses, &hash_key, &*clock)?;

    let services =
        Services { ledger: store.clone(), clock: Arc::clone(&clock), entropy: Arc::clone(&entropy), hash_key };
    let metrics = Arc::new(Metrics::default());
    let invocations = Arc::new(Invocations::default());
    let pipeline = Arc::new(Pipeline::new(services, sandbox, Arc::clone(&invocations), Arc::clone(&metrics)));
    let host = Arc::new(Host { settings, clock, entropy, store, plugins, connections, pipeline, invocations, metrics });

    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(http::serve(Arc::clone(&host), listeners, stopping));
    Ok(Running { host, addresses, stop, serving })
}

/// Builds the connections of the file and reports everything that is wrong with any of them.
fn connections(
    settings: &Settings,
    plugins: &Plugins,
    addresses: &Addresses,
    hash_key: &HashKey,
    clock: &dyn Clock,
) -> anyhow::Result<Connections> {
    let public_url = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/'));
    let listening = format!("http://{}", addresses.public);
    let builder =
        Builder { plugins, base_url: public_url.unwrap_or(&listening), public_url, hash_key, now: clock.now() };
    let (built, problems): (Vec<_>, Vec<_>) =
        settings.connections.iter().map(|(id, connection)| builder.build(id, connection)).unzip();
    let problems = problems.into_iter().flatten();
    let mut problems: Vec<String> = settings.problems.iter().cloned().chain(problems).collect();
    problems.iter().for_each(|problem| tracing::error!("{problem}"));
    if settings.strict {
        problems.extend(plugins.rejected().iter().map(|file| format!("{}: {}", file.path.display(), file.reason)));
        anyhow::ensure!(problems.is_empty(), "not started (--strict):\n{}", problems.join("\n"));
    }
    Ok(built.into_iter().collect())
}

impl Running {
    /// Where the host listens; tells the port when 0 was configured.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Accepts nothing more, finishes what is in flight (for a bounded time), and closes the store.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "serving ended in a panic");
        }
        self.host.store.close().await;
    }
}
