//! What a client of the API says of a connection.

use hookyard_domain::grant::Grant;
use hookyard_domain::id::PluginName;
use serde_json::{Map, Value};

use super::grants;
use crate::config::ConnectionSettings;
use crate::http::problem::InputError;

/// Members of a connection's document. Not `Debug`: they may hold secrets.
pub(crate) enum Sent {
    /// All of it, in place of what there is.
    Whole(Map<String, Value>),
    /// A JSON merge patch (RFC 7396).
    Patch(Map<String, Value>),
    /// Top-level fields of the config, as texts.
    Fields(Vec<(String, String)>),
}

/// What the connection is to be, its config still as it was sent.
pub(super) struct Target {
    pub(super) plugin: PluginName,
    pub(super) grant: Grant,
    pub(super) enabled: bool,
    pub(super) config: SentConfig,
}

/// Not `Debug`: it may hold secrets.
pub(super) enum SentConfig {
    Kept,
    Whole(Value),
    Patch(Value),
    Fields(Vec<(String, String)>),
}

impl Sent {
    /// What comes of it beside what there is, which a patch needs.
    ///
    /// # Errors
    /// Everything that has another shape. What the plugin's schema says of the config is not asked yet.
    pub(super) fn read(self, existing: Option<&ConnectionSettings>) -> Result<Target, Vec<InputError>> {
        let (mut members, is_patch) = match self {
            Self::Whole(members) => (members, false),
            Self::Patch(members) => (members, true),
            Self::Fields(fields) => {
                let target = Self::Patch(Map::new()).read(existing)?;
                return Ok(Target { config: SentConfig::Fields(fields), ..target });
            }
        };
        let mut wrong = Vec::new();
        let plugin = match (members.remove("plugin"), existing.filter(|_| is_patch)) {
            (Some(name), _) => plugin_name(&name, &mut wrong),
            (None, Some(existing)) => Some(existing.plugin.clone()),
            (None, None) => {
                wrong.push(InputError::new("/plugin", "required", "plugin is required: the name of a plugin"));
                None
            }
        };
        let before = existing.filter(|_| is_patch);
        let grant = match members.remove("grants") {
            None => before.map(|existing| existing.grant.clone()).unwrap_or_default(),
            Some(grants) => {
                let before = before.map_or(Value::Null, |existing| grants::to_json(&existing.grant));
                let grants = if is_patch { merged(before, grants) } else { grants };
                grants::read(&grants, "/grants").unwrap_or_else(|errors| {
                    wrong.extend(errors);
                    Grant::default()
                })
            }
        };
        let enabled = match members.remove("enabled") {
            None => before.is_none_or(|existing| existing.enabled),
            Some(Value::Bool(enabled)) => enabled,
            Some(Value::Null) if is_patch => true,
            Some(_) => {
                wrong.push(InputError::new("/enabled", "type", "enabled is true or false"));
                true
            }
        };
        let config = match members.remove("config") {
            None if is_patch => SentConfig::Kept,
            None => SentConfig::Whole(Value::Object(Map::new())),
            Some(config @ Value::Object(_)) if is_patch => SentConfig::Patch(config),
            Some(config @ Value::Object(_)) => SentConfig::Whole(config),
            Some(_) => {
                wrong.push(InputError::new("/config", "type", "config is an object"));
                SentConfig::Kept
            }
        };
        wrong.extend(members.keys().map(|name| {
            let detail = format!("{name:?} is no part of a connection: plugin, config, grants, enabled");
            InputError::new(format!("/{}", grants::escape(name)), "unknown-member", detail)
        }));
        match plugin.filter(|_| wrong.is_empty()) {
            Some(plugin) => Ok(Target { plugin, grant, enabled, config }),
            None => Err(wrong),
        }
    }
}

fn plugin_name(name: &Value, wrong: &mut Vec<InputError>) -> Option<PluginName> {
    let parsed = name.as_str().and_then(|name| name.parse().ok());
    if parsed.is_none() {
        let detail = "plugin is a name: 1 to 64 of a-z, 0-9 and -, starting with a letter";
        wrong.push(InputError::new("/plugin", "invalid", detail));
    }
    parsed
}

/// RFC 7396. `null` as a whole stands for what is there when nothing is said.
fn merged(target: Value, patch: Value) -> Value {
    match (target, patch) {
        (_, Value::Null) => Value::from("as-asked"),
        (target, Value::Object(patch)) => {
            let mut members = if let Value::Object(members) = target { members } else { Map::new() };
            for (name, value) in patch {
                if value.is_null() {
                    members.remove(&name);
                } else {
                    members.insert(name, value);
                }
            }
            Value::Object(members)
        }
        (_, patch) => patch,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: &Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    fn existing() -> ConnectionSettings {
        let settings = ConnectionSettings::new("echo".parse().expect("a name"), json!({}));
        let grant = grants::read(&json!({ "hosts": ["a.example"], "allow_unsigned": true }), "").expect("right");
        ConnectionSettings { grant, enabled: false, ..settings }
    }

    #[test]
    fn what_a_whole_connection_leaves_out_is_what_a_new_one_has() {
        let target = Sent::Whole(members(&json!({ "plugin": "echo" }))).read(Some(&existing()));
        let Ok(target) = target else { panic!("right") };
        assert_eq!((target.grant, target.enabled), (Grant::default(), true));
        assert!(matches!(target.config, SentConfig::Whole(config) if config == json!({})));
    }

    #[test]
    fn what_a_patch_leaves_out_stays() {
        let patch = |patch: Value| {
            let target = Sent::Patch(members(&patch)).read(Some(&existing()));
            target.unwrap_or_else(|wrong| panic!("{wrong:?}"))
        };
        let target = patch(json!({}));
        assert_eq!((target.grant, target.enabled), (existing().grant, false));
        assert!(matches!(target.config, SentConfig::Kept));
        let target = patch(json!({ "grants": { "allow_unsigned": null }, "enabled": true }));
        assert_eq!(grants::to_json(&target.grant)["hosts"], json!(["a.example"]));
        assert!(!target.grant.allow_unsigned && target.enabled);
        assert_eq!(patch(json!({ "grants": null })).grant, Grant::default());
        assert_eq!(patch(json!({ "grants": "as-asked" })).grant, Grant::default());
    }

    #[test]
    fn everything_of_another_shape_is_named_at_once() {
        let wrong = json!({ "plugin": "E!", "config": [], "grants": 1, "enabled": "yes", "colour/s": "red" });
        let pointers = |sent: Sent| {
            let Err(wrong) = sent.read(None) else { panic!("wrong") };
            wrong.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers(Sent::Whole(members(&wrong))), ["/plugin", "/grants", "/enabled", "/config", "/colour~1s"]);
        assert_eq!(pointers(Sent::Whole(Map::new())), ["/plugin"]);
        assert_eq!(pointers(Sent::Patch(members(&json!({ "plugin": "echo", "config": null })))), ["/config"]);
    }
}
