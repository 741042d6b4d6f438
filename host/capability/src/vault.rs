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

/// The tokens that requests were sent with.
struct Learnt {
    tokens: Vec<LearntToken>,
    /// Knows the secrets of the config as well.
    redactor: Arc<Redactor>,
}

/// A token, and the way in which it was fetched. The newest stand last.
struct LearntToken {
    way: [u8; 16],
    text: Secret,
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

    /// From now on this token counts among the connection's secrets, and so does the one before it that was fetched in the same way,
    /// with which requests may still be under way. Of many ways, the tokens that were learnt first do not count any more: a redactor
    /// takes many times the bytes that it looks for.
    pub(crate) fn learn(&self, way: [u8; 16], token: &Secret) {
        let knows = |learnt: &Learnt| learnt.tokens.iter().any(|known| known.text == *token);
        if knows(&self.learnt.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut learnt = self.learnt.write().unwrap_or_else(PoisonError::into_inner);
        if knows(&learnt) {
            return;
        }
        let mut of_way = learnt.tokens.iter().enumerate().filter(|(_, known)| known.way == way).map(|(index, _)| index);
        if let (Some(oldest), Some(_)) = (of_way.next(), of_way.next()) {
            learnt.tokens.remove(oldest);
        }
        learnt.tokens.push(LearntToken { way, text: token.clone() });
        let mut bytes: usize = learnt.tokens.iter().map(|known| known.text.expose().len()).sum();
        while learnt.tokens.len() > limit::TOKENS_WATCHED_MAX
            || (bytes > limit::TOKENS_WATCHED_BYTES_MAX && learnt.tokens.len() > 1)
        {
            bytes -= learnt.tokens.remove(0).text.expose().len();
        }
        let secrets = self.known.values().map(|known| &known.text);
        learnt.redactor = Arc::new(Redactor::new(secrets.chain(learnt.tokens.iter().map(|known| &known.text))));
    }

    /// What [`Vault::redactor`] is now, and the tokens that it finds.
    pub(crate) fn watched(&self) -> (Arc<Redactor>, Vec<Secret>) {
        let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&learnt.redactor), learnt.tokens.iter().map(|known| known.text.clone()).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        let learnt = Learnt { tokens: vec![], redactor: Arc::new(Redactor::new([])) };
        Vault { known: BTreeMap::new(), configured: Arc::new(Redactor::new([])), learnt: RwLock::new(learnt) }
    }

    fn watched(vault: &Vault) -> Vec<String> {
        vault.watched().1.iter().map(|token| token.expose().to_owned()).collect()
    }

    #[test]
    fn of_one_way_the_present_token_and_the_one_before_it_are_known() {
        let vault = vault();
        for n in 0..100 {
            vault.learn([1; 16], &Secret::new(format!("token-{n}")));
            vault.learn([2; 16], &Secret::new("another-one"));
        }
        assert_eq!(watched(&vault), ["another-one", "token-98", "token-99"]);
        let redactor = vault.redactor();
        assert_eq!(redactor.redact("token-97 token-98 token-99 another-one"), "token-97 ••• ••• •••");
    }

    #[test]
    fn of_too_many_tokens_or_bytes_those_that_were_learnt_first_go() {
        let vault = vault();
        let way = |n: usize| [u8::try_from(n).expect("few"); 16];
        for n in 0..=limit::TOKENS_WATCHED_MAX {
            vault.learn(way(n), &Secret::new(format!("token-{n}")));
        }
        let known = watched(&vault);
        assert_eq!((known.len(), known[0].as_str()), (limit::TOKENS_WATCHED_MAX, "token-1"));
        let long = "x".repeat(limit::TOKENS_WATCHED_BYTES_MAX);
        vault.learn(way(0), &Secret::new(format!("{long}-")));
        assert_eq!(watched(&vault).len(), 1, "the newest stays, however long it is");
        vault.learn(way(1), &Secret::new("short"));
        assert_eq!(watched(&vault), ["short"]);
    }
}
