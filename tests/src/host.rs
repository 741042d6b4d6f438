//! A whole host in process: its own directory, port 0, a clock that stands still until it is moved.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard_capability::{EgressSettings, ManualSleep, Sleep};
use hookyard_domain::clock::{Clock, ManualClock, SystemClock, Timestamp};
use hookyard_domain::entropy::{Entropy, SeededEntropy};
use hookyard_sandbox::LoadBounds;
use hookyard_server::compose::{self, Running, Surroundings};
use hookyard_server::config::{self, Flags};
use hookyard_server::plugins::{Catalogue, FileReport, FileState};
pub use hookyard_store::sqlite::SqliteSettings;
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use tempfile::TempDir;

pub use hookyard_fakes::START;

use crate::compiled;
use crate::http::{Reply, send};
use crate::names::Names;
use crate::sign;

/// The bearer token of every test host.
pub const TOKEN: &str = "test-token-0123456789";
/// The webhook secret of every test connection.
pub const SECRET: &str = "whs_test_9b1f6c2e";

/// Slots of a test host's instance pool: many hosts share one process's address space.
const POOL_SLOTS: u32 = 8;

/// What a test host is made of.
#[derive(Debug)]
pub struct Builder {
    compiler: PathBuf,
    directory: TempDir,
    config: String,
    pool_slots: u32,
    egress: EgressSettings,
    load_bounds: LoadBounds,
    store: SqliteSettings,
    entropy: Arc<dyn Entropy>,
    began: Timestamp,
    /// Of its plugins: those whose code it is given.
    components: Vec<PathBuf>,
}

impl Builder {
    /// A host without plugins and connections, whose components are compiled by this `hookyard` binary.
    pub fn new(compiler: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        fs::create_dir(directory.path().join("plugins")).expect("a directory can be made");
        let egress = EgressSettings { resolver: Arc::new(Names::default()), extra_roots: Vec::new() };
        Self {
            compiler: compiler.into(),
            directory,
            config: String::new(),
            pool_slots: POOL_SLOTS,
            egress,
            load_bounds: LoadBounds::default(),
            store: SqliteSettings::default(),
            entropy: Arc::new(SeededEntropy::new(1)),
            began: START,
            components: Vec::new(),
        }
    }

    /// Whose clock begins at what this machine's says, for those who compare the host's time with their own.
    #[must_use]
    pub fn at_present(mut self) -> Self {
        self.began = SystemClock.now();
        self
    }

    /// With this component in the plugin directory. Tests share its compiled code, unless the host has bounds for loading of its own.
    #[must_use]
    pub fn plugin(mut self, component: &str) -> Self {
        let name = Path::new(component).file_name().expect("a component has a file name");
        fs::copy(component, self.directory.path().join("plugins").join(name)).expect("a component can be copied");
        self.components.push(component.into());
        self
    }

    /// With these bytes as a file of the plugin directory, which this host compiles itself.
    #[must_use]
    pub fn plugin_bytes(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.directory.path().join("plugins").join(name), bytes).expect("a file can be written");
        self
    }

    /// With these lines added to hookyard.toml.
    #[must_use]
    pub fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    /// With so many slots in its instance pool.
    #[must_use]
    pub fn pool_slots(mut self, slots: u32) -> Self {
        self.pool_slots = slots;
        self
    }

    /// Where loading one component may take so much.
    #[must_use]
    pub fn load_bounds(mut self, bounds: LoadBounds) -> Self {
        self.load_bounds = bounds;
        self
    }

    /// Whose waits are those of the schedules, to the second: what moves them is the middle of its range.
    #[must_use]
    pub fn to_the_second(mut self) -> Self {
        self.entropy = Arc::new(Middle(SeededEntropy::new(1)));
        self
    }

    /// Where the store uses SQLite like this.
    #[must_use]
    pub fn store(mut self, settings: SqliteSettings) -> Self {
        self.store = settings;
        self
    }

    /// With these names to be resolved; without, there are none.
    #[must_use]
    pub fn names(mut self, names: Names) -> Self {
        self.egress.resolver = Arc::new(names);
        self
    }

    /// With a connection to AfterShip that has the test secret.
    #[must_use]
    pub fn aftership(self, id: &str) -> Self {
        self.config(&format!(
            "[connections.{id}]\nplugin = \"aftership\"\nconfig = {{ api_key = \"k\", webhook_secret = \"{SECRET}\" }}"
        ))
    }

    /// Starts the host.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(self) -> TestHost {
        let Self { compiler, directory, config, pool_slots, egress, load_bounds, store, entropy, began, components } =
            self;
        if load_bounds == LoadBounds::default() {
            compiled::give(&compiler, &components, &directory.path().join("data")).await;
        }
        let file = format!("listen = \"127.0.0.1:0\"\npool_slots = {pool_slots}\n{config}");
        fs::write(directory.path().join("hookyard.toml"), file).expect("a file can be written");
        let clock = Arc::new(ManualClock::at(began));
        let sleep = Arc::new(ManualSleep::by(Arc::clone(&clock)));
        let mut host =
            TestHost { running: None, clock, sleep, directory, compiler, egress, load_bounds, store, entropy };
        host.running = Some(host.start().await.expect("the host starts"));
        host
    }
}

