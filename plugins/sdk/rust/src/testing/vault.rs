//! The secrets of the test connection, behind placeholders as in the real host.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::Refusal;

/// What every placeholder begins with.
const PREFIX: &str = "hysec_";
/// Bytes of a placeholder: the prefix and 32 hexadecimal digits.
const PLACEHOLDER_BYTES: usize = PREFIX.len() + 32;
/// Secrets that one invocation derives.
const DERIVED_MAX: usize = 100;
/// Bytes of a derived secret.
const DERIVED_BYTES_MAX: usize = 64 * 1024;

/// A secret and where in the config it stands; a derived one stands where its parts do.
#[derive(Debug, Clone)]
struct Kept {
    text: String,
    pointers: BTreeSet<String>,
}

/// What each placeholder stands for.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    kept: BTreeMap<String, Kept>,
    /// Those of the running invocation.
    derived: BTreeMap<String, Kept>,
}

impl Vault {
    /// Takes the secrets out of a config: texts at places that the schema marks `writeOnly`, and below them.
    pub(super) fn take(config: &mut Value, schema: &Value) -> Self {
        let mut vault = Self::default();
        vault.take_below(config, &[schema], schema, "", false);
        vault
    }

    fn take_below(&mut self, value: &mut Value, schemas: &[&Value], root: &Value, pointer: &str, inside: bool) {
        let schemas = branches(schemas, root);
        let secret = inside || schemas.iter().any(|schema| schema["writeOnly"] == true);
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let below: Vec<&Value> = schemas.iter().filter_map(|schema| member_schema(schema, name)).collect();
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    self.take_below(member, &below, root, &format!("{pointer}/{escaped}"), secret);
                }
            }
            Value::Array(items) => {
                let below: Vec<&Value> = schemas.iter().filter_map(|schema| schema.get("items")).collect();
                for (index, item) in items.iter_mut().enumerate() {
                    self.take_below(item, &below, root, &format!("{pointer}/{index}"), secret);
                }
            }
            Value::String(text) if secret => {
                let placeholder = self.keep(std::mem::take(text), BTreeSet::from([pointer.to_owned()]));
                *text = placeholder;
            }
            _ => {}
        }
    }

    /// A placeholder for the encoded text, as `secrets.derive` has it: good until [`forget_derived`](Self::forget_derived).
    pub(crate) fn derive(&mut self, encoding: &str, text: &str) -> Result<String, Refusal> {
        let encode = encoding_named(encoding)?;
        let pointers = self.pointers_in(text)?;
        let encoded = encode(&self.fill(text)?);
        if text.len() > DERIVED_BYTES_MAX || encoded.len() > DERIVED_BYTES_MAX {
            return Err(refusal("too-large", format!("a derived secret has at most {DERIVED_BYTES_MAX} bytes")));
        }
        let placeholder = placeholder_of(&encoded, &pointers);
        if self.derived.len() >= DERIVED_MAX && !self.derived.contains_key(&placeholder) {
            return Err(refusal("too-many", format!("an invocation derives {DERIVED_MAX} secrets")));
        }
        self.derived.insert(placeholder.clone(), Kept { text: encoded, pointers });
        Ok(placeholder)
    }

    /// What was derived is good for its invocation only.
    pub(super) fn forget_derived(&mut self) {
        self.derived.clear();
    }

    /// `text` with its placeholders filled in; `denied` if one stands for nothing.
    pub(crate) fn fill(&self, text: &str) -> Result<String, Refusal> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(placeholder) = found(rest).next() {
            let (before, after) = rest.split_once(placeholder).expect("it was found there");
            filled.push_str(before);
            filled.push_str(&self.known(placeholder)?.text);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Where the secrets in `text` stand in the config; `denied` if a placeholder in it stands for nothing.
    pub(super) fn pointers_in(&self, text: &str) -> Result<BTreeSet<String>, Refusal> {
        let mut pointers = BTreeSet::new();
        for placeholder in found(text) {
            pointers.extend(self.known(placeholder)?.pointers.iter().cloned());
        }
        Ok(pointers)
    }

    fn known(&self, placeholder: &str) -> Result<&Kept, Refusal> {
        let known = self.kept.get(placeholder).or_else(|| self.derived.get(placeholder));
        known.ok_or_else(|| refusal("denied", format!("{placeholder} stands for no secret of this invocation")))
    }

    fn keep(&mut self, text: String, pointers: BTreeSet<String>) -> String {
        let placeholder = placeholder_of(&text, &pointers);
        self.kept.insert(placeholder.clone(), Kept { text, pointers });
        placeholder
    }
}

/// Says nothing of the text, and is the same for the same.
pub(super) fn placeholder_of(text: &str, pointers: &BTreeSet<String>) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, text, pointers).hash(&mut hasher);
        hasher.finish()
    };
    format!("{PREFIX}{:016x}{:016x}", half(0), half(1))
}

