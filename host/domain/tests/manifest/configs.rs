//! Configs: other names, validation, secrets.

use hookyard_domain::config::{Config, ConfigSchema};
use hookyard_domain::grant::Ask;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::schema::Violation;
use serde_json::{Value, json};

fn schema() -> ConfigSchema {
    let secret = json!({ "type": "string", "minLength": 1, "writeOnly": true });
    let config = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["access_token"],
        "properties": {
            "access_token": { "$ref": "#/$defs/token", "x-aliases": ["freshchat-access-token", "access-token"] },
            "group_name": { "type": "string", "x-aliases": ["freshchat-group-name", "group-name"] },
            "webhook_secret": { "oneOf": [secret, { "type": "array", "items": secret, "minItems": 1, "maxItems": 5 }] },
            "secrets": { "type": "object", "additionalProperties": secret },
            "auth": { "type": "object", "properties": { "secret": secret, "mode": { "type": "string", "x-aliases": ["kind"] } } },
        },
        "$defs": { "token": { "type": "string", "writeOnly": true, "pattern": "^[^ ]+$", "x-error": "leave out the word Bearer" } },
    });
    let manifest = json!({ "name": "x", "version": "1.0.0", "config": config });
    ConfigSchema::compile(&Manifest::parse(&manifest.to_string()).expect("valid").manifest).expect("valid")
}

fn resolve(config: Value) -> Result<Config, Vec<Violation>> {
    schema().resolve(config)
}

fn full() -> Config {
    resolve(json!({
        "freshchat-access-token": "tok-1", "group-name": "Team", "webhook_secret": ["s1", "s2"],
        "secrets": { "gh": "s3", "a/b": "s4" }, "auth": { "secret": "s5", "kind": "header" },
    }))
    .expect("valid")
}

#[test]
fn other_names_become_the_propertys_own() {
    let config = full();
    assert_eq!(config.value()["access_token"], "tok-1");
    assert_eq!(config.value()["group_name"], "Team");
    assert_eq!(config.value()["auth"]["mode"], "header");
    assert!(config.value().get("group-name").is_none());
}

#[test]
fn two_names_of_one_property_are_an_error() {
    for config in [
        json!({ "access_token": "a", "access-token": "a" }),
        json!({ "freshchat-access-token": "a", "access-token": "b" }),
        json!({ "access_token": "a", "auth": { "mode": "a", "kind": "b" } }),
    ] {
        let violations = resolve(config).expect_err("refused");
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].code, "duplicate-name");
    }
}

#[test]
fn violations_say_what_to_do_and_never_the_value() {
    let violations =
        resolve(json!({ "access-token": "Bearer hunter2", "webhook_secret": [""], "secrets": { "a": 77123 }, "x": 1 }));
    let violations = violations.expect_err("refused");
    let details: Vec<_> = violations.iter().map(|violation| format!("{violation:?}")).collect();
    assert!(
        violations.iter().any(|v| v.pointer == "/access_token" && v.detail == "leave out the word Bearer"),
        "{details:?}"
    );
    assert!(violations.iter().any(|v| v.pointer == "/x" && v.code == "additional-properties"), "{details:?}");
    assert!(violations.iter().any(|v| v.pointer == "/secrets/a"), "{details:?}");
    assert!(details.iter().all(|detail| !detail.contains("hunter2") && !detail.contains("77123")), "{details:?}");
    let missing = resolve(json!({})).expect_err("refused");
    assert_eq!((missing[0].pointer.as_str(), missing[0].code.as_str()), ("/access_token", "required"));
    let large = resolve(json!({ "access_token": "x".repeat(300 * 1024) })).expect_err("refused");
    assert_eq!(large[0].code, "too-large");
}

#[test]
fn secrets_are_found_by_place() {
    let config = full();
    let at =
        |pointer: &str| config.secrets_at(pointer).iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>();
    assert_eq!(at("/webhook_secret"), ["s1", "s2"]);
    assert_eq!(at("/secrets/a~1b"), ["s4"]);
    assert_eq!(at("/none"), [""; 0]);
    assert_eq!(at("/secrets"), [""; 0]);
}

