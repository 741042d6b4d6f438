//! What a plugin asks of whoever connects it, in words.

use hookyard_domain::limit;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::manifest::limits::Limits;
use hookyard_domain::manifest::webhook::{Scheme, WebhookDeclaration, WebhookRules};

/// A sentence for each thing, in the order in which an operator should think about them.
pub(super) fn sentences(manifest: &Manifest) -> Vec<String> {
    let hosts = manifest.hosts.iter().map(|pattern| format!("send requests to {}", host(pattern, manifest)));
    let secrets = manifest.credentials.iter().map(|credential| format!("have the host send {credential}"));
    let webhooks = match &manifest.webhook {
        None => Vec::new(),
        Some(WebhookDeclaration::FromConfig(from)) => {
            vec![format!("take webhooks that are verified as {} of the config says", from.config)]
        }
        Some(WebhookDeclaration::Rules(rules)) => of_webhooks(rules),
    };
    hosts.chain(secrets).chain(webhooks).chain(of_limits(&manifest.limits)).collect()
}

fn host(pattern: &str, manifest: &Manifest) -> String {
    if let Some(pointer) = pattern.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}')) {
        let default = default_of(&manifest.config, pointer);
        let default = default.map(|url| format!(", by default {url}")).unwrap_or_default();
        return format!("the host of the URL at {pointer} of the config{default}");
    }
    let (bare, how) = match pattern.strip_prefix("http://") {
        Some(bare) => (bare, ", over plain HTTP, which anybody on the way can read and change"),
        None => (pattern, ""),
    };
    let what = match bare.strip_prefix("*.") {
        Some(domain) => format!("every host below {domain}"),
        None => bare.to_owned(),
    };
    format!("{what}{how}")
}

/// The default of the schema's property at a pointer of the config.
fn default_of(schema: &serde_json::Value, pointer: &str) -> Option<String> {
    let members = pointer.split('/').skip(1);
    let property = members.fold(schema, |schema, member| &schema["properties"][member]);
    property["default"].as_str().map(str::to_owned)
}

fn of_webhooks(rules: &WebhookRules) -> Vec<String> {
    let mut sentences = Vec::new();
    let verify = rules.verify.as_slice();
    if verify.iter().any(|rule| rule.scheme == Scheme::None) {
        let whose =
            if verify.len() == 1 { "webhooks that nobody verifies" } else { "some webhooks that nobody verifies" };
        sentences.push(format!("take {whose}: whoever knows their URL can send them"));
    }
    if rules.handshake.iter().any(|handshake| !handshake.verified) {
        sentences.push("answer a handshake that nobody verifies, with text of the request".to_owned());
    }
    sentences
}

/// Limits beyond what every plugin gets.
fn of_limits(asked: &Limits) -> Vec<String> {
    let (granted, usual) = (asked.resolve(), Limits::default().resolve());
    let mib = |bytes: usize| bytes / (1024 * 1024);
    let mut sentences = Vec::new();
    if granted.memory_bytes > usual.memory_bytes {
        let (granted, usual) = (mib(granted.memory_bytes), mib(usual.memory_bytes));
        sentences.push(format!("use up to {granted} MiB of memory in each invocation, instead of {usual}"));
    }
    for (what, granted, usual) in
        [("run for", granted.deadline, usual.deadline), ("compute for", granted.cpu, usual.cpu)]
    {
        if granted > usual {
            let (granted, usual) = (granted.as_millis(), usual.as_millis());
            sentences.push(format!("{what} up to {granted} ms in each invocation, instead of {usual}"));
        }
    }
    if asked.memory_bytes.is_some_and(|bytes| bytes > limit::MEMORY_BYTES_MAX) {
        sentences.push(format!("use more memory than a host gives: it gets {} MiB", mib(granted.memory_bytes)));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(manifest: &Value) -> Vec<String> {
        sentences(&Manifest::parse(&manifest.to_string()).expect("a manifest").manifest)
    }

    #[test]
    fn what_a_plugin_asks_reads_as_sentences() {
        let asked = asked(&json!({
            "name": "parcels", "version": "1.0.0",
            "config": { "type": "object", "properties": {
                "api_base": { "type": "string", "default": "https://api.example.com" },
                "api_key": { "type": "string", "writeOnly": true } } },
            "hosts": ["{config:/api_base}", "*.cdn.example.com", "http://legacy.example.com"],
            "credentials": [{ "hosts": ["{config:/api_base}"], "header": "as-api-key", "value": "{secret:/api_key}" }],
            "webhook": { "methods": ["POST"], "verify": { "scheme": "none" } },
            "limits": { "memory_bytes": 134_217_728, "cpu_ms": 1 }
        }));
        assert_eq!(
            asked,
            [
                "send requests to the host of the URL at /api_base of the config, by default https://api.example.com",
                "send requests to every host below cdn.example.com",
                "send requests to legacy.example.com, over plain HTTP, which anybody on the way can read and change",
                "have the host send {secret:/api_key} to {config:/api_base} in the header as-api-key",
                "take webhooks that nobody verifies: whoever knows their URL can send them",
                "use up to 128 MiB of memory in each invocation, instead of 64",
            ]
        );
    }

    #[test]
    fn a_plugin_that_asks_for_nothing_gets_no_sentence() {
        assert!(asked(&json!({ "name": "clock", "version": "1.0.0" })).is_empty());
    }
}
