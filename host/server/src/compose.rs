//! Puts a host together: the only place that knows which parts there are.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_capability::{Egress, EgressSettings, Services, Sleep, SystemSleep};
use hookyard_domain::clock::{Clock, SystemClock, Timestamp};
use hookyard_domain::entropy::{Entropy, SystemEntropy};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_sandbox::{Compiler, LoadBounds, Sandbox, SandboxSettings};
use hookyard_store::Store;
use hookyard_store::sqlite::SqliteStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::actions::Actions;
use crate::agenda::Agenda;
use crate::clockwork::{self, Clockwork};
use crate::config::Settings;
use crate::connections::Builder;
use crate::host::Host;
use crate::http::{self, Addresses, Listeners};
use crate::in_work::InWork;
use crate::inbox::{self, Inbox};
use crate::invocations::Invocations;
use crate::invoker::Invoker;
use crate::lifecycle::Lifecycle;
use crate::open_files;
use crate::pipeline::Pipeline;
use crate::places::Places;
use crate::plugins::{self, Catalogue, Plugins};
use crate::registry::{self, AllConnections, Registry};
use crate::telemetry::metrics::Metrics;
use crate::timers::{Schedule, Timers};
use crate::trials::Trials;

/// What a host takes from its surroundings.
#[derive(Debug)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The program that compiles components: a `hookyard` binary.
    pub compiler: PathBuf,
    /// How names are resolved, and whom TLS trusts.
    pub egress: EgressSettings,
    /// How waiting is done.
    pub sleep: Arc<dyn Sleep>,
    /// What loading one component may take.
    pub load_bounds: LoadBounds,
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
            egress: EgressSettings::of_this_machine(),
            sleep: Arc::new(SystemSleep),
            load_bounds: LoadBounds::default(),
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
    open_files::raise();
    start_in(settings, Surroundings::of_this_machine()?).await
}

/// Starts a host in the given surroundings. When this returns, its sockets accept.
///
/// # Errors
/// As [`start`].
pub async fn start_in(settings: Settings, surroundings: Surroundings) -> anyhow::Result<Running> {
    let Surroundings { clock, entropy, compiler, egress, sleep, load_bounds } = surroundings;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&settings.data, Arc::clone(&clock))?);
    let key = store.host_key("hash", HashKey::generate(&*entropy)).await.context("cannot read the host's key")?;
    let hash_key = HashKey::new(&key);
    let egress = Arc::new(Egress::new(egress).context("cannot set up what plugins send through")?);

    let sandbox = Arc::new(sandbox(&settings, compiler, load_bounds, &clock, &entropy)?);
    let trials = Arc::new(Trials::new(settings.rollback));
    let plugins = Plugins::start(plugins::Surroundings {
        directory: settings.plugins.clone(),
        data: settings.data.clone(),
        sandbox: Arc::clone(&sandbox),
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        hash_key: hash_key.clone(),
        trials: Arc::clone(&trials),
    })
    .await?;

    let listeners = Listeners::bind(&settings).await?;
    let addresses = listeners.addresses();
    let builder = builder(&settings, &addresses.public.to_string(), &hash_key, egress);
    let services = Services { ledger: store.clone(), clock: Arc::clone(&clock), entropy: Arc::clone(&entropy) };
    let metrics = Arc::new(Metrics::default());
    let invocations = Arc::new(Invocations::default());
    let agenda = Agenda::new(limit::INBOX_RUNS_PER_CONNECTION_MAX);
    let schedule = Arc::new(Schedule::new(Arc::clone(&store), Arc::clone(&clock), agenda.clone()));
    let invoker = Arc::new(Invoker::new(
        services,
        sandbox,
        Arc::clone(&invocations),
        Arc::clone(&metrics),
        Arc::clone(&trials),
        Arc::clone(&schedule),
    ));
    let in_work = Arc::new(InWork::default());
    let lifecycle = Arc::new(Lifecycle::new(Arc::clone(&invoker), agenda.clone(), Arc::clone(&sleep)));
    let parts = registry::Parts {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        sleep: Arc::clone(&sleep),
        plugins: Arc::clone(&plugins),
        builder,
        lifecycle: Arc::clone(&lifecycle),
        agenda: agenda.clone(),
        in_work: Arc::clone(&in_work),
    };
    let (registry, problems) = Registry::open(parts, settings.clone()).await?;
    problems.iter().for_each(|problem| tracing::error!("{problem}"));
    if settings.strict {
        let problems = with_rejected(problems, &plugins.catalogue());
        anyhow::ensure!(problems.is_empty(), "not started (--strict):\n{}", problems.join("\n"));
    }
    let connections = registry.connections();
    let newest = store.newest_place().await.context("cannot read the inbox")?;
    let places = Arc::new(Places::starting_after(newest));
    let inbox = Arc::new(Inbox::new(inbox::Parts {
        invoker: Arc::clone(&invoker),
        store: Arc::clone(&store),
        connections: Arc::clone(&connections),
        agenda: agenda.clone(),
        places: Arc::clone(&places),
        keeps_all: false,
    }));
    let restored = inbox.restore().await.context("cannot read the inbox")?;
    tracing::info!(webhooks = restored, "inbox restored");
    let restored = schedule.restore().await.context("cannot read the timers")?;
    tracing::info!(timers = restored, "timers restored");
    let timers = Arc::new(Timers::new(Arc::clone(&store), Arc::clone(&connections), Arc::clone(&invoker), schedule));
    registry.begin().await?;
    let pipeline =
        Arc::new(Pipeline::new(Arc::clone(&invoker), agenda.clone(), Arc::clone(&inbox), Arc::clone(&in_work)));
    let actions = Arc::new(Actions::new(invoker, agenda.clone(), places, Arc::clone(&in_work)));
    let clockwork = Clockwork::start(clockwork::Parts {
        agenda,
        inbox: Arc::clone(&inbox),
        timers: Arc::clone(&timers),
        connections: Arc::clone(&connections),
        clock: Arc::clone(&clock),
        sleep,
        in_work: Arc::clone(&in_work),
    });
    let host = Arc::new(Host {
        settings,
        clock,
        entropy,
        store,
        plugins,
        connections,
        registry,
        pipeline,
        actions,
        timers,
        inbox,
        clockwork,
        lifecycle,
        in_work,
        invocations,
        metrics,
    });

    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(http::serve(Arc::clone(&host), listeners, stopping));
    Ok(Running { host, addresses, stop, serving })
}

