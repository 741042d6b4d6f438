//! From what the operator configured to a connection that works, or that says why it does not.

use std::sync::Arc;

use hookyard_capability::{Egress, Outbound, TokenRegistry, Vault};
use hookyard_domain::clock::Timestamp;
use hookyard_domain::config::Config;
use hookyard_domain::connection::{Health, HealthStatus, Incarnation};
use hookyard_domain::credential::Credentials;
use hookyard_domain::grant::{Ask, ChangedIn, EgressGrant, Grant};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;
use hookyard_domain::signature::Verifier;
use tokio::sync::Semaphore;

use super::choose::{Choice, Fit, choose};
use super::{Condition, Connection, Consented, Fault, Origin, Pending, Ready, WebhookEntry, hint};
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
    /// What fetches their tokens.
    pub tokens: Arc<TokenRegistry>,
    /// Slots of the instance pool.
    pub pool_slots: u32,
}

/// What is wanted of one connection, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its id.
    pub id: &'a ConnectionId,
    /// Who defines it.
    pub origin: Origin,
    /// What the operator configured.
    pub settings: &'a ConnectionSettings,
    /// What its plugin asked when the operator consented; `None` where that is now.
    pub consented: Option<&'a Ask>,
    /// The content of its plugin that it works with until now.
    pub held: Option<ContentHash>,
    /// How often its id was deleted before.
    pub incarnation: Incarnation,
}

/// A connection's id in one of its lives.
#[derive(Debug)]
struct Identity<'a> {
    id: &'a ConnectionId,
    origin: Origin,
    incarnation: Incarnation,
    hash_key: HashKey,
}

/// What a connection would be with one version of its plugin.
struct Attempt {
    ready: Option<Ready>,
    consented: Consented,
    faults: Vec<Fault>,
}

impl Attempt {
    fn fit(&self) -> Fit {
        Fit { usable: self.faults.is_empty(), asks_more: !self.consented.beyond.is_empty() }
    }

    /// What keeps the connection from moving on to this version.
    fn pending(self, plugin: &Plugin) -> Pending {
        Pending {
            version: plugin.manifest.plugin(),
            content: plugin.component.hash(),
            beyond: self.consented.beyond,
            faults: self.faults.into_iter().map(|fault| fault.line).collect(),
        }
    }
}

impl Builder {
    /// The connection, and everything that is wrong with it. A disabled one is checked all the same.
    pub fn build(&self, plugins: &Catalogue, wanted: &Wanted<'_>, now: Timestamp) -> (Connection, Vec<Fault>) {
        let settings = wanted.settings;
        let Some(current) = plugins.get(&settings.plugin) else {
            let mut faults: Vec<_> = settings.problems.iter().map(|line| Fault::of_settings(line)).collect();
            if faults.is_empty() {
                faults.push(Fault::of_plugin(settings, not_loaded(plugins, settings)));
            }
            let nothing = Attempt { ready: None, consented: Consented::default(), faults };
            return self.connection(wanted, nothing, None, now);
        };
        let tried = self.attempt(current, wanted);
        let held = wanted.held.filter(|held| *held != current.component.hash());
        let held = held.filter(|_| !tried.fit().fits()).and_then(|held| plugins.version(&settings.plugin, held));
        let held = held.map(|plugin| self.attempt(plugin, wanted));
        match (choose(tried.fit(), held.as_ref().map(Attempt::fit)), held) {
            (Choice::Stay, Some(held)) => self.connection(wanted, held, Some(tried.pending(current)), now),
            (Choice::Stay | Choice::Current, _) => self.connection(wanted, tried, None, now),
        }
    }

    fn connection(
        &self,
        wanted: &Wanted<'_>,
        chosen: Attempt,
        pending: Option<Pending>,
        now: Timestamp,
    ) -> (Connection, Vec<Fault>) {
        let Wanted { id, settings, .. } = *wanted;
        let Attempt { ready, consented, faults } = chosen;
        let hint = ready.as_ref().and_then(|ready| hint::of(id, wanted.origin, ready, &consented, pending.as_ref()));
        let prepared = ready.map(Arc::new);
        let connection = Connection {
            id: id.clone(),
            incarnation: wanted.incarnation,
            hash_key: self.hash_key.of_incarnation(id, wanted.incarnation),
            origin: wanted.origin,
            plugin_name: settings.plugin.clone(),
            enabled: settings.enabled,
            redacted_config: prepared.as_ref().map_or(serde_json::Value::Null, |ready| ready.config.redacted()),
            grant: settings.grant.clone(),
            consented,
            pending,
            webhook_url: format!("{}/webhooks/{id}", self.base_url),
            ready: prepared.clone().filter(|_| settings.enabled),
            prepared,
            condition: Arc::new(Condition::new(health(settings.enabled, &faults, hint.clone(), now), hint)),
        };
        (connection, faults)
    }