#[test]
fn nobody_but_the_host_sees_a_secret() {
    let config = full();
    let key = HashKey::new(&[4; 32]);
    let connection: ConnectionId = "shop".parse().expect("valid");
    let guest = config.for_guest(&key, &connection);
    for shown in [guest.clone(), format!("{config:?}"), config.redacted().to_string()] {
        for secret in ["tok-1", "s1", "s2", "s3", "s4", "s5"] {
            assert!(!shown.contains(&format!("\"{secret}\"")), "{secret} in {shown}");
        }
    }
    let guest: Value = serde_json::from_str(&guest).expect("JSON");
    assert_eq!(guest["group_name"], "Team");
    let placeholders = config.placeholders(&key, &connection);
    assert_eq!(placeholders.len(), 6);
    for pointer in ["/access_token", "/webhook_secret/1", "/secrets/gh", "/auth/secret"] {
        let placeholder = guest.pointer(pointer).and_then(Value::as_str).expect("text");
        assert!(placeholder.starts_with("hysec_") && placeholder.len() == 38);
        let real = config.value().pointer(pointer).and_then(Value::as_str).expect("text");
        assert_eq!(placeholders[placeholder].expose(), real);
    }
    assert_eq!(config.redacted()["webhook_secret"], json!({ "set": true }));
    assert_eq!(config.redacted()["secrets"]["gh"], json!({ "set": true }));
}

#[test]
fn placeholders_change_only_with_the_secret() {
    let key = HashKey::new(&[4; 32]);
    let guest = |config: Value, connection: &str| {
        let guest = resolve(config).expect("valid").for_guest(&key, &connection.parse().expect("valid"));
        serde_json::from_str::<Value>(&guest).expect("JSON")["access_token"].clone()
    };
    let one = guest(json!({ "access_token": "a" }), "shop");
    assert_eq!(one, guest(json!({ "access-token": "a", "group_name": "x" }), "shop"));
    assert_ne!(one, guest(json!({ "access_token": "b" }), "shop"));
    assert_ne!(one, guest(json!({ "access_token": "a" }), "shop2"));
}

#[test]
fn a_redacted_config_can_be_sent_back() {
    let stored = full();
    let keep = |sent: Value| schema().keep_secrets(sent, stored.value(), &Ask::default()).expect("no conflict");
    assert_eq!(keep(stored.redacted()), *stored.value());
    assert_eq!(keep(json!({}))["access_token"], "tok-1");
    assert_eq!(keep(json!({}))["secrets"], json!({ "gh": "s3", "a/b": "s4" }));
    assert!(keep(json!({})).get("auth").is_none(), "more than a set of secrets");
    assert!(keep(json!({})).get("group_name").is_none(), "what is no secret and left out is gone");
    assert_eq!(keep(json!({ "access-token": { "set": true } }))["access_token"], "tok-1");
    assert_eq!(keep(json!({ "access_token": "new" }))["access_token"], "new");
    assert_eq!(keep(json!({ "secrets": { "gh": "new" } }))["secrets"], json!({ "gh": "new", "a/b": "s4" }));
    assert!(keep(json!({ "webhook_secret": null })).get("webhook_secret").is_none());
    assert_eq!(keep(json!({ "group_name": { "set": true } }))["group_name"], json!({ "set": true }), "no secret");
}

#[test]
fn a_secret_that_only_the_consent_knows_can_be_sent_back_too() {
    let secret = json!({ "type": "string", "writeOnly": true });
    let consented = Ask::of(&manifest(&json!({ "key": secret, "old": secret })));
    let later = json!({ "key": { "type": "string" }, "new": { "x-aliases": ["old"] } });
    let schema = ConfigSchema::compile(&manifest(&later)).expect("valid");
    let stored = json!({ "key": "k-1", "old": "k-2" });
    let shown = schema.resolve_keeping(stored.clone(), &consented).expect("valid").redacted();
    assert_eq!(shown, json!({ "key": { "set": true }, "new": { "set": true } }));
    let whole = json!({ "key": "k-1", "new": "k-2" });
    assert_eq!(schema.keep_secrets(shown, &stored, &consented).expect("valid"), whole);
    assert_eq!(schema.keep_secrets(json!({}), &stored, &consented).expect("valid"), whole);
}

