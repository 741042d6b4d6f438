//! From what the operator configured to a connection that works, or that says why it does not.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::config::Config;
use hookyard_domain::connection::{Grant, Health, HealthStatus};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::signature::Verifier;
use tokio::sync::Semaphore;

use super::{Connection, Ready, WebhookEntry};
use crate::config::ConnectionSettings;
use crate::plugins::{Plugin, Plugins};

/// Builds connections.
#[derive(Debug)]
pub struct Builder<'a> {
    /// The plugins to choose from.
    pub plugins: &'a Plugins,
    /// What providers call, without a trailing slash: `public_url` of the configuration, or where this host listens.
    pub base_url: &'a str,
    /// `public_url` of the configuration: a signature over the URL can only be checked against that.
    pub public_url: Option<&'a str>,
    /// Derives placeholders.
    pub hash_key: &'a HashKey,
    /// The present moment.
    pub now: Timestamp,
}

impl Builder<'_> {
    /// The connection, and everything that is wrong with it, each with file, line and the way out. A disabled one is checked
    /// all the same.
    pub fn build(&self, id: &ConnectionId, settings: &ConnectionSettings) -> (Connection, Vec<String>) {
        let mut problems = settings.problems.clone();
        let built = if problems.is_empty() { self.ready(id, settings, &mut problems) } else { None };
        let plugin = self.plugins.get(&settings.plugin);
        let grant = settings.grant.clone().unwrap_or_else(|| plugin.map_or_else(Grant::default, |p| as_asked(p)));
        let lacks_secret =
            built.as_ref().and_then(|ready| ready.webhook.as_ref()).is_some_and(|w| w.verifier.lacks_secret());
        let health = health(settings.enabled, &problems, lacks_secret, self.now);
        let connection = Connection {
            id: id.clone(),
            plugin_name: settings.plugin.clone(),
            enabled: settings.enabled,
            redacted_config: built.as_ref().map_or(serde_json::Value::Null, |ready| ready.config.redacted()),
            grant,
            webhook_url: format!("{}/webhooks/{id}", self.base_url),
            ready: built.filter(|_| settings.enabled),
            health: ArcSwap::from_pointee(health),
        };
        (connection, problems)
    }

    fn ready(&self, id: &ConnectionId, settings: &ConnectionSettings, problems: &mut Vec<String>) -> Option<Ready> {
        let Some(plugin) = self.plugins.get(&settings.plugin) else {
            let known: Vec<_> = self.plugins.serving().map(|plugin| plugin.manifest.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let (location, plugin) = (&settings.location, &settings.plugin);
            problems.push(format!("{location}: no plugin {plugin} is loaded (loaded: {known})"));
            return None;
        };
        let config = match plugin.config_schema.resolve(settings.config.clone()) {
            Ok(config) => config,
            Err(violations) => {
                let texts = violations.iter().map(|v| format!("{}: {}", settings.line_of(&v.pointer), v.detail));
                problems.extend(texts);
                return None;
            }
        };
        let grant = settings.grant.clone().unwrap_or_else(|| as_asked(plugin));
        match self.webhook_entry(plugin, &config, &grant) {
            Ok(webhook) => Some(Ready {
                plugin: Arc::clone(plugin),
                guest_config: config.for_guest(self.hash_key, id).into(),
                config,
                webhook,
                limits: plugin.manifest.limits.resolve(),
                share: Semaphore::new(limit::INVOCATIONS_PER_CONNECTION_MAX),
            }),
            Err(messages) => {
                problems.extend(messages.iter().map(|message| format!("{}: {message}", settings.location)));
                None
            }
        }
    }

    fn webhook_entry(
        &self,
        plugin: &Plugin,
        config: &Config,
        grant: &Grant,
    ) -> Result<Option<WebhookEntry>, Vec<String>> {
        let texts = |problems: Vec<hookyard_domain::manifest::ManifestProblem>| -> Vec<String> {
            problems.iter().map(|problem| format!("webhook rules: {problem}")).collect()
        };
        if !plugin.component.exports().webhook_handler {
            return Ok(None);
        }
        let Some(declaration) = &plugin.manifest.webhook else { return Ok(None) };
        let Some(rules) = declaration.rules(config).map_err(texts)? else { return Ok(None) };
        let verifier = Verifier::compile(&rules, config, self.public_url, grant).map_err(texts)?;
        let asked = rules.body_bytes_max.unwrap_or(limit::WEBHOOK_BODY_BYTES_DEFAULT);
        Ok(Some(WebhookEntry {
            rules: rules.into_owned(),
            verifier,
            body_bytes_max: asked.min(limit::WEBHOOK_BODY_BYTES_MAX),
        }))
    }
}

/// The default grant: what the manifest asks for, and webhooks only with a signature.
fn as_asked(plugin: &Plugin) -> Grant {
    Grant { hosts: plugin.manifest.hosts.clone(), allow_unsigned: false, private_addresses: Vec::new() }
}

/// A connection that lacks the secret for its webhooks is healthy, since that says how the provider is doing; the code tells.
fn health(enabled: bool, problems: &[String], lacks_secret: bool, now: Timestamp) -> Health {
    if !problems.is_empty() {
        return Health {
            status: HealthStatus::Invalid,
            code: Some("connection-invalid".to_owned()),
            message: Some(problems.join("; ")),
            since: now,
        };
    }
    let status = if enabled { HealthStatus::Healthy } else { HealthStatus::Disabled };
    let hint =
        lacks_secret.then_some(("unsigned-not-allowed", "no secret to verify webhooks with: they are answered 503"));
    let (code, message) = hint.map(|(code, message)| (code.to_owned(), message.to_owned())).unzip();
    Health { status, code, message, since: now }
}