/// A running host.
pub struct TestHost {
    running: Option<Running>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    sleep: Arc<ManualSleep>,
    directory: TempDir,
    compiler: PathBuf,
    egress: EgressSettings,
    load_bounds: LoadBounds,
    store: SqliteSettings,
    /// Goes on over restarts, so that no id comes twice.
    entropy: Arc<dyn Entropy>,
}

impl TestHost {
    async fn start(&self) -> anyhow::Result<Running> {
        let settings = self.settings()?;
        let surroundings = Surroundings {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&self.entropy),
            compiler: self.compiler.clone(),
            egress: self.egress.clone(),
            sleep: Arc::clone(&self.sleep) as Arc<dyn Sleep>,
            load_bounds: self.load_bounds,
            store: self.store.clone(),
        };
        compose::start_in(settings, surroundings).await
    }

    fn settings(&self) -> Result<config::Settings, config::Problems> {
        let environment = |name: &str| (name == "HOOKYARD_TOKEN").then(|| TOKEN.to_owned());
        config::load(&Flags::default(), self.directory.path(), &environment)
    }

    /// Replaces what hookyard.toml says beside the harness's own lines, and has the host read it again, as SIGHUP does.
    ///
    /// # Errors
    /// The file is wrong; nothing has changed.
    ///
    /// # Panics
    /// The file cannot be written.
    pub async fn reload(&self, toml: &str) -> Result<(), config::Problems> {
        let file = self.directory().join("hookyard.toml");
        let before = fs::read_to_string(&file).expect("it is there");
        let own: Vec<_> = before.lines().take(2).collect();
        fs::write(&file, format!("{}\n{toml}\n", own.join("\n"))).expect("can be written");
        self.running().reload(self.settings()?).await;
        Ok(())
    }

    /// Puts these bytes into the plugin directory under this name, in place of what lies there, as a careful copy does: whole or not
    /// at all.
    ///
    /// # Panics
    /// The file cannot be written.
    pub fn put_plugin(&self, file: &str, bytes: &[u8]) {
        let plugins = self.directory().join("plugins");
        let unfinished = plugins.join(format!("{file}.part"));
        fs::write(&unfinished, bytes).expect("a file can be written");
        fs::rename(unfinished, plugins.join(file)).expect("a file can be renamed");
    }

    /// Waits until the plugin serves at this version, or, with `None`, until it is not there any more.
    ///
    /// # Panics
    /// The plugins are not followed any more.
    pub async fn wait_for_plugin(&self, name: &str, version: Option<&str>) -> Arc<Catalogue> {
        let name = name.parse().expect("a plugin's name");
        let mut changes = self.running().host.plugins.changes();
        let is_so =
            |catalogue: &Arc<Catalogue>| catalogue.get(&name).map(|plugin| plugin.manifest.version.as_str()) == version;
        Arc::clone(&changes.wait_for(is_so).await.expect("the plugins are followed"))
    }

    /// Waits until this file of the plugin directory has come so far.
    ///
    /// # Panics
    /// The plugins are not followed any more.
    pub async fn wait_for_file(&self, file: &str, state: FileState) -> FileReport {
        let mut changes = self.running().host.plugins.file_changes();
        let path = self.directory().join("plugins").join(file);
        let it =
            |files: &[FileReport]| files.iter().find(|report| report.path == path && report.state == state).cloned();
        let files = changes.wait_for(|files| it(files).is_some()).await.expect("the plugins are followed");
        it(&files).expect("it was there")
    }

    /// Lets so much time pass, also for what sleeps.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.sleep.wake();
    }

    /// Until when what the host repeats by itself sleeps, the earliest first.
    pub fn sleeping_until(&self) -> Vec<Timestamp> {
        self.sleep.sleeping_until()
    }

    /// The running host's parts.
    ///
    /// # Panics
    /// It was stopped.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("the host runs")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running().addresses().public
    }

    /// Its directory: hookyard.toml, plugins, data.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops the host and starts it again on the same data.
    ///
    /// # Panics
    /// It does not start.
    pub async fn restart(&mut self) {
        self.restart_after(|_| {}).await;
    }

    /// The same, and this happens to its directory in between.
    ///
    /// # Panics
    /// It does not start.
    pub async fn restart_after(&mut self, meanwhile: impl FnOnce(&Path)) {
        self.running.take().expect("the host runs").stop().await;
        meanwhile(self.directory());
        self.running = Some(self.start().await.expect("the host starts again"));
    }

    /// Stops the host and hands back its directory.
    ///
    /// # Panics
    /// It was stopped before.
    pub async fn stop(mut self) -> TempDir {
        self.running.take().expect("the host runs").stop().await;
        self.directory
    }

    /// Sends any request.
    ///
    /// # Panics
    /// No HTTP answer comes back.
    pub async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Reply {
        let request = request.header("host", self.address().to_string());
        let request = request.body(Full::new(body.into())).expect("the request is well-formed");
        send(self.address(), request).await.expect("the host answers")
    }

    /// A webhook to a connection of AfterShip, signed with the test secret.
    pub async fn webhook(&self, connection: &str, body: impl Into<Bytes>) -> Reply {
        let body = body.into();
        let signature = sign::hmac_sha256_base64(SECRET, &body);
        self.send(post(connection).header("aftership-hmac-sha256", signature), body).await
    }

    /// GET of an API path with the token.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).header("authorization", format!("Bearer {TOKEN}")), Bytes::new()).await
    }

    /// POST of JSON to an API path with the token.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }

    /// PUT of JSON to an API path with the token.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(change(Request::put(path)), body.to_string()).await
    }

    /// PATCH of JSON to an API path with the token.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(change(Request::patch(path)), body.to_string()).await
    }

    /// DELETE of an API path with the token.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Request::delete(path).header("authorization", format!("Bearer {TOKEN}")), Bytes::new()).await
    }

    /// Has a connection run an action.
    pub async fn call(&self, connection: &str, action: &str, input: &Value) -> Reply {
        self.post(&format!("/v1/connections/{connection}/actions/{action}"), input).await
    }

    /// The same under a name of the client's for this call.
    pub async fn call_as(&self, key: &str, connection: &str, action: &str, input: &Value) -> Reply {
        let request = Request::post(format!("/v1/connections/{connection}/actions/{action}"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.send(request, input.to_string()).await
    }

    /// All events of connections, in the log's order.
    ///
    /// # Panics
    /// The API does not answer as documented.
    pub async fn events(&self) -> Vec<Value> {
        let mut events = self.all_events().await;
        events.retain(|event| event["source"] != "/host");
        events
    }

    /// The host's own events of one type, in the log's order.
    ///
    /// # Panics
    /// The API does not answer as documented.
    pub async fn host_events(&self, event_type: &str) -> Vec<Value> {
        let mut events = self.all_events().await;
        events.retain(|event| event["source"] == "/host" && event["type"] == event_type);
        events
    }

    /// All events, in the log's order.
    ///
    /// # Panics
    /// The API does not answer as documented.
    pub async fn all_events(&self) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/events?limit=1000{after}")).await;
            assert_eq!(page.status(), 200, "{}", page.text());
            let page = page.json();
            let more = page["events"].as_array().expect("events is a list").clone();
            if more.is_empty() {
                return events;
            }
            after = format!("&after={}", page["next"].as_str().expect("next is a string"));
            events.extend(more);
        }
    }
}

fn change(request: http::request::Builder) -> http::request::Builder {
    request.header("authorization", format!("Bearer {TOKEN}")).header("content-type", "application/json")
}

/// Whatever asks for one number gets the one in the middle of its range; all else is seeded.
#[derive(Debug)]
struct Middle(SeededEntropy);

impl Entropy for Middle {
    fn fill(&self, buffer: &mut [u8]) {
        match <&mut [u8; 4]>::try_from(&mut *buffer) {
            Ok(number) => *number = (u32::MAX / 2 + 1).to_be_bytes(),
            Err(_) => self.0.fill(buffer),
        }
    }
}

/// A POST to a connection's webhook URL.
pub fn post(connection: &str) -> http::request::Builder {
    Request::post(format!("/webhooks/{connection}")).header("content-type", "application/json")
}
