//! What everything else of a host stands on: its store, its sandbox, its plugins, and what calls them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_capability::{Egress, Services, Sleep};
use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_sandbox::{Compiler, LoadBounds, Sandbox, SandboxSettings};
use hookyard_store::Store;
use hookyard_store::sqlite::SqliteStore;

use super::Surroundings;
use crate::agenda::Agenda;
use crate::config::Settings;
use crate::in_work::InWork;
use crate::invocations::Invocations;
use crate::invoker::Invoker;
use crate::plugins::{self, Plugins};
use crate::telemetry::metrics::Metrics;
use crate::timers::Schedule;
use crate::trials::Trials;

/// The parts that all others share.
pub(super) struct Ground {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) sleep: Arc<dyn Sleep>,
    pub(super) store: Arc<dyn Store>,
    pub(super) hash_key: HashKey,
    pub(super) egress: Arc<Egress>,
    pub(super) plugins: Arc<Plugins>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) invocations: Arc<Invocations>,
    pub(super) agenda: Agenda,
    pub(super) schedule: Arc<Schedule>,
    pub(super) invoker: Arc<Invoker>,
    pub(super) in_work: Arc<InWork>,
}

impl Ground {
    /// Opens the store and reads the plugins.
    ///
    /// # Errors
    /// The data directory is in use or damaged, or this machine lacks what a host needs.
    pub(super) async fn lay(settings: &Settings, surroundings: Surroundings) -> anyhow::Result<Self> {
        let Surroundings { clock, entropy, compiler, egress, sleep, load_bounds, mut store } = surroundings;
        store.inbox.settled_retention = settings.inbox.settled_retention;
        store.delivery_retention = settings.deliveries.retention;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_with(&settings.data, Arc::clone(&clock), &store)?);
        let key = store.host_key("hash", HashKey::generate(&*entropy)).await.context("cannot read the host's key")?;
        let hash_key = HashKey::new(&key);
        let egress = Arc::new(Egress::new(egress).context("cannot set up what plugins send through")?);
        let sandbox = Arc::new(sandbox(settings, compiler, load_bounds, &clock, &entropy)?);
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

        let services = Services { ledger: store.clone(), clock: Arc::clone(&clock), entropy: Arc::clone(&entropy) };
        let (metrics, invocations) = (Arc::<Metrics>::default(), Arc::<Invocations>::default());
        let agenda = Agenda::new(limit::INBOX_RUNS_PER_CONNECTION_MAX);
        let schedule = Arc::new(Schedule::new(Arc::clone(&store), Arc::clone(&clock), agenda.clone()));
        let (kept, counted, timers) = (Arc::clone(&invocations), Arc::clone(&metrics), Arc::clone(&schedule));
        let invoker = Arc::new(Invoker::new(services, sandbox, kept, counted, trials, timers));
        let in_work = Arc::new(InWork::default());
        Ok(Self {
            clock,
            entropy,
            sleep,
            store,
            hash_key,
            egress,
            plugins,
            metrics,
            invocations,
            agenda,
            schedule,
            invoker,
            in_work,
        })
    }
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
