//! What the operator configured: hookyard.toml, with `HOOKYARD_…` variables over it and flags over those.
//!
//! Everything that is wrong is found in one go and says where it stands. What is wrong with one connection or subscription makes that
//! one invalid; what is wrong with the host itself keeps it from starting.

mod connection;
mod deliveries;
mod difference;
mod document;
mod entry;
mod file;
mod grant;
mod inbox;
mod interpolate;
mod json;
mod layer;
mod lines;
mod problem;
mod rollback;
mod subscription;
mod suggest;
mod text;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hookyard_domain::id::{ConnectionId, SubscriptionId};
use hookyard_domain::rollback::RollbackSettings;
use hookyard_domain::secret::Secret;
use ipnet::IpNet;
use url::Url;

pub use connection::ConnectionSettings;
pub use deliveries::DeliverySettings;
pub(crate) use grant::grantable;
pub use inbox::InboxSettings;
pub use layer::Flags;
pub use lines::DocumentLines;
pub use problem::{Problem, Problems};
pub use subscription::SubscriptionSettings;
pub(crate) use suggest::unknown_key;

use file::FileSettings;
use layer::Layer;

use crate::telemetry::LogFormat;

/// The file that is read where no other is named.
pub const DEFAULT_FILE: &str = "hookyard.toml";

/// Looks up a variable; the process's own environment, or a test's.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A host's settings: hookyard.toml with variables and flags over it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Webhooks and `/healthz`; everything else too while this is a loopback address.
    pub listen: SocketAddr,
    /// Everything else.
    pub admin_listen: Option<SocketAddr>,
    /// Whether everything else is served on `listen`, even where that is not a loopback address.
    pub admin_on_listen: bool,
    /// What providers call.
    pub public_url: Option<Url>,
    /// Directory of `*.wasm`.
    pub plugins: PathBuf,
    /// Database, compiled code, keys, socket.
    pub data: PathBuf,
    /// Slots of the instance pool; 0: on demand only.
    pub pool_slots: u32,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// A bearer token set by the environment.
    pub token: Option<Secret>,
    /// Refuse to start when anything is wrong.
    pub strict: bool,
    /// CIDRs of private addresses that deliveries to endpoints may reach.
    pub egress_private_addresses: Vec<IpNet>,
    /// When a new version of a plugin goes back to the one before it.
    pub rollback: RollbackSettings,
    /// What the inbox keeps.
    pub inbox: InboxSettings,
    /// What holds for deliveries.
    pub deliveries: DeliverySettings,
    /// The connections of the file.
    pub connections: BTreeMap<ConnectionId, ConnectionSettings>,
    /// The subscriptions of the file.
    pub subscriptions: BTreeMap<SubscriptionId, SubscriptionSettings>,
    /// What is wrong with connections and subscriptions of the file that cannot even be listed, because their id or the name of
    /// their plugin is no name. Each says file and line.
    pub problems: Vec<String>,
    /// The ids of those connections among them that have one.
    pub unlisted: BTreeSet<ConnectionId>,
    /// The file that was read; `None` where there was none.
    pub file: Option<PathBuf>,
}

impl Settings {
    /// The defaults of a host in `directory`: no file, no variables, no flags.
    pub fn defaults(directory: &Path) -> Self {
        Self::assemble(Layer::default(), FileSettings::default(), directory)
    }

    fn assemble(layer: Layer, file: FileSettings, directory: &Path) -> Self {
        Self {
            listen: layer.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            admin_listen: layer.admin_listen,
            admin_on_listen: layer.admin_on_listen.unwrap_or(false),
            public_url: layer.public_url,
            plugins: layer.plugins.unwrap_or_else(|| directory.join("plugins")),
            data: layer.data.unwrap_or_else(|| directory.join("data")),
            pool_slots: layer.pool_slots.unwrap_or(hookyard_domain::limit::POOL_SLOTS_DEFAULT),
            log_format: layer.log_format.unwrap_or_default(),
            token: layer.token,
            strict: layer.strict.unwrap_or(false),
            egress_private_addresses: file.egress_private_addresses,
            rollback: file.rollback,
            inbox: file.inbox,
            deliveries: file.deliveries,
            connections: file.connections,
            subscriptions: file.subscriptions,
            problems: file.unlisted.iter().map(ToString::to_string).collect(),
            unlisted: file.unlisted_ids,
            file: file.path,
        }
    }
}

/// Reads the settings of a host that is started in `directory`.
///
/// The file is `flags.config`, or the variable `HOOKYARD_CONFIG`, or `hookyard.toml` in `directory`; only the last may be
/// missing. Paths in the file are relative to the file, those of flags and variables to `directory`.
///
/// # Errors
/// Everything that is wrong with the host's own settings; with `strict` also what is wrong with any connection or
/// subscription. Where there is an error at all, their problems are reported along with it.
pub fn load(flags: &Flags, directory: &Path, environment: &Environment<'_>) -> Result<Settings, Problems> {
    let mut problems = Vec::new();
    let file = FileSettings::read(flags, directory, environment, &mut problems);
    let variables = variables::read(directory, environment, &mut problems);
    let base = file.directory.clone().unwrap_or_else(|| directory.to_owned());
    let layer = flags.layer(directory).over(variables).over(file.layer.clone());
    let of_entries = file.problems_of_entries();
    let settings = Settings::assemble(layer, file, &base);
    let same_address = settings.admin_listen == Some(settings.listen) && settings.listen.port() != 0;
    if same_address {
        problems.push(Problem::of(
            "admin_listen",
            format!("{} is `listen` already; leave it out and set admin_on_listen = true", settings.listen),
        ));
    }
    if !problems.is_empty() || (settings.strict && !of_entries.is_empty()) {
        problems.extend(of_entries);
        return Err(Problems::new(problems));
    }
    Ok(settings)
}

/// The same for a host that runs with the settings of the file `before`: that one must not be gone, which is no way to say that
/// there are to be no connections any more.
///
/// # Errors
/// As [`load`], and that the file is gone.
pub fn load_again(
    flags: &Flags,
    directory: &Path,
    environment: &Environment<'_>,
    before: Option<&Path>,
) -> Result<Settings, Problems> {
    let settings = load(flags, directory, environment)?;
    match before.filter(|_| settings.file.is_none()) {
        None => Ok(settings),
        Some(file) => Err(Problems::new(vec![Problem::of(file.display().to_string(), "the file is gone")])),
    }
}

/// Where the data directory of a host is that is started in `directory`, for clients that look for its socket. Everything
/// else in the file is passed over, so that a client needs none of the host's variables.
///
/// # Errors
/// The file is missing although it was named, is not TOML, or its `data` is not a path.
pub fn data_directory(flags: &Flags, directory: &Path, environment: &Environment<'_>) -> Result<PathBuf, Problems> {
    let mut problems = Vec::new();
    let chosen = flags.data.clone().or_else(|| environment("HOOKYARD_DATA").map(PathBuf::from));
    if let Some(data) = chosen {
        return Ok(directory.join(data));
    }
    let data = file::data_directory(flags, directory, environment, &mut problems);
    if problems.is_empty() { Ok(data.unwrap_or_else(|| directory.join("data"))) } else { Err(Problems::new(problems)) }
}

#[cfg(test)]
mod tests;
