//! A connection's config: validated, with its secrets known by place.

mod sent;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};

use crate::grant::Ask;
use crate::hex::hex;
use crate::id::ConnectionId;
use crate::keyed_hash::HashKey;
use crate::limit;
use crate::manifest::Manifest;
use crate::schema::place::Place;
use crate::schema::secret_place::SecretPlace;
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
        self.resolve_keeping(config, &Ask::default())
    }

    /// The same, where what was a secret when the operator consented stays one, whatever the schema says of it now.
    pub fn resolve_keeping(&self, config: Value, consented: &Ask) -> Result<Config, Vec<Violation>> {
        let bytes = config.to_string().len();
        if bytes > limit::CONFIG_BYTES_MAX {
            let detail = format!("the config has {bytes} bytes; at most {} are allowed", limit::CONFIG_BYTES_MAX);
            return Err(vec![Violation { pointer: String::new(), code: "too-large".to_owned(), detail }]);
        }
        let once_secret = OnceSecret::of(&config, consented);
        let value = self.schema.resolve_aliases(config)?;
        self.schema.validate(&value)?;
        let mut secrets = BTreeSet::new();
        find_secrets(&value, &self.schema.place(), "", false, &mut secrets);
        let kept: BTreeSet<_> = once_secret.in_value(&value).difference(&secrets).cloned().collect();
        secrets.extend(kept.iter().cloned());
        let effective = self.schema.with_defaults(&value)?;
        Ok(Config { value, effective, secrets, kept })
    }
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

/// What an operator wrote when he could rely on it staying secret.
struct OnceSecret {
    places: Vec<SecretPlace>,
    /// By the pointers at which they stand as he wrote them.
    texts: BTreeMap<String, String>,
}

impl OnceSecret {
    fn of(written: &Value, consented: &Ask) -> Self {
        let places: Vec<SecretPlace> = consented.secrets.iter().filter_map(|place| place.parse().ok()).collect();
        let mut pointers = BTreeSet::new();
        SecretPlace::find(&places, written, &mut pointers);
        let text = |pointer: String| written.pointer(&pointer).map(secret_text).map(|text| (pointer, text));
        Self { places, texts: pointers.into_iter().filter_map(text).collect() }
    }

    /// Pointers to them in the config under the properties' own names. A name that a new version takes for another one moves a
    /// secret to where none was expected: what has left its place is known by its text.
    fn in_value(&self, value: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        SecretPlace::find(&self.places, value, &mut found);
        let at = |pointer: &str| value.pointer(pointer).filter(|value| !value.is_object()).map(secret_text);
        let moved = self.texts.iter().filter(|(pointer, text)| at(pointer).as_ref() != Some(*text));
        let moved: BTreeSet<_> = moved.map(|(_, text)| text.as_str()).collect();
        if !moved.is_empty() {
            find_texts(value, "", &moved, &mut found);
        }
        found
    }
}

fn find_texts(value: &Value, pointer: &str, texts: &BTreeSet<&str>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                find_texts(member, &format!("{pointer}/{}", escape(name)), texts, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_texts(item, &format!("{pointer}/{index}"), texts, found);
            }
        }
        Value::String(_) | Value::Number(_) if texts.contains(secret_text(value).as_str()) => {
            found.insert(pointer.to_owned());
        }
        _ => {}
    }
}

/// A valid config under the properties' own names.
#[derive(Clone)]
pub struct Config {
    value: Value,
    /// With the schema's defaults.
    effective: Value,
    /// JSON pointers to the secrets.
    secrets: BTreeSet<String>,
    /// Those of them that the schema does not mark.
    kept: BTreeSet<String>,
}

impl Config {
    /// The config with its secrets: for the host only.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The same with the schema's defaults where the operator says nothing: what the guest sees, and what templates and
    /// pointers of the manifest speak of. A default is never a secret.
    pub fn effective(&self) -> &Value {
        &self.effective
    }

    /// Each secret, by the JSON pointer to it. Items of a rotating list are secrets of their own.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, Secret)> {
        self.secrets.iter().filter_map(|pointer| {
            let value = self.value.pointer(pointer)?;
            Some((pointer.as_str(), Secret::new(secret_text(value))))
        })
    }

    /// JSON pointers to the secrets that the schema does not mark any more: [`ConfigSchema::resolve_keeping`].
    pub fn kept_secrets(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(String::as_str)
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
        self.replace(&self.effective, "", &placeholder).to_string()
    }

    /// What each placeholder stands for.
    pub fn placeholders(&self, key: &HashKey, connection: &ConnectionId) -> BTreeMap<String, Secret> {
        self.secrets()
            .map(|(pointer, secret)| (placeholder(key, connection, pointer, secret.expose()), secret))
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
