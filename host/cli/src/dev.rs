//! `hookyard dev`: builds plugins, serves them, and builds again what is saved.

mod advice;
mod configuration;
mod crates;
mod terminal;
mod tree;
mod watch;
mod workshop;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;

use anyhow::Context as _;
use hookyard_domain::id::PluginName;
use hookyard_server::compose::{self, Running};
use hookyard_server::config::{self, Flags};
use hookyard_server::telemetry;

use crate::build::cargo::Package;
use crate::serve::{self, Signals};
use crate::{environment, output};

use configuration::Configuration;
use crates::PluginCrate;
use watch::{Changes, Watch};
use workshop::Workshop;

/// What is logged unless `RUST_LOG` says otherwise: what plugins write, what becomes of their files, of connections and of each
/// webhook and action; of everything else only what is wrong.
const LOG_FILTER: &str = "warn,notify=error,plugin=debug,hookyard_server::plugins=info,hookyard_server::registry=info,\
hookyard_server::connections=info,hookyard_server::trials=info,hookyard_server::pipeline=info,\
hookyard_server::http::webhooks=info,hookyard_server::http::trigger=info,hookyard_server::actions=info,\
hookyard_server::compose=info,hookyard::serve=info";

/// What is developed, and how it is served.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Components go to target/hookyard/plugins, where `target` is the target directory of the current \
directory's crate or workspace, and are served from there. Sources are the crates, the crates that they depend on by path, and the \
contract (wit/) of their workspace. The configuration is read again when it is saved, and on SIGHUP. The variables of \
`hookyard serve` hold; RUST_LOG sets what is logged."
)]
pub(crate) struct Arguments {
    /// Directories with crates of plugins, at any depth
    #[arg(value_name = "DIR", default_value = "plugins")]
    directories: Vec<PathBuf>,
    /// The configuration [default: hookyard.toml, which may be missing]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of database, compiled code, keys and socket [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
}

/// Builds and serves until SIGINT or SIGTERM, which ends builds as well. The configuration is read again when it is saved, and on
/// SIGHUP, unless that says that the terminal is gone.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { directories, config, data, listen } = arguments;
    let (mut signals, mut hangup, terminal) = (Signals::listen()?, serve::hangups()?, terminal::is_there());
    let directory = std::env::current_dir().context("cannot find the current directory")?;
    let crates = crates::find(&directories).await?;
    anyhow::ensure!(!crates.is_empty(), nothing_found(&directories));
    let components = components(&directory).await;
    let flags = Flags { config, data, listen, plugins: Some(components.clone()), ..Flags::default() };
    let settings = config::load(&flags, &directory, &environment)?;
    let filter = environment("RUST_LOG").filter(|filter| !filter.is_empty());
    let _log = telemetry::init(settings.log_format, filter.as_deref().unwrap_or(LOG_FILTER))?;
    serve::log_panics();

    let workshop = Workshop::new(components, &settings.data.join("compiled"))?;
    let watch = Watch::without(&settings.data)?;
    let configuration = Configuration::of(&settings, flags, directory);
    let mut bench =
        Bench { directories, crates, workshop, watch, configuration: &configuration, advised: BTreeSet::new() };
    bench.follow()?;
    tokio::select! {
        () = bench.build_all() => {}
        _ = signals.next() => return Ok(()),
    }
    let running = compose::start(settings).await?;
    bench.advise(&running);
    serve::announce(&running)?;
    let signal = {
        let mut work = pin!(bench.work(&running));
        loop {
            tokio::select! {
                ended = &mut work => { ended?; break "the watch" },
                signal = signals.next() => break signal,
                _ = hangup.recv() => match terminal && !terminal::is_there() {
                    true => break "SIGHUP",
                    false => configuration.apply(&running, "SIGHUP").await,
                },
            }
        }
    };
    // What is being built has ended with the future that built it.
    serve::stop(running, signal, &mut signals).await
}

fn nothing_found(directories: &[PathBuf]) -> String {
    let names: Vec<_> = directories.iter().map(|directory| directory.display().to_string()).collect();
    format!(
        "there is no plugin below {}: no Cargo.toml of a library that depends on hookyard-sdk or wit-bindgen; \
         `hookyard new NAME` makes one",
        names.join(", ")
    )
}

/// Where components go: where `hookyard build` in this directory would put them.
async fn components(directory: &Path) -> PathBuf {
    let above = directory.ancestors().map(|directory| directory.join("Cargo.toml"));
    let manifest = above.into_iter().find(|manifest| manifest.is_file());
    let packages = match manifest {
        // What Cargo says against it, it says where the crate is built.
        Some(manifest) => Package::of_workspace(&manifest).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let target = packages.into_iter().next().map(|package| package.target_directory);
    target.unwrap_or_else(|| directory.join("target")).join("hookyard/plugins")
}

/// Everything that is at work while somebody develops.
struct Bench<'a> {
    directories: Vec<PathBuf>,
    crates: Vec<PluginCrate>,
    workshop: Workshop,
    watch: Watch,
    configuration: &'a Configuration,
    /// Plugins whose author was told how to get a connection.
    advised: BTreeSet<PluginName>,
}

impl Bench<'_> {
    async fn build_all(&mut self) {
        for plugin in &self.crates {
            self.workshop.build(plugin).await;
        }
    }

    /// Builds what changes, for ever, and applies the configuration. What is saved during a build is seen to after it.
    ///
    /// # Errors
    /// The system cannot tell any more what changes.
    async fn work(&mut self, running: &Running) -> anyhow::Result<()> {
        loop {
            let mut changes = self.watch.changes().await;
            if self.configuration.take_from(&mut changes) {
                self.configuration.apply(running, "saved").await;
            }
            self.workshop.take_own_from(&mut changes);
            let before = std::mem::take(&mut self.crates);
            self.crates = self.found_again(&before, &changes).await;
            self.follow()?;
            self.workshop.keep_only(&self.crates);
            for plugin in &self.crates {
                if plugin.is_touched(&changes) || !before.contains(plugin) {
                    self.workshop.build(plugin).await;
                }
            }
            self.advise(running);
        }
    }

    /// The crates, which are looked for again only where a manifest changed, or a directory came or went.
    async fn found_again(&self, before: &[PluginCrate], changes: &Changes) -> Vec<PluginCrate> {
        let other_crates = |path: &PathBuf| path.ends_with("Cargo.toml") || path.extension().is_none();
        if !changes.more && !changes.paths.iter().any(other_crates) {
            return before.to_vec();
        }
        crates::find(&self.directories).await.unwrap_or_else(|error| {
            output::note(&output::clean_lines(&format!("{error:#}")));
            before.to_vec()
        })
    }

    fn follow(&mut self) -> anyhow::Result<()> {
        let given = self.directories.iter().filter_map(|directory| directory.canonicalize().ok());
        let sources = self.crates.iter().flat_map(|plugin| plugin.sources().cloned());
        self.watch.follow(&given.chain(sources).chain([self.configuration.watched().clone()]).collect())
    }

    /// Says once for each plugin without a connection what to write, and where.
    fn advise(&mut self, running: &Running) {
        let connections = running.host.connections.all();
        let file = self.configuration.file().display();
        for manifest in self.workshop.manifests() {
            let is_used = connections.iter().any(|connection| connection.plugin_name == manifest.name);
            if !is_used && self.advised.insert(manifest.name.clone()) {
                let lines = output::clean_lines(&advice::connection(manifest));
                let name = &manifest.name;
                output::note(&format!("\nno connection uses {name} yet; add these lines to {file}:\n\n{lines}\n"));
            }
        }
    }
}
