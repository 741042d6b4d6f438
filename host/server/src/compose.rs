//! Puts a host together: the only place that knows which parts there are.

mod ground;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_capability::{Egress, EgressSettings, EndpointClient, Sleep, SystemSleep, TokenRegistry};
use hookyard_domain::address::AddressPolicy;
use hookyard_domain::clock::{Clock, ManualClock, SystemClock, Timestamp};
use hookyard_domain::entropy::{Entropy, SystemEntropy};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_sandbox::LoadBounds;
use hookyard_store::memory::MemoryStore;
use hookyard_store::sqlite::SqliteSettings;
use hookyard_store::{FetchedTokens, Ledger};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::actions::Actions;
use crate::clockwork::{self, Clockwork};
use crate::config::Settings;
use crate::connections::{Builder, Connections};
use crate::dispatcher::attempt::Attempts;
use crate::dispatcher::{self, Dispatcher};
use crate::endpoints::{self, Endpoints};
use crate::host::Host;
use crate::http::{self, Addresses, Listeners};
use crate::inbox::{self, Inbox};
use crate::lifecycle::Lifecycle;
use crate::master_key::{self, Sealing};
use crate::open_files;
use crate::pipeline::Pipeline;
use crate::places::Places;
use crate::plugins::Catalogue;
use crate::registry::{self, AllConnections, Registry};
use crate::subscriptions::{self, Subscriptions};
use crate::tail::Tail;
use crate::timers::Timers;
use ground::Ground;

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
    /// How the store works.
    pub store: SqliteSettings,
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
            store: SqliteSettings::default(),
        })
    }
}

/// A host that serves.
pub struct Running {
    /// Its parts.
    pub host: Arc<Host>,
    addresses: Addresses,
    tokens: Arc<TokenRegistry>,
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
    let ground = Ground::lay(&settings, surroundings).await?;
    let listeners = Listeners::bind(&settings).await?;
    let addresses = listeners.addresses();
    let agenda = ground.agenda.clone();
    let lifecycle = Arc::new(Lifecycle::new(Arc::clone(&ground.invoker), agenda.clone(), Arc::clone(&ground.sleep)));
    let key = master_key::open(&settings.data, &*ground.store, &*ground.entropy).await?;
    let tokens = token_registry(&ground, &key);
    let registry = registry(&ground, &settings, &addresses.public.to_string(), &lifecycle, (&key, &tokens)).await?;
    let connections = registry.connections();
    // Before anything is received or activated: what came first stands first, and an activation finds what waits for it.
    let Waiting { places, inbox, timers } = waiting(&ground, &connections, settings.inbox.keep_all).await?;
    let (invoker, in_work) = (Arc::clone(&ground.invoker), Arc::clone(&ground.in_work));
    let actions = Arc::new(Actions::new(Arc::clone(&invoker), agenda.clone(), places, Arc::clone(&in_work)));
    let tail = Tail::start(Arc::clone(&ground.store) as Arc<dyn Ledger>);
    let Delivering { dispatcher, subscriptions } = {
        let attempts = attempts(&ground, &settings, &connections, &actions)?;
        delivering(&ground, &settings, &connections, &tail, attempts, key).await?
    };
    lifecycle.also_tells(Arc::clone(&dispatcher));
    registry.begin().await?;
    let pipeline = Pipeline::new(invoker, agenda.clone(), Arc::clone(&inbox), Arc::clone(&in_work));
    let clockwork = Clockwork::start(clockwork::Parts {
        agenda,
        inbox: Arc::clone(&inbox),
        timers: Arc::clone(&timers),
        schedule: Arc::clone(&ground.schedule),
        store: Arc::clone(&ground.store),
        connections: Arc::clone(&connections),
        clock: Arc::clone(&ground.clock),
        sleep: ground.sleep,
        in_work: Arc::clone(&in_work),
        at_once: by_itself(settings.pool_slots),
    });
    let host = Arc::new(Host {
        settings,
        clock: ground.clock,
        entropy: ground.entropy,
        store: ground.store,
        tail,
        plugins: ground.plugins,
        connections,
        registry,
        pipeline: Arc::new(pipeline),
        actions,
        inbox,
        timers,
        dispatcher,
        subscriptions,
        clockwork,
        lifecycle,
        in_work,
        invocations: ground.invocations,
        metrics: ground.metrics,
    });

    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(http::serve(Arc::clone(&host), listeners, stopping));
    Ok(Running { host, addresses, tokens, stop, serving })
}

