//! The secrets of one connection, and the placeholders by which its plugin speaks of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use hookyard_domain::config::Config;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use hookyard_domain::secret::Secret;
use serde_json::Value;

/// What the placeholders of a connection's config stand for, and what its secrets look like wherever they turn up: those of the
/// config, and the tokens that its requests were sent with. Made once for a config; shows nothing of itself.
pub struct Vault {
    known: BTreeMap<String, Arc<KnownSecret>>,
    configured: Arc<Redactor>,
    learnt: RwLock<Learnt>,
}

/// The tokens that requests were sent with, the newest last.
struct Learnt {
    tokens: Vec<Secret>,
    /// Knows the secrets of the config as well.
    redactor: Arc<Redactor>,
}

/// What a placeholder stands for.
pub(crate) struct KnownSecret {
    /// The text to fill in, before it is encoded for its place.
    pub(crate) text: Secret,
    /// JSON pointers into the config of all secrets in it: one, or those that it was derived from.
    pub(crate) pointers: BTreeSet<String>,
}

impl Vault {
    /// The secrets of this config, under the placeholders that [`Config::for_guest`] shows.
    pub fn new(config: &Config, key: &HashKey, connection: &ConnectionId) -> Self {
        let shown: Value = serde_json::from_str(&config.for_guest(key, connection)).unwrap_or_default();
        let secrets: Vec<_> = config.secrets().collect();
        let configured = Arc::new(Redactor::new(secrets.iter().map(|(_, secret)| secret)));
        let learnt = RwLock::new(Learnt { tokens: Vec::new(), redactor: Arc::clone(&configured) });
        let known = secrets.into_iter().filter_map(|(pointer, text)| {
            let placeholder = shown.pointer(pointer)?.as_str()?.to_owned();
            Some((placeholder, Arc::new(KnownSecret { text, pointers: BTreeSet::from([pointer.to_owned()]) })))
        });
        Self { known: known.collect(), configured, learnt }
    }

    /// Finds and replaces the connection's secrets in texts, with the tokens that are known by now.
    pub fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.learnt.read().unwrap_or_else(PoisonError::into_inner).redactor)
    }

    /// The same for the secrets of the config alone.
    pub(crate) fn configured(&self) -> &Redactor {
        &self.configured
    }

    /// From now on this token counts among the connection's secrets. Of many, the oldest do not any more.
    pub(crate) fn learn(&self, token: &Secret) {
        if self.learnt.read().unwrap_or_else(PoisonError::into_inner).tokens.contains(token) {
            return;
        }
        let mut learnt = self.learnt.write().unwrap_or_else(PoisonError::into_inner);
        if learnt.tokens.len() >= limit::TOKENS_WATCHED_MAX {
            learnt.tokens.remove(0);
        }
        learnt.tokens.push(token.clone());
        let secrets = self.known.values().map(|known| &known.text);
        learnt.redactor = Arc::new(Redactor::new(secrets.chain(&learnt.tokens)));
    }

    /// The tokens that it has learnt.
    pub(crate) fn tokens(&self) -> Vec<Secret> {
        self.learnt.read().unwrap_or_else(PoisonError::into_inner).tokens.clone()
    }

    /// What a placeholder stands for.
    pub(crate) fn secret(&self, placeholder: &str) -> Option<&Arc<KnownSecret>> {
        self.known.get(placeholder)
    }

    /// Whether there is any.
    pub(crate) fn holds_any(&self) -> bool {
        !self.known.is_empty()
    }

    /// All of them.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Arc<KnownSecret>> {
        self.known.values()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(•••)")
    }
}

impl fmt::Debug for KnownSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownSecret").field("pointers", &self.pointers).finish_non_exhaustive()
    }
}

impl KnownSecret {
    /// For messages: which secret this is, without the secret.
    pub(crate) fn name(&self) -> String {
        let pointers: Vec<_> = self.pointers.iter().map(String::as_str).collect();
        match pointers.as_slice() {
            [] => "the derived text".to_owned(),
            [pointer] => format!("the secret at {pointer}"),
            several => format!("the text derived from the secrets at {}", several.join(" and ")),
        }
    }
}
