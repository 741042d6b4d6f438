//! The demo's connections, the flows between them and the providers that they lead to, at the real binary. The config is that of
//! `tests/demo/hookyard.toml`, so that what the tests of flows prove holds for what everybody can try.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hookyard_tests::demo::Providers;
use hookyard_tests::guests;
use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;
use http::Request;
use serde_json::{Value, json};

/// As good as never: what a provider was not able to tell waits until it is said where the host is now.
const NEVER: Duration = Duration::from_secs(3_600);

/// The host and its providers.
pub(crate) struct Demo {
    pub(crate) providers: Providers,
    pub(crate) host: HostProcess,
    connections: &'static [&'static str],
}

impl Demo {
    /// A host with these connections of the demo, and the subscriptions that lead from one of them to another.
    pub(crate) async fn start(connections: &'static [&'static str]) -> Self {
        let providers = Providers::start().await;
        providers.freshchat.pause_between_attempts(NEVER);
        providers.selarti.pause_between_attempts(NEVER);
        providers.telegram.pause_between_attempts(NEVER);
        providers.telegram_selarti.pause_between_attempts(NEVER);
        let config = config(&providers, connections);
        let mut plugins: Vec<_> = connections.iter().map(|connection| plugin_of(&config, connection)).collect();
        plugins.sort_unstable();
        plugins.dedup();
        let config = config.to_string();
        let host = HostProcess::start_with_all(env!("CARGO_BIN_EXE_hookyard"), &plugins, &config, "warn").await;
        let demo = Self { providers, host, connections };
        demo.begin().await;
        demo
    }

    /// All connections are healthy, and their providers tell this host from now on.
    async fn begin(&self) {
        for connection in self.connections {
            let checked = self.post(&format!("/v1/connections/{connection}/check"), &json!({})).await.json();
            assert_eq!(checked["health"]["status"], "healthy", "{checked}");
        }
        self.providers.deliver_to(&self.webhooks());
    }

    /// What stands before the connection's id in the URL of its webhooks.
    pub(crate) fn webhooks(&self) -> String {
        format!("http://{}/webhooks", self.host.address())
    }

    /// `kill -9`, and the host comes back at another address.
    pub(crate) async fn kill(&mut self) {
        self.host.kill().await;
        self.come_back().await;
    }

    pub(crate) async fn come_back(&mut self) {
        self.host.start_again().await;
        self.begin().await;
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.host.send(Request::get(path), "").await.expect("an answer");
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.host.send(request, body.to_string()).await.expect("an answer")
    }

    /// Runs an action that succeeds; its output.
    pub(crate) async fn call(&self, connection: &str, action: &str, input: &Value) -> Value {
        let reply = self.post(&format!("/v1/connections/{connection}/actions/{action}"), input).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()
    }

    /// All deliveries in this state.
    pub(crate) async fn deliveries(&self, state: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/deliveries?state={state}&limit=1000")).await;
        page["deliveries"].as_array().expect("a list").clone()
    }

    /// Returns the deliveries of a subscription that are to be tried again, once there are some.
    pub(crate) async fn until_tried_again(&self, subscription: &str) -> Vec<Value> {
        loop {
            let mut pending = self.deliveries("pending").await;
            pending.retain(|delivery| delivery["subscription"] == subscription);
            if !pending.is_empty() {
                return pending;
            }
        }
    }

    /// The subscriptions that were given up on an event because nobody knows whether its call was carried out, each with the event. Of
    /// no other cause was any given up.
    pub(crate) async fn unknown_outcomes(&self) -> Vec<(String, Value)> {
        let events = self.host.events().await;
        let exhausted = self.deliveries("exhausted").await;
        let unknown = exhausted.iter().map(|delivery| {
            assert_eq!(delivery["error"]["code"], "outcome-unknown", "{delivery}");
            let event = events.iter().find(|event| event["id"] == delivery["event"]).expect("its event");
            (delivery["subscription"].as_str().expect("an id").to_owned(), event.clone())
        });
        unknown.collect()
    }

    /// The events of this type so far.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        let mut events = self.host.events().await;
        events.retain(|event| event["type"] == kind);
        events
    }

    /// Returns once nothing is on its way any more.
    pub(crate) async fn until_quiet(&self) {
        loop {
            let told = self.told().await;
            let inbox = self.get("/v1/webhooks?state=pending").await;
            let is_quiet = inbox["webhooks"] == json!([]) && self.is_all_handed_on().await;
            // What was handed on meanwhile has had something told, before it counted as handed on.
            if is_quiet && told == self.told().await {
                return;
            }
        }
    }

    /// How often the providers have told something, once none has anything to tell.
    async fn told(&self) -> usize {
        let Providers { freshchat, selarti, telegram, telegram_selarti, .. } = &self.providers;
        freshchat.until_delivered().await;
        selarti.until_delivered().await;
        telegram.until_delivered().await;
        telegram_selarti.until_delivered().await;
        let attempts = [freshchat.attempts(), selarti.attempts(), telegram.attempts(), telegram_selarti.attempts()];
        attempts.iter().map(Vec::len).sum()
    }

    /// Whether every subscription has come to the end of the log, and nothing is to be tried again.
    async fn is_all_handed_on(&self) -> bool {
        let subscriptions = self.get("/v1/subscriptions").await;
        for subscription in subscriptions["subscriptions"].as_array().expect("a list") {
            let cursor = subscription["cursor"].as_str().expect("a text");
            let following = self.get(&format!("/v1/events?limit=1&after={cursor}")).await;
            if subscription["pending"] != 0 || following["events"] != json!([]) {
                return false;
            }
        }
        true
    }
}