    /// What the connection would be with this version of its plugin.
    fn attempt(&self, plugin: &Arc<Plugin>, wanted: &Wanted<'_>) -> Attempt {
        let settings = wanted.settings;
        let mut faults: Vec<_> = settings.problems.iter().map(|line| Fault::of_settings(line)).collect();
        let asked = Ask::of(&plugin.manifest);
        let config = plugin.config_schema.resolve_keeping(settings.config.clone(), wanted.consented.unwrap_or(&asked));
        let consented = Consented::of(plugin, wanted.consented, config.as_ref().ok(), &settings.grant);
        let ready = match config {
            Ok(config) if faults.is_empty() => {
                let hash_key = self.hash_key.of_incarnation(wanted.id, wanted.incarnation);
                let identity =
                    Identity { id: wanted.id, origin: wanted.origin, incarnation: wanted.incarnation, hash_key };
                self.ready(&identity, settings, plugin, config, &consented, &mut faults)
            }
            Err(violations) if faults.is_empty() => {
                faults.extend(violations.iter().map(|violation| Fault::of_schema(settings, violation)));
                None
            }
            Ok(_) | Err(_) => None,
        };
        Attempt { ready, consented, faults }
    }

    fn ready(
        &self,
        identity: &Identity<'_>,
        settings: &ConnectionSettings,
        plugin: &Arc<Plugin>,
        config: Config,
        consented: &Consented,
        faults: &mut Vec<Fault>,
    ) -> Option<Ready> {
        let grant = &settings.grant;
        let built = self.webhook_entry(plugin, &config, grant);
        let built =
            built.and_then(|webhook| Ok((webhook, self.outbound(identity, plugin, &config, grant, consented)?)));
        let share = self.share(plugin);
        match built {
            Ok((webhook, outbound)) => Some(Ready {
                plugin: Arc::clone(plugin),
                guest_config: config.for_guest(&identity.hash_key, identity.id).into(),
                config,
                webhook,
                outbound: Arc::new(outbound),
                limits: plugin.manifest.limits.resolve(),
                share: Semaphore::new(share),
                by_itself: (share / 2).max(1),
                for_deliveries: Semaphore::new((share / 3).max(1)),
            }),
            Err(messages) => {
                faults.extend(messages.into_iter().map(|message| Fault::of_config(settings, message)));
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
        let changed_in = match identity.origin {
            Origin::File => ChangedIn::File,
            Origin::Api => ChangedIn::Api,
        };
        let egress_grant = EgressGrant::resolve(&consented.held, config, grant)?.changed_in(changed_in);
        let credentials = Credentials::compile(&plugin.manifest, &consented.held, config, &egress_grant);
        let credentials = credentials
            .map_err(|problems| problems.iter().map(|problem| format!("credentials: {problem}")).collect::<Vec<_>>())?;
        let vault = Arc::new(Vault::new(config, &identity.hash_key, identity.id));
        let tokens = self.tokens.of(identity.id.clone(), identity.incarnation, identity.hash_key.clone());
        Ok(Outbound::new(Arc::clone(&self.egress), tokens, egress_grant, credentials, vault))
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
    format!("no plugin {} is loaded (loaded: {known})", settings.plugin)
}

/// A connection with a hint is healthy, since that says how the provider is doing; the code tells.
fn health(enabled: bool, faults: &[Fault], hint: Option<(String, String)>, now: Timestamp) -> Health {
    if !faults.is_empty() {
        let lines: Vec<_> = faults.iter().map(|fault| fault.line.as_str()).collect();
        return Health {
            status: HealthStatus::Invalid,
            code: Some("connection-invalid".to_owned()),
            message: Some(lines.join("; ")),
            since: now,
        };
    }
    let status = if enabled { HealthStatus::Healthy } else { HealthStatus::Disabled };
    let (code, message) = hint.unzip();
    Health { status, code, message, since: now }
}