fn sandbox(
    settings: &Settings,
    compiler: PathBuf,
    bounds: LoadBounds,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> anyhow::Result<Sandbox> {
    let sandbox = SandboxSettings {
        pool_slots: settings.pool_slots,
        cache_dir: settings.data.join("compiled"),
        compiler: Compiler::Child(compiler),
        bounds,
    };
    Sandbox::new(sandbox, Arc::clone(clock), Arc::clone(entropy)).context("cannot start the sandbox")
}

/// Everything for which a strict host with these settings would not start. Nothing is called, sent or kept.
///
/// # Errors
/// What plugins send through cannot be set up on this machine.
pub fn problems(settings: &Settings, plugins: &Catalogue, now: Timestamp) -> anyhow::Result<Vec<String>> {
    // The key only makes the placeholders that guests see instead of secrets, so that any will do here; the host's own would
    // need its database.
    let hash_key = HashKey::new(&[0; HashKey::BYTES]);
    let egress = Arc::new(Egress::new(EgressSettings::of_this_machine())?);
    let builder = builder(settings, &settings.listen.to_string(), &hash_key, egress);
    let all = AllConnections::of_file(settings, plugins, &builder, now);
    Ok(with_rejected(all.problems, plugins))
}

fn builder(settings: &Settings, listening: &str, hash_key: &HashKey, egress: Arc<Egress>) -> Builder {
    let public_url = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let base_url = public_url.clone().unwrap_or_else(|| format!("http://{listening}"));
    Builder { base_url, public_url, hash_key: hash_key.clone(), egress, pool_slots: settings.pool_slots }
}

fn with_rejected(mut problems: Vec<String>, plugins: &Catalogue) -> Vec<String> {
    problems.extend(plugins.rejected().iter().map(|file| format!("{}: {}", file.path.display(), file.reason)));
    problems
}

impl Running {
    /// Where the host listens; tells the port when 0 was configured.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Applies the connections of a file that was read again, logs what came of it, and looks at the plugin directory at once.
    pub async fn reload(&self, settings: Settings) {
        self.host.plugins.rescan();
        match self.host.registry.reload(settings).await {
            Ok(outcome) => outcome.log(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the configuration is not applied, because the store is unavailable");
            }
        }
    }

    /// Accepts nothing more, finishes what is in flight (for a bounded time), and closes the store. What waits in the inbox waits
    /// for the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.host.clockwork.stop().await;
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "serving ended in a panic");
        }
        if !self.host.in_work.end(limit::HTTP_DRAIN_MAX).await {
            tracing::warn!("some webhooks, actions or timers did not end in time and are cut off");
        }
        self.host.plugins.stop().await;
        self.host.registry.stop().await;
        self.host.lifecycle.stop().await;
        self.host.store.close().await;
    }
}
