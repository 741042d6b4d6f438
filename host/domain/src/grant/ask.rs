//! What a plugin asks the operator for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::overlap;
use crate::manifest::Manifest;
use crate::manifest::credential::Credential;
use crate::manifest::host::HostEntry;
use crate::schema::secret_place::SecretPlace;
use crate::schema::{self, tokens};

/// The hosts that a manifest asks to reach, and what it asks to do with secrets. What the operator consented to is one of
/// these as well; it is stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Host patterns and `{config:/pointer}`, as the manifest writes them.
    pub hosts: BTreeSet<String>,
    /// Each credential as canonical JSON: [`Credential::canonical`].
    pub credentials: BTreeSet<String>,
    /// What stands at the pointers of `{config:/pointer}`, in `hosts`, in those of credentials and in the URLs of their tokens,
    /// where the operator sets nothing: the URLs that the config's schema has as defaults there.
    #[serde(default)]
    pub defaults: BTreeMap<String, BTreeSet<String>>,
    /// Where the config's secrets stand, which the plugin therefore does not see: [`SecretPlace`]s. Here it is fewer that ask
    /// for more.
    #[serde(default)]
    pub secrets: BTreeSet<String>,
}

impl Ask {
    /// What this manifest asks.
    pub fn of(manifest: &Manifest) -> Self {
        let hosts: BTreeSet<_> = manifest.hosts.iter().cloned().collect();
        let of_credentials = manifest.credentials.iter().flat_map(|credential| &credential.hosts);
        let (mut defaults, mut pointers) = (BTreeMap::new(), BTreeSet::new());
        for text in hosts.iter().chain(of_credentials) {
            if let Ok(HostEntry::Config(pointer)) = HostEntry::of_credential(text) {
                pointers.insert(pointer);
            }
        }
        // Where a token is fetched is where the secrets for it go.
        pointers.extend(manifest.credentials.iter().flat_map(Credential::token_url_pointers));
        for pointer in pointers {
            let found = defaults_at(&manifest.config, &pointer);
            if !found.is_empty() {
                defaults.insert(pointer, found);
            }
        }
        let credentials = manifest.credentials.iter().map(Credential::canonical).collect();
        let secrets = SecretPlace::all_of(&manifest.config).iter().map(ToString::to_string).collect();
        Self { hosts, credentials, defaults, secrets }
    }

    /// What goes beyond `consented`. A narrower pattern, and a credential with narrower hosts or fewer places, does not. Of
    /// secrets it is the places that are none any more.
    pub fn beyond(&self, consented: &Self) -> Self {
        let credentials = self.credentials.iter().filter(|text| !consented.covers(text));
        let defaults = self.defaults.iter().filter_map(|(pointer, urls)| {
            let new: BTreeSet<_> = urls.iter().filter(|url| !consented.has_default(pointer, url)).cloned().collect();
            (!new.is_empty()).then(|| (pointer.clone(), new))
        });
        Self {
            hosts: self.hosts.iter().filter(|host| !overlap::covers_host(&consented.hosts, host)).cloned().collect(),
            credentials: credentials.cloned().collect(),
            defaults: defaults.collect(),
            secrets: consented.secrets.difference(&self.secrets).cloned().collect(),
        }
    }

    /// What both this and `consented` allow. Of what was widened, that is what it was before.
    pub fn within(&self, consented: &Self) -> Self {
        let asked = self.credentials.iter().filter_map(|text| serde_json::from_str::<Credential>(text).ok());
        let credentials = asked.flat_map(|asked| consented.parts_of(&asked)).map(|part| part.canonical());
        let defaults = self.defaults.iter().filter_map(|(pointer, urls)| {
            let both: BTreeSet<_> = urls.intersection(consented.defaults.get(pointer)?).cloned().collect();
            (!both.is_empty()).then(|| (pointer.clone(), both))
        });
        Self {
            hosts: overlap::shared_hosts(&self.hosts, &consented.hosts).into_iter().collect(),
            credentials: credentials.collect(),
            defaults: defaults.collect(),
            secrets: self.secrets.union(&consented.secrets).cloned().collect(),
        }
    }

    /// Everything that either of two consents allows.
    #[must_use]
    pub fn together(&self, other: &Self) -> Self {
        let mut defaults = self.defaults.clone();
        for (pointer, urls) in &other.defaults {
            defaults.entry(pointer.clone()).or_default().extend(urls.iter().cloned());
        }
        Self {
            hosts: &self.hosts | &other.hosts,
            credentials: &self.credentials | &other.credentials,
            defaults,
            secrets: &self.secrets & &other.secrets,
        }
    }

    /// Whether nothing is asked. Secrets that are not read ask for nothing.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.credentials.is_empty() && self.defaults.is_empty() && self.secrets.is_empty()
    }

    /// Whether this consent covers what stands at a pointer of the config where the operator set nothing.
    pub(crate) fn has_default(&self, pointer: &str, text: &str) -> bool {
        self.defaults.get(pointer).is_some_and(|urls| urls.contains(text))
    }

    /// What of a credential this consent covers: all of it, or the parts that it shares with others.
    pub(crate) fn parts_of(&self, asked: &Credential) -> Vec<Credential> {
        if self.covers(&asked.canonical()) {
            return vec![asked.clone()];
        }
        self.known_credentials().filter_map(|consented| overlap::shared(asked, &consented)).collect()
    }

    fn covers(&self, canonical: &str) -> bool {
        if self.credentials.contains(canonical) {
            return true;
        }
        let Ok(asked) = serde_json::from_str::<Credential>(canonical) else { return false };
        self.known_credentials().any(|consented| overlap::covers_credential(&consented, &asked))
    }

    fn known_credentials(&self) -> impl Iterator<Item = Credential> {
        self.credentials.iter().filter_map(|text| serde_json::from_str(text).ok())
    }
}

/// Everything that may be filled in at a pointer: what stands there as a default, or within the default of something around it.
fn defaults_at(config: &Value, pointer: &str) -> BTreeSet<String> {
    let (Some(whole), Some(tokens)) = (schema::place(config), tokens(pointer)) else { return BTreeSet::new() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    whole.defaults_below(&tokens).filter(|value| !value.is_null()).map(text).collect()
}

impl fmt::Display for Ask {
    /// What goes beyond a consent: `to reach api.x.com; to send {secret:/api_key} to api.x.com in the header as-api-key; to read
    /// /api_key`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.hosts.is_empty() {
            let hosts: Vec<_> = self.hosts.iter().map(String::as_str).collect();
            parts.push(format!("to reach {}", hosts.join(", ")));
        }
        for (pointer, urls) in &self.defaults {
            let urls: Vec<_> = urls.iter().map(String::as_str).collect();
            parts.push(format!("to take {} for {{config:{pointer}}} where the config sets nothing", urls.join(" or ")));
        }
        for text in &self.credentials {
            let shown =
                serde_json::from_str::<Credential>(text).map_or_else(|_| text.clone(), |known| known.to_string());
            parts.push(format!("to send {shown}"));
        }
        if !self.secrets.is_empty() {
            let places: Vec<_> = self.secrets.iter().map(String::as_str).collect();
            parts.push(format!("to read {}", places.join(", ")));
        }
        if parts.is_empty() { f.write_str("nothing") } else { f.write_str(&parts.join("; ")) }
    }
}
