//! From what the operator configured to a connection that works, or that says why it does not.

use std::sync::Arc;

use hookyard_capability::{Egress, Outbound, Vault};
use hookyard_domain::clock::Timestamp;
use hookyard_domain::config::Config;
use hookyard_domain::connection::{Health, HealthStatus, Incarnation};
use hookyard_domain::credential::Credentials;
use hookyard_domain::grant::{Ask, EgressGrant, Grant};
use hookyard_domain::host_pattern::HostPattern;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::signature::Verifier;
use tokio::sync::Semaphore;

use super::{Condition, Connection, Ready, WebhookEntry};
use crate::config::ConnectionSettings;
use crate::plugins::{Catalogue, Plugin};

/// Builds connections.
#[derive(Debug, Clone)]
pub struct Builder {
    /// What providers call, without a trailing slash: `public_url` of the configuration, or where this host listens.
    pub base_url: String,
    /// `public_url` of the configuration: a signature over the URL can only be checked against that.
    pub public_url: Option<String>,
    /// The host's own key, from which that of each connection comes.
    pub hash_key: HashKey,
    /// What plugins send through.
    pub egress: Arc<Egress>,
    /// Slots of the instance pool.
    pub pool_slots: u32,
}

/// A connection's id in one of its lives.
#[derive(Debug)]
struct Identity<'a> {
    id: &'a ConnectionId,
    hash_key: HashKey,
}

/// What a plugin asks and what of it was consented to.
#[derive(Debug, Clone, Default)]
pub struct Consented {
    /// What it asks and may have.
    pub held: Ask,
    /// What it asks beyond.
    pub beyond: Ask,
}

impl Consented {
    /// `consented`: what the plugin asked when the connection was first activated; `None` where that is now. Without a config
    /// that can be used, nothing is known of what it makes of the ask.
    fn of(plugin: &Plugin, consented: Option<&Ask>, config: Option<&Config>, grant: &Grant) -> Self {
        let asked = Ask::of(&plugin.manifest);
        let Some(consented) = consented else { return Self { held: asked, beyond: Ask::default() } };
        let new = asked.beyond(consented);
        let held = asked.within(consented);
        // What the operator sets himself needs no consent to what would stand there otherwise; and of secrets only those count
        // that are set.
        let sets = |pointer: &str| config.is_some_and(|config| config.value().pointer(pointer).is_some());
        let defaults = new.defaults.into_iter().filter(|(pointer, _)| !sets(pointer)).collect();
        let secrets = config.map_or(new.secrets, |config| config.kept_secrets().map(str::to_owned).collect());
        let granted = |host: &String| {
            host.parse::<HostPattern>().is_ok_and(|host| grant.hosts.iter().any(|granted| granted.covers(&host)))
        };
        let hosts = new.hosts.into_iter().filter(|host| !granted(host)).collect();
        Self { held, beyond: Ask { hosts, credentials: new.credentials, defaults, secrets } }
    }
}

impl Builder {
    /// The connection, and everything that is wrong with it, each with file, line and the way out. A disabled one is checked
    /// all the same. `consented` is what its plugin asked when it was first activated; `None` where that is now.
    pub fn build(
        &self,
        plugins: &Catalogue,
        id: &ConnectionId,
        incarnation: Incarnation,
        settings: &ConnectionSettings,
        consented: Option<&Ask>,
        now: Timestamp,
    ) -> (Connection, Vec<String>) {
        let identity = Identity { id, hash_key: self.hash_key.of_incarnation(id, incarnation) };
        let mut problems = settings.problems.clone();
        let grant = settings.grant.clone();
        let plugin = plugins.get(&settings.plugin);
        let config = plugin.map(|plugin| {
            let asked = Ask::of(&plugin.manifest);
            plugin.config_schema.resolve_keeping(settings.config.clone(), consented.unwrap_or(&asked))
        });
        let known = config.as_ref().and_then(|config| config.as_ref().ok());
        let consented = plugin.map(|plugin| Consented::of(plugin, consented, known, &grant)).unwrap_or_default();
        if plugin.is_none() && problems.is_empty() {
            problems.push(not_loaded(plugins, settings));
        }
        let built = match plugin.zip(config) {
            Some((plugin, Ok(config))) if problems.is_empty() => {
                self.ready(&identity, settings, plugin, config, &consented, &mut problems)
            }
            Some((_, Err(violations))) if problems.is_empty() => {
                let texts = violations.iter().map(|v| format!("{}: {}", settings.line_of(&v.pointer), v.detail));
                problems.extend(texts);
                None
            }
            _ => None,
        };
        let hint = built.as_ref().and_then(|ready| hint(id, ready, &consented));
        let condition = Condition::new(health(settings.enabled, &problems, hint.clone(), now), hint);
        let connection = Connection {
            id: id.clone(),
            incarnation,
            hash_key: identity.hash_key,
            plugin_name: settings.plugin.clone(),
            enabled: settings.enabled,
            redacted_config: built.as_ref().map_or(serde_json::Value::Null, |ready| ready.config.redacted()),
            grant,
            consented,
            webhook_url: format!("{}/webhooks/{id}", self.base_url),
            ready: built.filter(|_| settings.enabled),
            condition,
        };
        (connection, problems)
    }

