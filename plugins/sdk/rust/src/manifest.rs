//! What a plugin says of itself, built part by part. Every part documents its member of the manifest; what has no method yet can
//! be set with `member`.

mod action;
mod credential;
mod event;
mod limits;
mod sample;
mod token;
mod verify;
mod webhook;

pub use action::ActionKind;
pub use credential::{Credential, Place};
pub use event::EventKind;
pub use limits::Limits;
pub use sample::Sample;
pub use token::{Exchange, OAuth2};
pub use verify::{Encoding, Hash, Unit, Verify};
pub use webhook::WebhookRules;

use serde::Serialize;
use serde_json::Value;

/// The manifest: name, version, webhook rules, actions, events, what it asks for. The config's schema comes from
/// [`Plugin::Config`](crate::Plugin::Config).
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// The format of the document.
    manifest: u32,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    config: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookRules>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<ActionKind>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventKind>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    credentials: Vec<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    samples: Vec<Sample>,
}

impl Manifest {
    /// A manifest with the plugin's name (1 to 64 of `a-z`, `0-9` and `-`, starting with a letter) and its semantic version:
    /// `Manifest::new("aftership", env!("CARGO_PKG_VERSION"))`.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            manifest: 1,
            name: name.into(),
            version: version.into(),
            title: None,
            description: None,
            homepage: None,
            config: Value::Null,
            webhook: None,
            actions: Vec::new(),
            events: Vec::new(),
            hosts: Vec::new(),
            credentials: Vec::new(),
            limits: None,
            samples: Vec::new(),
        }
    }

    /// The name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What it connects, in a sentence.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Where its documentation stands.
    #[must_use]
    pub fn homepage(mut self, homepage: impl Into<String>) -> Self {
        self.homepage = Some(homepage.into());
        self
    }

    /// How webhooks come in. Without it, a connection of this plugin has no webhook URL. Goes with the part `webhook`.
    #[must_use]
    pub fn webhook(mut self, rules: WebhookRules) -> Self {
        self.webhook = Some(rules);
        self
    }

    /// One more action. Goes with the part `actions`.
    #[must_use]
    pub fn action(mut self, action: ActionKind) -> Self {
        self.actions.push(action);
        self
    }

    /// One more kind of event that the plugin may emit.
    #[must_use]
    pub fn event(mut self, event: EventKind) -> Self {
        self.events.push(event);
        self
    }

    /// A host that the plugin wants to reach: `[http://]NAME[:PORT]`, where `NAME` is exact, `*.NAME` (one or more labels) or an
    /// IP literal and no port means any, or `{config:/api_base}` for scheme, host and port of the URL in that place of the
    /// config. The operator sees and grants it.
    #[must_use]
    pub fn host(mut self, pattern: impl Into<String>) -> Self {
        self.hosts.push(pattern.into());
        self
    }

    /// One more way in which a secret goes into requests. Nothing else lets a secret out of the host; the operator sees it.
    #[must_use]
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credentials.push(credential);
        self
    }

    /// Bounds of one invocation that differ from the host's.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// One more webhook to try the plugin with: `hookyard trigger CONNECTION NAME`.
    #[must_use]
    pub fn sample(mut self, sample: Sample) -> Self {
        self.samples.push(sample);
        self
    }

    pub(crate) fn takes_webhooks(&self) -> bool {
        self.webhook.is_some()
    }

    pub(crate) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// The document that the host gets.
    pub(crate) fn into_json(mut self, config: Value) -> String {
        self.config = config;
        serde_json::to_string(&self).expect("strings, numbers and JSON values serialise")
    }
}

/// What the in-memory host reads of a manifest.
#[cfg(not(target_arch = "wasm32"))]
impl Manifest {
    pub(crate) fn dedupe_places<'a>(&'a self, config: &'a Value) -> &'a [Value] {
        self.webhook.as_ref().map_or(&[], |rules| rules.dedupe_places(config))
    }

    pub(crate) fn event_kinds(&self) -> &[EventKind] {
        &self.events
    }

    pub(crate) fn action_kinds(&self) -> &[ActionKind] {
        &self.actions
    }

    pub(crate) fn samples(&self) -> &[Sample] {
        &self.samples
    }
}
