//! A connection's config: validated, with its secrets known by place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};

use crate::id::ConnectionId;
use crate::invocation::hex;
use crate::keyed_hash::HashKey;
use crate::limit;
use crate::manifest::Manifest;
use crate::schema::place::Place;
use crate::schema::{Schema, SchemaError, Violation, escape};
use crate::secret::Secret;

/// The config schema of one manifest. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ConfigSchema {
    schema: Schema,
}

impl ConfigSchema {
    /// Compiles the manifest's config schema.
    pub fn compile(manifest: &Manifest) -> Result<Self, SchemaError> {
        Ok(Self { schema: Schema::compile(&manifest.config)? })
    }

    /// Replaces other names of properties by their own, then validates. No violation shows a value.
    pub fn resolve(&self, config: Value) -> Result<Config, Vec<Violation>> {
        let bytes = config.to_string().len();
        if bytes > limit::CONFIG_BYTES_MAX {
            let detail = format!("the config has {bytes} bytes; at most {} are allowed", limit::CONFIG_BYTES_MAX);
            return Err(vec![Violation { pointer: String::new(), code: "too-large".to_owned(), detail }]);
        }
        let value = self.schema.resolve_aliases(config)?;
        self.schema.validate(&value)?;
        let mut secrets = BTreeSet::new();
        find_secrets(&value, &self.schema.place(), "", false, &mut secrets);
        Ok(Config { value, secrets })
    }

    /// A config that a client sends back after having read it redacted: a secret that reads `{"set": true}` or is left
    /// out is taken from `stored`; `null` removes one that the schema lets be absent. To be resolved afterwards.
    pub fn keep_secrets(&self, sent: Value, stored: &Config) -> Result<Value, Vec<Violation>> {
        let mut sent = self.schema.resolve_aliases(sent)?;
        keep_secrets(&mut sent, &stored.value, &self.schema.place());
        Ok(sent)
    }
}

fn keep_secrets(sent: &mut Value, stored: &Value, place: &Place<'_>) {
    if *sent == json!({ "set": true }) && holds_secret(place) {
        *sent = stored.clone();
        return;
    }
    let (Value::Object(sent), Value::Object(stored)) = (sent, stored) else { return };
    for (name, stored) in stored {
        let place = place.member(name);
        match sent.get_mut(name) {
            Some(Value::Null) if holds_secret(&place) => {
                sent.remove(name);
            }
            Some(member) => keep_secrets(member, stored, &place),
            None if holds_secret(&place) || holds_only_secrets(stored, &place) => {
                sent.insert(name.clone(), stored.clone());
            }
            None => {}
        }
    }
}

/// Whether this is a set of secrets by name. What is more than that and left out as a whole is meant to be gone.
fn holds_only_secrets(stored: &Value, place: &Place<'_>) -> bool {
    let members = stored.as_object().filter(|members| !members.is_empty());
    members.is_some_and(|members| members.keys().all(|name| holds_secret(&place.member(name))))
}

/// Whether one secret stands here, or a list of them.
fn holds_secret(place: &Place<'_>) -> bool {
    place.is_secret() || place.items().is_secret()
}

/// Collects pointers to all texts and numbers at places that are secret, or below such places.
fn find_secrets(value: &Value, place: &Place<'_>, pointer: &str, inside: bool, found: &mut BTreeSet<String>) {
    let secret = inside || place.is_secret();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                find_secrets(member, &place.member(name), &format!("{pointer}/{}", escape(name)), secret, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_secrets(item, &place.items(), &format!("{pointer}/{index}"), secret, found);
            }
        }
        Value::String(_) | Value::Number(_) if secret => {
            found.insert(pointer.to_owned());
        }
        _ => {}
    }
}

/// A valid config under the properties' own names.
#[derive(Clone)]
pub struct Config {
    value: Value,
    /// JSON pointers to the secrets.
    secrets: BTreeSet<String>,
}

impl Config {
    /// The config with its secrets: for the host only.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The texts at a JSON pointer: one, or those of a rotating list; none when unset or empty.
    pub fn secrets_at(&self, pointer: &str) -> Vec<Secret> {
        let texts = match self.value.pointer(pointer) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text.as_str()],
            _ => Vec::new(),
        };
        texts.into_iter().filter(|text| !text.is_empty()).map(Secret::new).collect()
    }

    /// The config as JSON for the guest: every secret replaced by its placeholder.
    pub fn for_guest(&self, key: &HashKey, connection: &ConnectionId) -> String {
        let placeholder =
            |pointer: &str, value: &Value| Value::String(placeholder(key, connection, pointer, &secret_text(value)));
        self.replace(&self.value, "", &placeholder).to_string()
    }

    /// What each placeholder stands for.
    pub fn placeholders(&self, key: &HashKey, connection: &ConnectionId) -> BTreeMap<String, Secret> {
        let secrets = self.secrets.iter().filter_map(|pointer| Some((pointer, self.value.pointer(pointer)?)));
        secrets
            .map(|(pointer, value)| {
                let text = secret_text(value);
                (placeholder(key, connection, pointer, &text), Secret::new(text))
            })
            .collect()
    }

    /// The config for the API: each secret that is set reads `{"set": true}`, and so does a list of secrets.
    pub fn redacted(&self) -> Value {
        let set = |_: &str, _: &Value| json!({ "set": true });
        collapse_lists(self.replace(&self.value, "", &set))
    }

    fn replace(&self, value: &Value, pointer: &str, by: &dyn Fn(&str, &Value) -> Value) -> Value {
        match value {
            Value::Object(members) => {
                let members = members.iter().map(|(name, member)| {
                    (name.clone(), self.replace(member, &format!("{pointer}/{}", escape(name)), by))
                });
                Value::Object(members.collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.replace(item, &format!("{pointer}/{index}"), by)).collect()
            }
            _ if self.secrets.contains(pointer) => by(pointer, value),
            _ => value.clone(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config({})", self.redacted())
    }
}

/// `hysec_` and 32 hex digits, which change only when the secret itself does.
fn placeholder(key: &HashKey, connection: &ConnectionId, pointer: &str, secret: &str) -> String {
    let parts = ["placeholder", connection.as_str(), pointer, secret];
    format!("hysec_{}", hex(&key.hash16(&parts.map(str::as_bytes))))
}

fn secret_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How many secrets rotate is nobody's business, and one shape for both is easier to send back.
fn collapse_lists(value: Value) -> Value {
    let set = json!({ "set": true });
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| *item == set) => set,
        Value::Array(items) => items.into_iter().map(collapse_lists).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, member)| (name, collapse_lists(member))).collect())
        }
        other => other,
    }
}