    fn ready(
        &self,
        identity: &Identity<'_>,
        settings: &ConnectionSettings,
        plugin: &Arc<Plugin>,
        config: Config,
        consented: &Consented,
        problems: &mut Vec<String>,
    ) -> Option<Ready> {
        let grant = &settings.grant;
        let built = self.webhook_entry(plugin, &config, grant);
        let built =
            built.and_then(|webhook| Ok((webhook, self.outbound(identity, plugin, &config, grant, consented)?)));
        match built {
            Ok((webhook, outbound)) => Some(Ready {
                plugin: Arc::clone(plugin),
                guest_config: config.for_guest(&identity.hash_key, identity.id).into(),
                config,
                webhook,
                outbound: Arc::new(outbound),
                limits: plugin.manifest.limits.resolve(),
                share: Semaphore::new(self.share(plugin)),
            }),
            Err(messages) => {
                problems.extend(messages.iter().map(|message| format!("{}: {message}", settings.location)));
                None
            }
        }
    }

    /// Invocations of one connection that may run at a time: a flood at one, or a provider that does not answer, leaves room
    /// for the others.
    fn share(&self, plugin: &Plugin) -> usize {
        let slots = if plugin.component.pooled() { self.pool_slots } else { limit::ON_DEMAND_SLOTS };
        let share = slots.saturating_mul(limit::CONNECTION_SLOTS_PERCENT) / 100 / plugin.component.slots().max(1);
        usize::try_from(share.max(1)).unwrap_or(usize::MAX)
    }

    fn outbound(
        &self,
        identity: &Identity<'_>,
        plugin: &Plugin,
        config: &Config,
        grant: &Grant,
        consented: &Consented,
    ) -> Result<Outbound, Vec<String>> {
        let egress_grant = EgressGrant::resolve(&consented.held, config, grant)?;
        let credentials = Credentials::compile(&plugin.manifest, &consented.held, config, &egress_grant);
        let credentials = credentials
            .map_err(|problems| problems.iter().map(|problem| format!("credentials: {problem}")).collect::<Vec<_>>())?;
        let vault = Arc::new(Vault::new(config, &identity.hash_key, identity.id));
        Ok(Outbound::new(Arc::clone(&self.egress), identity.id.clone(), egress_grant, credentials, vault))
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
        let verifier = Verifier::compile(&rules, config, self.public_url.as_deref(), grant).map_err(texts)?;
        let asked = rules.body_bytes_max.unwrap_or(limit::WEBHOOK_BODY_BYTES_DEFAULT);
        Ok(Some(WebhookEntry {
            rules: rules.into_owned(),
            verifier,
            body_bytes_max: asked.min(limit::WEBHOOK_BODY_BYTES_MAX),
        }))
    }
}

fn not_loaded(plugins: &Catalogue, settings: &ConnectionSettings) -> String {
    let known: Vec<_> = plugins.serving().map(|plugin| plugin.manifest.name.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("{}: no plugin {} is loaded (loaded: {known})", settings.location, settings.plugin)
}

/// What the operator should know of a connection that works: a code and a sentence.
fn hint(id: &ConnectionId, ready: &Ready, consented: &Consented) -> Option<(String, String)> {
    if !consented.beyond.is_empty() {
        let version = ready.plugin.manifest.plugin();
        let beyond = &consented.beyond;
        let text = format!(
            "{version} asks for more than {id} was granted, and does without it: {beyond}; \
             `hookyard connections consent {id}` grants it"
        );
        return Some(("needs-consent".to_owned(), text));
    }
    let lacks_secret = ready.webhook.as_ref().is_some_and(|entry| entry.verifier.lacks_secret());
    lacks_secret.then(|| {
        let text = "no secret to verify webhooks with: they are answered 503";
        ("unsigned-not-allowed".to_owned(), text.to_owned())
    })
}

/// A connection with a hint is healthy, since that says how the provider is doing; the code tells.
fn health(enabled: bool, problems: &[String], hint: Option<(String, String)>, now: Timestamp) -> Health {
    if !problems.is_empty() {
        return Health {
            status: HealthStatus::Invalid,
            code: Some("connection-invalid".to_owned()),
            message: Some(problems.join("; ")),
            since: now,
        };
    }
    let status = if enabled { HealthStatus::Healthy } else { HealthStatus::Disabled };
    let (code, message) = hint.unzip();
    Health { status, code, message, since: now }
}