/// What fetches tokens, and keeps them in the store.
fn token_registry(ground: &Ground, key: &Sealing) -> Arc<TokenRegistry> {
    let store = Arc::clone(&ground.store) as Arc<dyn FetchedTokens>;
    let (clock, entropy) = (Arc::clone(&ground.clock), Arc::clone(&ground.entropy));
    Arc::new(TokenRegistry::new(store, key.clone(), clock, entropy))
}

/// The connections of the file and of the API, and what changes them.
async fn registry(
    ground: &Ground,
    settings: &Settings,
    listening: &str,
    lifecycle: &Arc<Lifecycle>,
    (key, tokens): (&Sealing, &Arc<TokenRegistry>),
) -> anyhow::Result<Arc<Registry>> {
    let parts = registry::Parts {
        store: Arc::clone(&ground.store),
        clock: Arc::clone(&ground.clock),
        entropy: Arc::clone(&ground.entropy),
        sleep: Arc::clone(&ground.sleep),
        plugins: Arc::clone(&ground.plugins),
        builder: builder(settings, listening, &ground.hash_key, Arc::clone(&ground.egress), Arc::clone(tokens)),
        lifecycle: Arc::clone(lifecycle),
        key: key.clone(),
        agenda: ground.agenda.clone(),
        in_work: Arc::clone(&ground.in_work),
    };
    let (registry, mut problems) = Registry::open(parts, settings.clone()).await?;
    problems.iter().for_each(|problem| tracing::error!("{problem}"));
    if settings.strict {
        let connections = registry.connections().all();
        let connections = connections.iter().map(|connection| &**connection);
        problems.extend(subscriptions::problems_of_file(settings, connections));
        let problems = with_rejected(problems, &ground.plugins.catalogue());
        anyhow::ensure!(problems.is_empty(), "not started (--strict):\n{}", problems.join("\n"));
    }
    Ok(registry)
}

/// Webhooks of the inbox and timers that run at a time: with a small pool, half of it is left to those for whom somebody waits.
fn by_itself(pool_slots: u32) -> usize {
    let half = usize::try_from(pool_slots / 2).unwrap_or(usize::MAX);
    half.clamp(1, limit::INBOX_RUNS_MAX)
}

/// What runs by itself, and the order in which it does.
struct Waiting {
    places: Arc<Places>,
    inbox: Arc<Inbox>,
    timers: Arc<Timers>,
}

/// Has everything wait again that waited when the host was last there.
async fn waiting(ground: &Ground, connections: &Arc<Connections>, keeps_all: bool) -> anyhow::Result<Waiting> {
    let newest = ground.store.newest_place().await.context("cannot read the inbox")?;
    let places = Arc::new(Places::starting_after(newest));
    let inbox = Inbox::new(inbox::Parts {
        invoker: Arc::clone(&ground.invoker),
        store: Arc::clone(&ground.store),
        connections: Arc::clone(connections),
        agenda: ground.agenda.clone(),
        places: Arc::clone(&places),
        keeps_all,
    });
    let schedule = Arc::clone(&ground.schedule);
    let webhooks = inbox.restore().await.context("cannot read the inbox")?;
    let pending = schedule.restore().await.context("cannot read the timers")?;
    tracing::info!(webhooks, timers = pending, "what waited before the start waits again");
    let (store, invoker) = (Arc::clone(&ground.store), Arc::clone(&ground.invoker));
    let timers = Timers::new(store, Arc::clone(connections), invoker, schedule);
    Ok(Waiting { places, inbox: Arc::new(inbox), timers: Arc::new(timers) })
}

/// What takes events away.
struct Delivering {
    dispatcher: Arc<Dispatcher>,
    subscriptions: Arc<Subscriptions>,
}

