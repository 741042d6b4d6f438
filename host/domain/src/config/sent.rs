//! What a client sends in place of a config that it has read redacted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ConfigSchema, OnceSecret, collapse_lists, find_secrets};
use crate::grant::Ask;
use crate::schema::{Violation, escape};

impl ConfigSchema {
    /// A config that a client sends back after having read it redacted: a secret that reads `{"set": true}` or is left
    /// out is taken from `stored`; `null` removes one that the schema lets be absent. What was a secret when the operator
    /// consented is one here as well ([`ConfigSchema::resolve_keeping`]). To be resolved afterwards.
    ///
    /// # Errors
    /// The config has two names of one property.
    pub fn keep_secrets(&self, sent: Value, stored: &Value, consented: &Ask) -> Result<Value, Vec<Violation>> {
        let mut sent = self.schema.resolve_aliases(sent)?;
        let stored = self.stored(stored, consented);
        stored.keep(&mut sent, &stored.value, "");
        Ok(sent)
    }

    /// The stored config with a JSON merge patch (RFC 7396) applied. A secret that the patch gives as `{"set": true}` stays. To be
    /// resolved afterwards.
    ///
    /// # Errors
    /// The patch has two names of one property.
    pub fn merge(&self, patch: Value, stored: &Value, consented: &Ask) -> Result<Value, Vec<Violation>> {
        let patch = self.schema.resolve_aliases(patch)?;
        let stored = self.stored(stored, consented);
        Ok(stored.merge(patch, Some(&stored.value), ""))
    }

    /// A stored config that has two names of one property stays under both.
    fn stored(&self, stored: &Value, consented: &Ask) -> Stored {
        let value = self.schema.resolve_aliases(stored.clone()).unwrap_or_else(|_| stored.clone());
        let mut secrets = OnceSecret::of(stored, consented).in_value(&value);
        find_secrets(&value, &self.schema.place(), "", false, &mut secrets);
        Stored { value, secrets }
    }
}

/// A config with all its secrets, under the names of the schema that it is to be valid against.
struct Stored {
    value: Value,
    /// JSON pointers to the secrets.
    secrets: BTreeSet<String>,
}

impl Stored {
    fn keep(&self, sent: &mut Value, stored: &Value, pointer: &str) {
        if *sent == json!({ "set": true }) && self.is_secret(stored, pointer) {
            *sent = stored.clone();
            return;
        }
        match (sent, stored) {
            (Value::Object(sent), Value::Object(stored)) => {
                for (name, stored) in stored {
                    let pointer = format!("{pointer}/{}", escape(name));
                    match sent.get_mut(name) {
                        Some(Value::Null) if self.is_secret(stored, &pointer) => {
                            sent.remove(name);
                        }
                        Some(member) => self.keep(member, stored, &pointer),
                        None if self.is_secret(stored, &pointer) || self.has_only_secrets(stored, &pointer) => {
                            sent.insert(name.clone(), stored.clone());
                        }
                        None => {}
                    }
                }
            }
            (Value::Array(sent), Value::Array(stored)) => self.keep_items(sent, stored, pointer),
            _ => {}
        }
    }

    /// An item is known by all of it that may be seen, wherever it now stands in the list.
    fn keep_items(&self, sent: &mut [Value], stored: &[Value], pointer: &str) {
        let mut shown: Vec<_> = stored.iter().enumerate().collect();
        for item in sent {
            let same = |&(index, stored): &(usize, &Value)| self.shown(stored, &format!("{pointer}/{index}")) == *item;
            if let Some(place) = shown.iter().position(same) {
                *item = shown.remove(place).1.clone();
            }
        }
    }

    fn merge(&self, patch: Value, target: Option<&Value>, pointer: &str) -> Value {
        match (patch, target) {
            (patch, Some(target)) if patch == json!({ "set": true }) && self.is_secret(target, pointer) => {
                target.clone()
            }
            (Value::Object(patch), target) => {
                let mut merged = target.and_then(Value::as_object).cloned().unwrap_or_default();
                for (name, patch) in patch {
                    let before = merged.remove(&name);
                    if !patch.is_null() {
                        let member = self.merge(patch, before.as_ref(), &format!("{pointer}/{}", escape(&name)));
                        merged.insert(name, member);
                    }
                }
                Value::Object(merged)
            }
            (mut patch, Some(target)) => {
                self.keep(&mut patch, target, pointer);
                patch
            }
            (patch, None) => patch,
        }
    }

    /// Whether one secret stands here, or a list of them.
    fn is_secret(&self, stored: &Value, pointer: &str) -> bool {
        let is_known = |pointer: &str| self.secrets.contains(pointer);
        let items = stored.as_array().filter(|items| !items.is_empty());
        is_known(pointer)
            || items.is_some_and(|items| (0..items.len()).all(|index| is_known(&format!("{pointer}/{index}"))))
    }

    /// Whether this is a set of secrets by name. What is more than that and left out as a whole is meant to be gone.
    fn has_only_secrets(&self, stored: &Value, pointer: &str) -> bool {
        let members = stored.as_object().filter(|members| !members.is_empty());
        let secret = |(name, member): (&String, &Value)| self.is_secret(member, &format!("{pointer}/{}", escape(name)));
        members.is_some_and(|members| members.iter().all(secret))
    }

    /// As [`super::Config::redacted`] shows it.
    fn shown(&self, value: &Value, pointer: &str) -> Value {
        let shown = match value {
            Value::Object(members) => {
                let member = |(name, member): (&String, &Value)| {
                    (name.clone(), self.shown(member, &format!("{pointer}/{}", escape(name))))
                };
                Value::Object(members.iter().map(member).collect())
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.shown(item, &format!("{pointer}/{index}"))).collect()
            }
            _ if self.secrets.contains(pointer) => json!({ "set": true }),
            _ => value.clone(),
        };
        collapse_lists(shown)
    }
}
