//! What to write into hookyard.toml for a plugin that no connection uses yet.

use hookyard_domain::manifest::Manifest;
use hookyard_domain::manifest::webhook::WebhookDeclaration;
use serde_json::{Map, Value};

/// Objects within objects of a config that are filled in.
const DEPTH_MAX: usize = 4;

/// The lines of a connection that has everything that the plugin needs to start. What they cannot know says `change-me`.
pub(super) fn connection(manifest: &Manifest) -> String {
    let name = &manifest.name;
    let mut config = needed(&manifest.config, DEPTH_MAX);
    for member in secrets_of_webhooks(manifest) {
        config.entry(member).or_insert_with(|| Value::String("change-me".to_owned()));
    }
    let config = match config.is_empty() {
        true => String::new(),
        false => format!("config = {}\n", toml(&Value::Object(config))),
    };
    format!("[connections.{name}]\nplugin = \"{name}\"\n{config}")
}

/// Members at the top of the config without which no webhook is taken.
fn secrets_of_webhooks(manifest: &Manifest) -> Vec<String> {
    let Some(WebhookDeclaration::Rules(rules)) = &manifest.webhook else { return Vec::new() };
    let pointers = rules.verify.as_slice().iter().flat_map(|rule| rule.secret.iter().chain(&rule.public_key));
    pointers
        .filter_map(|pointer| pointer.strip_prefix('/'))
        .filter(|member| !member.contains('/'))
        .map(str::to_owned)
        .collect()
}

/// The members of a schema's object that must be there and have no default.
fn needed(schema: &Value, depth: usize) -> Map<String, Value> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let member = |name: &str| {
        let property = &schema["properties"][name];
        property.get("default").is_none().then(|| (name.to_owned(), example(property, depth)))
    };
    required.filter_map(member).collect()
}

/// A value that the schema may accept.
fn example(schema: &Value, depth: usize) -> Value {
    let shown = schema.get("const").or(schema["examples"].get(0)).or(schema["enum"].get(0));
    if let Some(shown) = shown {
        return shown.clone();
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str()).unwrap_or("string");
    match kind {
        "object" if depth > 0 => Value::Object(needed(schema, depth - 1)),
        "object" => Value::Object(Map::new()),
        "array" => Value::Array(Vec::new()),
        "boolean" => Value::Bool(false),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(Value::from(1)),
        _ if schema["format"] == "uri" => Value::String("https://change-me.example".to_owned()),
        _ => Value::String("change-me".to_owned()),
    }
}

/// A value as TOML writes it within a line. JSON's strings, numbers and lists are TOML's; `null` it does not have.
fn toml(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{} = {}", key(name), toml(value));
            format!("{{ {} }}", joined(members.iter().map(member).collect()))
        }
        Value::Array(values) => format!("[{}]", joined(values.iter().map(toml).collect())),
        Value::Null => "\"change-me\"".to_owned(),
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare && !name.is_empty() { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(json: &Value) -> Manifest {
        Manifest::parse(&json.to_string()).expect("a manifest").manifest
    }

    #[test]
    fn the_lines_hold_what_the_plugin_needs_and_no_more() {
        let manifest = manifest(&json!({
            "name": "parcels", "version": "1.0.0",
            "config": { "type": "object", "required": ["api_key", "depot", "region", "api_base"], "properties": {
                "api_key": { "type": "string", "writeOnly": true },
                "api_base": { "type": "string", "default": "https://api.example.com" },
                "region": { "enum": ["eu", "us"] },
                "depot": { "type": "object", "required": ["number", "open"], "properties": {
                    "number": { "type": "integer", "minimum": 7 }, "open": { "type": "boolean" } } },
                "webhook_secret": { "type": "string", "writeOnly": true } } },
            "webhook": { "methods": ["POST"], "verify": { "scheme": "token", "header": "x-token", "secret": "/webhook_secret" } }
        }));
        let lines = connection(&manifest);
        assert_eq!(
            lines,
            "[connections.parcels]\nplugin = \"parcels\"\nconfig = { api_key = \"change-me\", depot = { number = 7, open = false }, \
             region = \"eu\", webhook_secret = \"change-me\" }\n"
        );
        let parsed: toml::Table = lines.parse().expect("TOML");
        assert_eq!(parsed["connections"]["parcels"]["config"]["depot"]["number"].as_integer(), Some(7));
    }

    #[test]
    fn a_plugin_that_needs_nothing_gets_no_config() {
        let lines = connection(&manifest(&json!({ "name": "clock", "version": "1.0.0" })));
        assert_eq!(lines, "[connections.clock]\nplugin = \"clock\"\n");
    }
}
