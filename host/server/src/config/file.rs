//! hookyard.toml as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use hookyard_domain::address::range;
use hookyard_domain::id::{ConnectionId, SubscriptionId};
use hookyard_domain::limit;
use hookyard_domain::rollback::RollbackSettings;
use ipnet::IpNet;

use super::connection::{self, ConnectionSettings, Found};
use super::deliveries::{self, DeliverySettings};
use super::document::Document;
use super::entry::Section;
use super::inbox::{self, InboxSettings};
use super::layer::{self, Flags, Layer};
use super::problem::Problem;
use super::rollback;
use super::subscription::{self, SubscriptionSettings};
use super::{DEFAULT_FILE, Environment};

const KNOWN: [&str; 15] = [
    "listen",
    "admin_listen",
    "admin_on_listen",
    "public_url",
    "plugins",
    "data",
    "pool_slots",
    "log_format",
    "strict",
    "egress",
    "rollback",
    "inbox",
    "deliveries",
    "connections",
    "subscriptions",
];

/// What the file says.
#[derive(Default)]
pub(super) struct FileSettings {
    /// The file; `None` where there is none.
    pub(super) path: Option<PathBuf>,
    /// Relative paths of the file start here.
    pub(super) directory: Option<PathBuf>,
    pub(super) layer: Layer,
    pub(super) egress_private_addresses: Vec<IpNet>,
    pub(super) rollback: RollbackSettings,
    pub(super) inbox: InboxSettings,
    pub(super) deliveries: DeliverySettings,
    pub(super) connections: BTreeMap<ConnectionId, ConnectionSettings>,
    pub(super) subscriptions: BTreeMap<SubscriptionId, SubscriptionSettings>,
    /// What is wrong with connections and subscriptions that cannot be listed.
    pub(super) unlisted: Vec<Problem>,
    /// The ids of the connections among these, where they are ids.
    pub(super) unlisted_ids: BTreeSet<ConnectionId>,
    /// What is wrong with those that can.
    listed: Vec<Problem>,
}

impl FileSettings {
    /// Reads the file that flags or variables name, or the default one. Problems of connections and subscriptions stay inside.
    pub(super) fn read(
        flags: &Flags,
        directory: &Path,
        environment: &Environment<'_>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let Some(found) = find(flags, directory, environment, problems) else { return Self::default() };
        let document = found.document(environment);
        let mut settings =
            Self { path: Some(found.path.clone()), directory: Some(found.directory.clone()), ..Self::default() };
        if let Some(table) = document.parse(problems) {
            settings.fill(&Section::top(&document, table.get_ref()), &found.directory, problems);
        }
        settings
    }

    /// What is wrong with any connection or subscription.
    pub(super) fn problems_of_entries(&self) -> Vec<Problem> {
        self.unlisted.iter().chain(&self.listed).cloned().collect()
    }

    fn fill(&mut self, top: &Section<'_>, directory: &Path, problems: &mut Vec<Problem>) {
        top.refuse_unknown(&KNOWN, problems);
        self.layer = layer_of(top, directory, problems);
        if let Some(egress) = top.get("egress").and_then(|egress| egress.section(problems)) {
            egress.refuse_unknown(&["private_addresses"], problems);
            let ranges = egress.get("private_addresses").and_then(|ranges| ranges.list(problems, range::parse));
            self.egress_private_addresses = ranges.unwrap_or_default();
        }
        if let Some(table) = top.get("rollback").and_then(|rollback| rollback.section(problems)) {
            self.rollback = rollback::read(&table, problems);
        }
        if let Some(table) = top.get("inbox").and_then(|inbox| inbox.section(problems)) {
            self.inbox = inbox::read(&table, problems);
        }
        if let Some(table) = top.get("deliveries").and_then(|deliveries| deliveries.section(problems)) {
            self.deliveries = deliveries::read(&table, problems);
        }
        self.fill_subscriptions(top, problems);
        let connections = top.get("connections").and_then(|connections| connections.section(problems));
        for entry in connections.iter().flat_map(Section::entries) {
            match connection::read(&entry) {
                Found::Connection(id, settings, wrong) => {
                    self.connections.insert(id, *settings);
                    self.listed.extend(wrong);
                }
                Found::Unlisted(id, wrong) => {
                    self.unlisted_ids.extend(id);
                    self.unlisted.extend(wrong);
                }
            }
        }
    }