#[test]
fn items_of_a_list_are_known_by_what_may_be_seen_of_them() {
    let item = json!({ "properties": { "url": {}, "key": { "writeOnly": true } } });
    let schema = ConfigSchema::compile(&manifest(&json!({ "all": { "items": item } }))).expect("valid");
    let stored = json!({ "all": [{ "url": "a", "key": "k-a" }, { "url": "b", "key": "k-b" }] });
    let set = json!({ "set": true });
    let sent = json!({ "all": [{ "url": "b", "key": set }, { "url": "a", "key": set }] });
    let kept = schema.keep_secrets(sent, &stored, &Ask::default()).expect("valid");
    assert_eq!(kept["all"], json!([{ "url": "b", "key": "k-b" }, { "url": "a", "key": "k-a" }]));
    let elsewhere = json!({ "all": [{ "url": "evil", "key": set }] });
    let kept = schema.keep_secrets(elsewhere.clone(), &stored, &Ask::default()).expect("valid");
    assert_eq!(kept, elsewhere, "a secret does not follow to another place");
}

#[test]
fn a_merge_patch_changes_what_it_names() {
    let stored = full();
    let merge = |patch: Value| schema().merge(patch, stored.value(), &Ask::default()).expect("no conflict");
    assert_eq!(merge(json!({})), *stored.value());
    let patched = merge(json!({ "group_name": "Other", "access-token": { "set": true } }));
    assert_eq!((&patched["group_name"], &patched["access_token"]), (&json!("Other"), &json!("tok-1")));
    assert_eq!(merge(json!({ "access-token": "new" }))["access_token"], "new");
    assert!(merge(json!({ "webhook_secret": null })).get("webhook_secret").is_none());
    assert!(merge(json!({ "group_name": null })).get("group_name").is_none());
    let patched = merge(json!({ "secrets": { "gh": null, "new": "s9" } }));
    assert_eq!(patched["secrets"], json!({ "a/b": "s4", "new": "s9" }));
}

#[test]
fn texts_become_what_the_schema_takes() {
    let properties = json!({
        "text": { "type": "string" }, "number": { "type": "integer", "x-aliases": ["no"] }, "on": { "type": ["boolean", "null"] },
        "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }] }, "any": {},
    });
    let schema = ConfigSchema::compile(&manifest(&properties)).expect("valid");
    for (name, text, value) in [
        ("text", "7", json!("7")),
        ("number", "7", json!(7)),
        ("no", "-1.5", json!(-1.5)),
        ("number", "seven", json!("seven")),
        ("on", "true", json!(true)),
        ("on", "1", json!("1")),
        ("either", "7", json!("7")),
        ("any", "7", json!("7")),
        ("unknown", "true", json!("true")),
    ] {
        assert_eq!(schema.value_of_text(name, text), value, "{name}={text}");
    }
}

#[test]
fn defaults_are_seen_by_guests_and_templates_but_not_by_operators() {
    let config = json!({ "type": "object", "properties": {
        "base": { "type": "string", "default": "https://a.example" },
        "poll": { "type": "object", "properties": { "seconds": { "default": 10 } } },
        "key": { "type": "string", "writeOnly": true },
        "secret": { "type": "string", "writeOnly": true, "default": "everybody knows" },
    } });
    let manifest = json!({ "name": "x", "version": "1.0.0", "config": config });
    let schema =
        ConfigSchema::compile(&Manifest::parse(&manifest.to_string()).expect("valid").manifest).expect("valid");
    let config = schema.resolve(json!({ "key": "k", "poll": {} })).expect("valid");
    let effective = json!({ "key": "k", "poll": { "seconds": 10 }, "base": "https://a.example" });
    assert_eq!(*config.effective(), effective);
    assert_eq!(*config.value(), json!({ "key": "k", "poll": {} }));
    assert_eq!(config.redacted(), json!({ "key": { "set": true }, "poll": {} }));
    let guest = config.for_guest(&HashKey::new(&[4; 32]), &"shop".parse().expect("an id"));
    let guest: Value = serde_json::from_str(&guest).expect("JSON");
    assert_eq!((&guest["poll"], &guest["base"]), (&effective["poll"], &effective["base"]));
    assert!(guest["key"].as_str().is_some_and(|key| key.starts_with("hysec_")) && guest.get("secret").is_none());
    let overridden = schema.resolve(json!({ "base": "https://b.example" })).expect("valid");
    assert_eq!(overridden.effective()["base"], "https://b.example");
}