/// Has events go on from where each subscription stands, and notes where new ones begin.
async fn delivering(
    ground: &Ground,
    settings: &Settings,
    connections: &Arc<Connections>,
    tail: &Arc<Tail>,
    attempts: Arc<dyn Attempts>,
    key: Sealing,
) -> anyhow::Result<Delivering> {
    let dispatcher = Dispatcher::start(dispatcher::Parts {
        store: Arc::clone(&ground.store),
        tail: Arc::clone(tail),
        attempts,
        clock: Arc::clone(&ground.clock),
        entropy: Arc::clone(&ground.entropy),
        sleep: Arc::clone(&ground.sleep),
        metrics: Arc::clone(&ground.metrics),
        hash_key: ground.hash_key.clone(),
        pause_after: settings.deliveries.pause_after,
    });
    let parts = subscriptions::Parts {
        store: Arc::clone(&ground.store),
        clock: Arc::clone(&ground.clock),
        entropy: Arc::clone(&ground.entropy),
        connections: Arc::clone(connections),
        dispatcher: Arc::clone(&dispatcher),
        key,
        private_addresses: settings.egress_private_addresses.clone(),
    };
    let (subscriptions, problems) = Subscriptions::open(parts, settings.subscriptions.clone()).await?;
    problems.iter().for_each(|problem| tracing::error!("{problem}"));
    if settings.strict {
        anyhow::ensure!(problems.is_empty(), "not started (--strict):\n{}", problems.join("\n"));
    }
    subscriptions.begin().await?;
    Ok(Delivering { dispatcher, subscriptions })
}

fn attempts(
    ground: &Ground,
    settings: &Settings,
    connections: &Arc<Connections>,
    actions: &Arc<Actions>,
) -> anyhow::Result<Arc<dyn Attempts>> {
    let policy = AddressPolicy::new(settings.egress_private_addresses.iter().copied());
    let client = EndpointClient::new(&ground.egress, &policy, Arc::clone(&ground.sleep));
    Ok(Arc::new(Endpoints::new(endpoints::Parts {
        client: client.context("cannot set up what deliveries are sent through")?,
        actions: Arc::clone(actions),
        connections: Arc::clone(connections),
        clock: Arc::clone(&ground.clock),
        entropy: Arc::clone(&ground.entropy),
    })))
}

/// Everything for which a strict host with these settings would not start that has no connections beside those of the file. Nothing
/// is called, sent or kept.
///
/// # Errors
/// What plugins send through cannot be set up on this machine.
pub fn problems(settings: &Settings, plugins: &Catalogue, now: Timestamp) -> anyhow::Result<Vec<String>> {
    // The key only makes the placeholders that guests see instead of secrets, so that any will do here; the host's own would
    // need its database.
    let hash_key = HashKey::new(&[0; HashKey::BYTES]);
    let egress = Arc::new(Egress::new(EgressSettings::of_this_machine())?);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
    let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    let no_key = Err("nothing is sealed here".to_owned());
    let tokens = Arc::new(TokenRegistry::new(store, no_key, clock, Arc::new(SystemEntropy::default())));
    let builder = builder(settings, &settings.listen.to_string(), &hash_key, egress, tokens);
    let AllConnections { connections, mut problems } = AllConnections::of_file(settings, plugins, &builder, now);
    problems.extend(subscriptions::problems_of_file(settings, &connections));
    Ok(with_rejected(problems, plugins))
}

fn builder(
    settings: &Settings,
    listening: &str,
    hash_key: &HashKey,
    egress: Arc<Egress>,
    tokens: Arc<TokenRegistry>,
) -> Builder {
    let public_url = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let base_url = public_url.clone().unwrap_or_else(|| format!("http://{listening}"));
    Builder { base_url, public_url, hash_key: hash_key.clone(), egress, tokens, pool_slots: settings.pool_slots }
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

    /// Applies the connections and subscriptions of a file that was read again, logs what came of it, and looks at the plugin directory
    /// at once.
    pub async fn reload(&self, settings: Settings) {
        self.host.plugins.rescan();
        let subscriptions = settings.subscriptions.clone();
        match self.host.registry.reload(settings).await {
            Ok(outcome) => outcome.log(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the configuration is not applied, because the store is unavailable");
                return;
            }
        }
        match self.host.subscriptions.reload(subscriptions).await {
            Ok(outcome) => outcome.log(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "not all subscriptions of the file are applied");
            }
        }
    }

    /// Accepts nothing more, finishes what is in flight (for a bounded time), and closes the store. What waits in the inbox waits
    /// for the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.host.clockwork.stop().await;
        let (serving, ()) = tokio::join!(self.serving, self.host.dispatcher.stop());
        if let Err(error) = serving {
            tracing::error!(%error, "serving ended in a panic");
        }
        if !self.host.in_work.end(limit::HTTP_DRAIN_MAX).await {
            tracing::warn!("some webhooks, actions or timers did not end in time and are cut off");
        }
        self.host.plugins.stop().await;
        self.host.registry.stop().await;
        self.host.lifecycle.stop().await;
        // What a provider gives in place of a refresh token must be kept.
        self.tokens.finish().await;
        self.host.store.close().await;
    }
}