    fn fill_subscriptions(&mut self, top: &Section<'_>, problems: &mut Vec<Problem>) {
        let subscriptions = top.get("subscriptions").and_then(|subscriptions| subscriptions.section(problems));
        for entry in subscriptions.iter().flat_map(Section::entries) {
            match subscription::read(&entry) {
                subscription::Found::Subscription(id, settings, wrong) => {
                    self.subscriptions.insert(id, *settings);
                    self.listed.extend(wrong);
                }
                subscription::Found::Unlisted(wrong) => self.unlisted.extend(wrong),
            }
        }
    }
}

/// The file's `data`, with nothing else looked at.
pub(super) fn data_directory(
    flags: &Flags,
    directory: &Path,
    environment: &Environment<'_>,
    problems: &mut Vec<Problem>,
) -> Option<PathBuf> {
    let found = find(flags, directory, environment, problems)?;
    let document = found.document(environment);
    let table = document.parse(problems)?;
    let data = Section::top(&document, table.get_ref()).get("data").and_then(|data| data.text(problems));
    Some(found.directory.join(data.map_or_else(|| "data".to_owned(), |data| data.value)))
}

fn layer_of(top: &Section<'_>, directory: &Path, problems: &mut Vec<Problem>) -> Layer {
    let address = |key: &str, problems: &mut Vec<Problem>| {
        top.get(key).and_then(|entry| entry.parsed(layer::ADDRESS, problems, |text| text.parse().ok()))
    };
    let path = |key: &str, problems: &mut Vec<Problem>| {
        let text = top.get(key).and_then(|entry| entry.parsed("a path", problems, not_empty));
        text.map(|path| directory.join(path))
    };
    let boolean = |key: &str, problems: &mut Vec<Problem>| top.get(key).and_then(|entry| entry.boolean(problems));
    Layer {
        listen: address("listen", problems),
        admin_listen: address("admin_listen", problems),
        admin_on_listen: boolean("admin_on_listen", problems),
        public_url: top
            .get("public_url")
            .and_then(|entry| entry.parsed(layer::PUBLIC_URL, problems, layer::public_url)),
        plugins: path("plugins", problems),
        data: path("data", problems),
        pool_slots: top.get("pool_slots").and_then(|entry| entry.number(limit::POOL_SLOTS_MAX, problems)),
        log_format: top
            .get("log_format")
            .and_then(|entry| entry.parsed(layer::LOG_FORMAT, problems, |text| text.parse().ok())),
        token: None,
        strict: boolean("strict", problems),
    }
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A file and its text.
struct FoundFile {
    /// As the operator named it.
    name: String,
    path: PathBuf,
    directory: PathBuf,
    text: String,
}

impl FoundFile {
    fn document<'a>(&'a self, environment: &'a Environment<'a>) -> Document<'a> {
        Document { name: self.name.clone(), text: &self.text, directory: self.directory.clone(), environment }
    }
}

/// The file to read; `None` where there is none, with a problem if one was asked for by name.
fn find(
    flags: &Flags,
    directory: &Path,
    environment: &Environment<'_>,
    problems: &mut Vec<Problem>,
) -> Option<FoundFile> {
    let variable = || environment("HOOKYARD_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    let named = flags.config.clone().or_else(variable);
    let name = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let path = directory.join(&name);
    let display = name.display().to_string();
    match read_bounded(&path) {
        Ok(bytes) if bytes.len() > limit::CONFIG_FILE_BYTES_MAX => {
            problems.push(Problem::of(display, format!("larger than {} bytes", limit::CONFIG_FILE_BYTES_MAX)));
            None
        }
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => {
                let directory = path.parent().unwrap_or(directory).to_owned();
                Some(FoundFile { name: display, path, directory, text })
            }
            Err(_) => {
                problems.push(Problem::of(display, "not UTF-8 text"));
                None
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => None,
        Err(error) => {
            problems.push(Problem::of(display, format!("cannot be read: {error}")));
            None
        }
    }
}

/// One byte more than the bound at most, so that the caller can tell that there is more.
fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit::CONFIG_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
