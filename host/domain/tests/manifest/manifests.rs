//! Reading what `describe` returns.

use hookyard_domain::manifest::Manifest;
use hookyard_domain::manifest::webhook::WebhookDeclaration;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../../../../tests/vectors/manifest_example.jsonc");

/// Drops `//` and `/* */` comments outside of strings.
fn without_comments(jsonc: &str) -> String {
    let mut json = String::new();
    let (mut rest, mut in_string) = (jsonc, false);
    while let Some(next) = rest.chars().next() {
        if in_string && next == '\\' {
            json.push_str(&rest[..2]);
            rest = &rest[2..];
        } else if !in_string && rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if !in_string && rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else {
            in_string ^= next == '"';
            json.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    json
}

fn problems(manifest: &Value) -> Vec<String> {
    match Manifest::parse(&manifest.to_string()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| problem.pointer.clone()).collect(),
    }
}

fn with(member: &str, value: Value) -> Value {
    let mut manifest = json!({ "name": "x", "version": "1.0.0" });
    manifest[member] = value;
    manifest
}

/// The documented example, with a config that has what the rest of it points at.
fn example() -> Value {
    let mut example: Value = serde_json::from_str(&without_comments(EXAMPLE)).expect("JSON");
    let secret = json!({ "type": "string", "writeOnly": true });
    example["config"] = json!({ "type": "object", "properties": {
        "api_key": secret, "webhook_secret": secret, "password": secret, "user": { "type": "string" },
        "secrets": { "type": "object", "additionalProperties": secret },
        "api_base": { "type": "string" }, "send_url": { "type": "string" },
        "auth": { "type": "object", "properties": { "url": { "type": "string" }, "secret": secret } },
    } });
    example
}

#[test]
fn the_documented_example_is_a_manifest() {
    let parsed = Manifest::parse(&example().to_string()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    let manifest = parsed.manifest;
    assert_eq!(manifest.plugin().to_string(), "aftership@1.0.0");
    let Some(WebhookDeclaration::Rules(rules)) = &manifest.webhook else { panic!("rules") };
    assert_eq!((rules.methods.as_slice(), rules.body_bytes_max()), (&["POST".to_owned()][..], 1_048_576));
    assert_eq!((rules.dedupe.len(), rules.order.len(), rules.handshake.len()), (1, 1, 1));
    assert_eq!(rules.answer_within_ms, Some(8000));
    assert!(manifest.event("shipment.updated").is_some() && manifest.action("track-shipment").is_some());
    assert_eq!((manifest.credentials.len(), manifest.hosts.len(), manifest.samples.len()), (4, 2, 1));
    assert_eq!(manifest.limits.cpu_ms, Some(500));
}

#[test]
fn the_smallest_manifest_has_a_name_and_a_version() {
    let parsed = Manifest::parse(r#"{"name":"x","version":"0.1.0-rc.1+build.5"}"#).expect("valid");
    assert!(parsed.warnings.is_empty());
    assert!(parsed.manifest.webhook.is_none());
    for (manifest, pointer) in [
        (json!({ "version": "1.0.0" }), "/name"),
        (json!({ "name": "x" }), "/version"),
        (json!({ "name": "X", "version": "1.0.0" }), "/name"),
        // Its events would look like those of the host.
        (json!({ "name": "hookyard", "version": "1.0.0" }), "/name"),
        (json!({ "name": "x", "version": "1.0" }), "/version"),
        (json!({ "name": "x", "version": "1.0.0", "manifest": 2 }), "/manifest"),
        (json!([]), ""),
        (json!("x"), ""),
    ] {
        assert_eq!(problems(&manifest), [pointer], "{manifest}");
    }
}

#[test]
fn what_is_no_json_or_too_much_of_it_is_refused() {
    for bad in ["", "{", "nul", "\u{feff}{}", r#"{"name":"x","name":"y","version":"1.0.0"}"#] {
        assert!(Manifest::parse(bad).is_err(), "{bad}");
    }
    let deep = format!(r#"{{"name":"x","version":"1.0.0","x":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    assert!(Manifest::parse(&deep).expect_err("refused")[0].message.contains("deep"));
    let large = format!(r#"{{"name":"x","version":"1.0.0","title":"{}"}}"#, "x".repeat(1024 * 1024));
    assert!(Manifest::parse(&large).expect_err("refused")[0].message.contains("bytes"));
}

#[test]
fn unknown_members_are_warnings_only_where_they_weaken_nothing() {
    let parsed = Manifest::parse(
        &json!({ "name": "x", "version": "1.0.0", "later": 1, "actions": [{ "name": "a", "stream": true }],
            "events": [{ "kind": "a", "new": 1 }], "samples": [{ "name": "s", "query": "" }] })
        .to_string(),
    )
    .expect("valid");
    let mut warnings = parsed.warnings;
    warnings.sort_unstable();
    let start = |text: &String| text.split(':').next().unwrap_or_default().to_owned();
    let pointers: Vec<_> = warnings.iter().map(start).collect();
    assert_eq!(pointers, ["/actions/0/stream", "/events/0/new", "/later", "/samples/0/query"]);
    let credential = json!([{ "hosts": ["a.example"], "header": "x", "value": "{secret:/a}", "reflect": true }]);
    for (manifest, pointer) in [
        (with("limits", json!({ "memory": 1 })), "/limits/memory"),
        (with("credentials", credential), "/credentials/0/reflect"),
        (with("webhook", json!({ "verify": { "scheme": "none" }, "x": 1 })), "/webhook/x"),
    ] {
        assert_eq!(problems(&manifest), [pointer], "{manifest}");
    }
}

#[test]
fn a_secret_that_the_plugin_would_see_is_a_warning() {
    let rule = json!({ "verify": { "scheme": "token", "query": "t", "secret": "/token" } });
    let warnings = |token: Value| {
        let mut manifest = with("webhook", rule.clone());
        manifest["config"] = json!({ "type": "object", "properties": { "token": token } });
        Manifest::parse(&manifest.to_string()).expect("valid").warnings.len()
    };
    assert_eq!(warnings(json!({ "type": "string" })), 1);
    assert_eq!(warnings(json!({ "type": "string", "writeOnly": true })), 0);
    let either = json!({ "oneOf": [{ "type": "string", "writeOnly": true }, { "items": { "writeOnly": true } }] });
    assert_eq!(warnings(either), 0);
    assert_eq!(warnings(json!({ "type": "array", "items": { "type": "string", "writeOnly": true } })), 0);
}

#[test]
fn declarations_are_checked() {
    let header = json!({ "hosts": ["a.example"], "header": "x", "value": "v" });
    for (member, value, pointer) in [
        ("config", json!({ "type": "objekt" }), "/config"),
        ("config", json!({ "$ref": "https://example.com/x" }), "/config"),
        ("actions", json!([{ "name": "Track" }]), "/actions/0/name"),
        ("actions", json!([{ "name": "a" }, { "name": "a" }]), "/actions/1/name"),
        ("actions", json!([{ "name": "a", "input": { "type": 1 } }]), "/actions/0/input"),
        ("actions", json!([{ "name": "a", "output": { "pattern": "(" } }]), "/actions/0/output"),
        ("actions", json!([{ "name": "a", "timeout_ms": 0 }]), "/actions/0/timeout_ms"),
        ("actions", json!([{ "name": "a", "timeout_ms": "1" }]), "/actions/0/timeout_ms"),
        ("actions", json!([{ "name": "a", "order": "id" }]), "/actions/0/order"),
        ("actions", json!({}), "/actions"),
        ("events", json!([{ "kind": "Shipment Updated" }]), "/events/0/kind"),
        ("events", json!([{ "kind": "a..b" }]), "/events/0/kind"),
        ("events", json!([{ "kind": "a.b" }, { "kind": "a.b" }]), "/events/1/kind"),
        ("events", json!([{ "kind": "a", "data": 3 }]), "/events/0/data"),
        ("hosts", json!(["https://a.example"]), "/hosts/0"),
        ("hosts", json!(["a.example/path"]), "/hosts/0"),
        ("hosts", json!(["a.example:0"]), "/hosts/0"),
        ("hosts", json!(["a.*.example"]), "/hosts/0"),
        ("hosts", json!(["*"]), "/hosts/0"),
        ("hosts", json!([""]), "/hosts/0"),
        ("hosts", json!(["API.a.example"]), "/hosts/0"),
        ("hosts", json!(["0x7f.1"]), "/hosts/0"),
        ("hosts", json!(["{grant}"]), "/hosts/0"),
        ("hosts", json!(["{config:api_base}"]), "/hosts/0"),
        ("credentials", json!([{ "hosts": [], "header": "x", "value": "v" }]), "/credentials/0/hosts"),
        ("credentials", json!([{ "hosts": ["a.example"] }]), "/credentials/0"),
        ("credentials", json!([{ "hosts": ["a.example"], "header": "x" }]), "/credentials/0"),
        ("credentials", json!([header, { "hosts": ["a/b"], "header": "x", "value": "v" }]), "/credentials/1/hosts/0"),
        ("samples", json!([{ "name": "a" }, { "name": "a" }]), "/samples/1/name"),
        ("samples", json!([{ "name": "a", "body": { "base64": "!" } }]), "/samples/0/body"),
        ("limits", json!({ "cpu_ms": -1 }), "/limits/cpu_ms"),
    ] {
        let manifest = with(member, value);
        assert_eq!(problems(&manifest), [pointer], "{manifest}");
    }
    let hosts = json!([
        "a.example",
        "*.a.example",
        "http://a.example:8080",
        "10.0.0.1",
        "[::1]:443",
        "localhost",
        "{config:/a/b}"
    ]);
    assert_eq!(problems(&with("hosts", hosts)), [""; 0]);
}

#[test]
fn credentials_are_checked() {
    let checked = |credential: Value| {
        let secret = json!({ "type": "string", "writeOnly": true });
        let list = json!({ "oneOf": [secret, { "type": "array", "items": secret }] });
        let config = json!({ "type": "object", "properties": {
            "key": { "$ref": "#/$defs/key" }, "list": list, "open": { "type": "string" }, "base": { "type": "string" },
            "map": { "type": "object", "additionalProperties": secret },
            "some": { "type": "object", "properties": { "a": secret, "b": {} } },
            "deep": { "type": "object", "writeOnly": true },
        }, "$defs": { "key": secret } });
        let mut credential = credential;
        if credential.get("hosts").is_none() {
            credential["hosts"] = json!(["a.example", "{grant}", "{config:/base}"]);
        }
        let mut manifest = with("credentials", json!([credential]));
        manifest["config"] = config;
        problems(&manifest).iter().map(|pointer| pointer.replace("/credentials/0", "")).collect::<Vec<_>>()
    };
    for good in [
        json!({ "header": "authorization", "value": "Bearer {secret:/key}" }),
        json!({ "header": "x", "value": "{config:/open}:{secret:/list}{secret:/map/a}{secret:/some/a}{secret:/deep/x}" }),
        json!({ "header": "x", "value": "{secret:/list/0}" }),
        json!({ "header": "x", "value": "{config:/some/b} constant" }),
        json!({ "basic": ["{config:/open}", "{secret:/key}"] }),
        json!({ "basic": ["{secret:/key}", ""] }),
        json!({ "place": ["header", "path", "query", "form", "json"], "secret": "/map/*" }),
        json!({ "place": ["json"], "secret": "/some/*" }),
        json!({ "place": ["json"], "secret": "/deep/*", "reflects": true }),
        json!({ "place": ["json"], "secret": "/list" }),
    ] {
        assert_eq!(checked(good.clone()), [""; 0], "{good}");
    }
    for (bad, pointer) in [
        (json!({ "header": "x", "value": "{secret:/open}" }), "/value"),
        (json!({ "header": "x", "value": "{secret:/nothing}" }), "/value"),
        (json!({ "header": "x", "value": "{config:/key}" }), "/value"),
        (json!({ "header": "x", "value": "{config:/list}" }), "/value"),
        (json!({ "header": "x", "value": "{config:/map/a}" }), "/value"),
        (json!({ "header": "x", "value": "{config:/deep/x/y}" }), "/value"),
        (json!({ "header": "x", "value": "{secret:key}" }), "/value"),
        (json!({ "header": "x", "value": "{secret}" }), "/value"),
        (json!({ "header": "x", "value": "{token}" }), "/value"),
        (json!({ "header": "x", "value": "{secret:/key" }), "/value"),
        (json!({ "header": "a b", "value": "{secret:/key}" }), "/header"),
        (json!({ "header": "Host", "value": "{secret:/key}" }), "/header"),
        (json!({ "header": "content-length", "value": "{secret:/key}" }), "/header"),
        (json!({ "header": "x", "value": "{secret:/key}", "basic": ["a", "b"] }), ""),
        (json!({ "basic": ["{config:/open}", "{config:/key}"] }), "/basic/1"),
        (json!({ "basic": ["{secret:/open}", "{secret:/key}"] }), "/basic/0"),
        (json!({ "place": [], "secret": "/key" }), "/place"),
        (json!({ "place": ["json"], "secret": "/open" }), "/secret"),
        (json!({ "place": ["json"], "secret": "/open/*" }), "/secret"),
        (json!({ "place": ["json"], "secret": "key" }), "/secret"),
        (json!({ "place": ["header", "body"], "secret": "/key" }), "/place/1"),
        (json!({ "hosts": ["{config:/key}"], "header": "x", "value": "{secret:/key}" }), "/hosts/0"),
    ] {
        assert_eq!(checked(bad.clone()), [pointer], "{bad}");
    }
    let mut asks_secret_host = with("hosts", json!(["{config:/key}"]));
    asks_secret_host["config"] = json!({ "properties": { "key": { "writeOnly": true } } });
    assert_eq!(problems(&asks_secret_host), ["/hosts/0"]);
}

#[test]
fn a_default_of_a_secret_is_a_warning() {
    let mut manifest = with("title", json!("x"));
    manifest["config"] = json!({ "properties": { "a": { "oneOf": [{ "writeOnly": true, "default": "x" }] } } });
    let warnings = Manifest::parse(&manifest.to_string()).expect("valid").warnings;
    assert!(warnings.len() == 1 && warnings[0].starts_with("/config/properties/a/oneOf/0/default: "), "{warnings:?}");
}

#[test]
fn a_sample_body_is_sent_as_written() {
    let manifest = r#"{"name":"x","version":"1.0.0","samples":[
        {"name":"json","body":{"b": 1.50, "a":1}}, {"name":"text","body":"a\n"}, {"name":"bytes","body":{"base64":"/wA="}},
        {"name":"none"}, {"name":"member","body":{"base64":"/wA=","x":1}}]}"#;
    let samples = Manifest::parse(manifest).expect("valid").manifest.samples;
    let bodies: Vec<_> = samples.iter().map(|sample| sample.body_bytes().expect("valid")).collect();
    let expected: [&[u8]; 5] = [br#"{"b": 1.50, "a":1}"#, b"a\n", b"\xff\0", b"", br#"{"base64":"/wA=","x":1}"#];
    assert_eq!(bodies, expected);
}