/// The demo's own file.
fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/demo/hookyard.toml")
}

/// Of the demo's config these connections, and the subscriptions that know no other.
fn config(providers: &Providers, connections: &[&str]) -> toml::Table {
    let text = std::fs::read_to_string(file()).expect("the demo's config can be read");
    let demo: toml::Table = text.parse().expect("it is TOML");
    let is_chosen = |name: &str| connections.contains(&name);
    let names_only_chosen = |subscription: &toml::Value| {
        let sources = subscription["connections"].as_array().expect("each names its connections");
        let target = subscription["endpoint"]["connection"].as_str().expect("each leads to a connection");
        is_chosen(target) && sources.iter().all(|source| source.as_str().is_some_and(is_chosen))
    };
    let table = |name: &str| demo[name].as_table().expect("a table").clone();
    let (mut known, mut subscriptions) = (table("connections"), table("subscriptions"));
    known.retain(|name, _| is_chosen(name));
    subscriptions.retain(|_, subscription| names_only_chosen(subscription));
    assert_eq!(known.len(), connections.len(), "the demo has other connections than {connections:?}");
    let mut chosen = toml::Table::new();
    chosen.insert("connections".to_owned(), known.into());
    chosen.insert("subscriptions".to_owned(), subscriptions.into());
    let mut chosen = toml::Value::Table(chosen);
    fill_in(&mut chosen, &providers.environment());
    chosen.as_table().expect("it is one still").clone()
}

/// Puts in what the demo takes from its environment.
fn fill_in(value: &mut toml::Value, environment: &[(&str, String)]) {
    match value {
        toml::Value::String(text) => {
            for (name, content) in environment {
                *text = text.replace(&format!("${{{name}}}"), content);
            }
        }
        toml::Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, environment)),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, item)| fill_in(item, environment)),
        _ => {}
    }
}

/// Where the component of this connection's plugin is.
fn plugin_of(config: &toml::Table, connection: &str) -> &'static str {
    match config["connections"][connection]["plugin"].as_str() {
        Some("aftership") => guests::AFTERSHIP,
        Some("feedbot") => guests::FEEDBOT,
        Some("freshchat") => guests::FRESHCHAT,
        Some("generic-http") => guests::GENERIC_HTTP,
        Some("selarti") => guests::SELARTI,
        other => panic!("there is no component for {other:?}"),
    }
}

#[tokio::test]
async fn every_plugin_takes_part_in_the_demo_and_every_flow_is_limited_to_its_connections() {
    let every = ["demo", "chat", "ai", "whatsapp", "erp", "telegram", "telegram-ai"];
    let demo = config(&Providers::start().await, &every);
    let mut plugins: Vec<_> = every.iter().map(|connection| plugin_of(&demo, connection)).collect();
    plugins.sort_unstable();
    plugins.dedup();
    assert_eq!(plugins.len(), 5);
    let text: toml::Table = std::fs::read_to_string(file()).expect("it can be read").parse().expect("it is TOML");
    assert_eq!(
        demo["subscriptions"].as_table().map(toml::Table::len),
        text["subscriptions"].as_table().map(toml::Table::len)
    );
    assert_eq!(
        demo["connections"].as_table().map(toml::Table::len),
        text["connections"].as_table().map(toml::Table::len)
    );
    assert!(!demo.to_string().contains("${"), "the providers do not say what the file wants to know");
}