#[test]
fn each_secret_is_known_by_its_pointer() {
    let config = full();
    let secrets: Vec<_> = config.secrets().map(|(pointer, secret)| (pointer, secret.expose().to_owned())).collect();
    let expected = [
        ("/access_token", "tok-1"),
        ("/auth/secret", "s5"),
        ("/secrets/a~1b", "s4"),
        ("/secrets/gh", "s3"),
        ("/webhook_secret/0", "s1"),
        ("/webhook_secret/1", "s2"),
    ];
    assert_eq!(secrets, expected.map(|(pointer, secret)| (pointer, secret.to_owned())));
}

fn manifest(properties: &Value) -> Manifest {
    let config = json!({ "type": "object", "properties": properties });
    let manifest = json!({ "name": "x", "version": "1.0.0", "config": config });
    Manifest::parse(&manifest.to_string()).expect("valid").manifest
}

#[test]
fn what_was_a_secret_stays_one_until_the_operator_consents() {
    let secret = json!({ "writeOnly": true });
    let keys = json!({ "type": "object", "additionalProperties": secret, "properties": { "user": {} } });
    let aliased = json!({ "type": "string", "writeOnly": true, "x-aliases": ["api-key"] });
    let consented = Ask::of(&manifest(&json!({ "key": aliased, "other": secret, "keys": keys })));
    let written =
        json!({ "api-key": "k-1", "other": "k-2", "keys": { "a": "k-3", "user": "u", "b": 4 }, "plain": "p" });
    // Not marked any more, moved by another name, and named among those that are marked.
    for properties in [
        json!({ "key": { "x-aliases": ["api-key"] } }),
        json!({ "api-key": {}, "moved": { "x-aliases": ["other"] } }),
        json!({ "moved": { "x-aliases": ["api-key"] }, "elsewhere": { "x-aliases": ["keys"] } }),
        json!({ "key": aliased, "other": secret, "keys": { "additionalProperties": secret, "properties": { "a": {}, "b": {} } } }),
    ] {
        let schema = ConfigSchema::compile(&manifest(&properties)).expect("valid");
        let config = schema.resolve_keeping(written.clone(), &consented).expect("valid");
        assert!(config.kept_secrets().count() > 0);
        let (key, shop) = (HashKey::new(&[4; 32]), "shop".parse::<ConnectionId>().expect("an id"));
        let guest = config.for_guest(&key, &shop);
        for secret in ["k-1", "k-2", "k-3", ":4"] {
            assert!(
                !guest.contains(secret) && !config.redacted().to_string().contains(secret),
                "{properties}: {guest}"
            );
        }
        assert!(guest.contains("\"p\""), "{guest}");
        assert_eq!(config.placeholders(&key, &shop).len(), config.secrets().count());
        let plain = schema.resolve(written.clone()).expect("valid").for_guest(&key, &shop);
        assert!(["k-1", "k-2", "k-3"].iter().any(|secret| plain.contains(secret)), "{plain}");
    }
    let same =
        ConfigSchema::compile(&manifest(&json!({ "key": aliased, "other": secret, "keys": keys }))).expect("valid");
    let config = same.resolve_keeping(written, &consented).expect("valid");
    assert_eq!(config.kept_secrets().count(), 0);
    assert_eq!(config.effective()["keys"]["user"], "u");
    assert!(config.for_guest(&HashKey::new(&[4; 32]), &"shop".parse().expect("an id")).contains("\"u\""));
}