fn encoding_named(name: &str) -> Result<fn(&str) -> String, Refusal> {
    Ok(match name {
        "base64" => |text| STANDARD.encode(text),
        "base64url" => |text| URL_SAFE_NO_PAD.encode(text),
        "percent" => crate::http::percent,
        "json-string" => json_string,
        "hex" => |text| text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        other => return Err(Refusal::invalid(format!("there is no encoding {other:?}"))),
    })
}

pub(super) fn refusal(code: &str, message: String) -> Refusal {
    Refusal { code: code.to_owned(), message }
}

/// The schemas themselves, what they refer to, and what they combine.
fn branches<'a>(schemas: &[&'a Value], root: &'a Value) -> Vec<&'a Value> {
    let mut all: Vec<&Value> = schemas.to_vec();
    let mut next = 0;
    while let Some(schema) = all.get(next).copied() {
        next += 1;
        let referred = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?));
        let combined = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|name| schema[name].as_array()).flatten();
        for more in referred.into_iter().chain(combined) {
            if !all.iter().any(|known| std::ptr::eq(*known, more)) {
                all.push(more);
            }
        }
    }
    all
}

fn member_schema<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema["properties"].get(name).or_else(|| schema.get("additionalProperties"))
}

/// Everything in `text` that looks like a placeholder.
pub(super) fn found(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(PREFIX).filter_map(|(at, _)| {
        let placeholder = text.get(at..at + PLACEHOLDER_BYTES)?;
        placeholder[PREFIX.len()..].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(placeholder)
    })
}

fn json_string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_leave_the_config_and_placeholders_stand_in_their_place() {
        let secret = json!({ "type": "string", "writeOnly": true });
        let schema = json!({
            "properties": {
                "user": { "type": "string" },
                "password": secret,
                "rotating": { "writeOnly": true, "items": { "type": "string" } },
                "named": { "additionalProperties": secret },
                "either": { "anyOf": [{ "type": "number" }, { "$ref": "#/$defs/key" }] },
            },
            "$defs": { "key": { "properties": { "secret": secret } } },
        });
        let mut config = json!({
            "user": "u", "password": "p1", "rotating": ["p2", "p3"], "named": { "a/b": "p4" }, "either": { "secret": "p5" },
        });
        let vault = Vault::take(&mut config, &schema);
        assert_eq!(config["user"], "u");
        let places = [
            ("/password", "p1"),
            ("/rotating/0", "p2"),
            ("/rotating/1", "p3"),
            ("/named/a~1b", "p4"),
            ("/either/secret", "p5"),
        ];
        for (pointer, secret) in places {
            let placeholder = config.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
            assert_eq!((placeholder.len(), vault.fill(&format!("<{placeholder}>"))), (38, Ok(format!("<{secret}>"))));
            assert_eq!(vault.pointers_in(&placeholder), Ok(BTreeSet::from([pointer.to_owned()])));
        }
    }

    #[test]
    fn derived_secrets_are_encoded_after_they_are_filled_in() {
        let mut config = json!("p\"w");
        let mut vault = Vault::take(&mut config, &json!({ "writeOnly": true }));
        let text = format!("u:{}", config.as_str().expect("a text"));
        let encoded = [
            ("base64", "dTpwInc="),
            ("base64url", "dTpwInc"),
            ("percent", "u%3Ap%22w"),
            ("json-string", "u:p\\\"w"),
            ("hex", "753a702277"),
        ];
        for (encoding, expected) in encoded {
            let derived = vault.derive(encoding, &text).expect("an encoding");
            assert_eq!(vault.fill(&derived).as_deref(), Ok(expected), "{encoding}");
            assert_eq!(vault.pointers_in(&derived), Ok(BTreeSet::from([String::new()])));
        }
        assert_eq!(vault.derive("rot13", &text).expect_err("none").code, "invalid");
    }

    #[test]
    fn what_the_real_host_does_not_derive_is_refused() {
        let mut config = json!("p");
        let mut vault = Vault::take(&mut config, &json!({ "writeOnly": true }));
        let secret = config.as_str().expect("a text");
        let mut code = |encoding: &str, text: &str| vault.derive(encoding, text).map_err(|refusal| refusal.code);
        assert_eq!(code("hex", &format!("{PREFIX}{}", "0".repeat(32))), Err("denied".to_owned()));
        assert_eq!(code("hex", &"x".repeat(DERIVED_BYTES_MAX / 2 + 1)), Err("too-large".to_owned()));
        let derived: Vec<String> =
            (0..DERIVED_MAX).map(|index| code("hex", &format!("{secret}{index}")).expect("derived")).collect();
        assert_eq!(code("hex", "one more"), Err("too-many".to_owned()));
        assert_eq!(code("hex", &format!("{secret}0")), Ok(derived[0].clone()), "the same is no further one");
        vault.forget_derived();
        assert_eq!(vault.fill(&derived[0]).expect_err("of another invocation").code, "denied");
        assert_eq!(vault.fill(secret), Ok("p".to_owned()));
    }
}
