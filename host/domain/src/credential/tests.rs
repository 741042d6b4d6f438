use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::config::ConfigSchema;
use crate::grant::Grant;

fn manifest(credentials: &Value) -> Manifest {
    let secret = json!({ "type": "string", "writeOnly": true });
    let manifest = json!({ "name": "x", "version": "1.0.0",
        "config": { "type": "object", "properties": {
            "api_base": { "default": "https://api.x.com" }, "plain_base": {}, "user": {}, "number": { "default": 7 },
            "api_key": { "oneOf": [secret, { "type": "array", "items": secret }] }, "password": secret,
            "secrets": { "type": "object", "additionalProperties": secret },
        } },
        "hosts": ["*.x.com", "{config:/plain_base}"], "credentials": credentials });
    Manifest::parse(&manifest.to_string()).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

fn compile_with(credentials: &Value, config: Value, grant: &Grant) -> Result<Credentials, Vec<ManifestProblem>> {
    let manifest = manifest(credentials);
    let config = ConfigSchema::compile(&manifest).expect("a schema").resolve(config).expect("a config");
    let asked = Ask::of(&manifest);
    let egress = EgressGrant::resolve(&asked, &config, grant).expect("right");
    Credentials::compile(&manifest, &asked, &config, &egress)
}

fn compiled(credentials: &Value, config: Value) -> Vec<Credential> {
    compile_with(credentials, config, &Grant::default()).unwrap_or_else(|problems| panic!("{problems:?}")).all
}

fn problems(credentials: &Value, config: Value) -> Vec<String> {
    let problems = compile_with(credentials, config, &Grant::default()).expect_err("refused");
    problems.iter().map(|problem| problem.pointer.clone()).collect()
}

fn header(value: &str) -> Value {
    json!([{ "hosts": ["api.x.com"], "header": "Authorization", "value": value }])
}

fn header_text(credentials: &[Credential]) -> Option<&str> {
    match credentials {
        [Credential { how: How::Header { value, .. }, .. }] => Some(value.expose()),
        [] => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_header_is_its_template_with_the_config_filled_in() {
    let config = json!({ "api_key": "k1", "user": "u" });
    for (template, expected) in [
        ("{secret:/api_key}", Some("k1")),
        ("Bearer {secret:/api_key}", Some("Bearer k1")),
        ("{config:/user}-{config:/number}-{secret:/api_key}}", Some("u-7-k1}")),
        ("constant", Some("constant")),
        ("é{secret:/api_key}", Some("ék1")),
        ("{secret:/password}", None),
        ("{secret:/secrets/none}", None),
        ("{secret:/api_key}{config:/plain_base}", None),
    ] {
        assert_eq!(header_text(&compiled(&header(template), config.clone())), expected, "{template}");
    }
    let rotating = compiled(&header("{secret:/api_key}"), json!({ "api_key": ["new", "old"] }));
    assert_eq!(header_text(&rotating), Some("new"));
    for unset in [json!({ "api_key": "" }), json!({ "api_key": [] }), json!({})] {
        assert_eq!(header_text(&compiled(&header("{secret:/api_key}"), unset)), None);
    }
    let [Credential { how: How::Header { name, .. }, .. }] = &rotating[..] else { panic!("a header") };
    assert_eq!(name, "authorization");
}

#[test]
fn basic_is_the_whole_header_and_its_secrets() {
    let credentials = json!([{ "hosts": ["api.x.com"], "basic": ["{config:/user}", "{secret:/password}"] }]);
    let basic = compiled(&credentials, json!({ "user": "Aladdin", "password": "open sesame" }));
    let [Credential { how: How::Basic { value, parts }, .. }] = &basic[..] else { panic!("basic") };
    // RFC 7617, section 2.
    assert_eq!(value.expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(parts, &[Secret::new("open sesame")]);
    assert!(compiled(&credentials, json!({ "user": "u" })).is_empty());
    let key_only = json!([{ "hosts": ["api.x.com"], "basic": ["{secret:/api_key}", ""] }]);
    let basic = compiled(&key_only, json!({ "api_key": "k" }));
    assert!(matches!(&basic[..], [Credential { how: How::Basic { value, .. }, .. }] if value.expose() == "Basic azo="));
    assert_eq!(problems(&credentials, json!({ "user": "a:b", "password": "p" })), ["/credentials/0/basic/0"]);
    assert_eq!(problems(&credentials, json!({ "user": "a", "password": "p\n" })), ["/credentials/0/basic/1"]);
}

#[test]
fn what_cannot_stand_in_a_header_is_told_without_showing_it() {
    for wrong in ["hunter2\nx", "hunter2\r", "hu\0nter2"] {
        let config = json!({ "api_key": wrong });
        assert_eq!(problems(&header("{secret:/api_key}"), config.clone()), ["/credentials/0/value"], "{wrong:?}");
        let problems = compile_with(&header("{secret:/api_key}"), config, &Grant::default()).expect_err("refused");
        assert!(!format!("{problems:?}").contains("nter2"));
    }
    assert_eq!(problems(&header("{config:/user}"), json!({ "user": {} })), ["/credentials/0/value"]);
}

#[test]
fn a_place_says_where_and_which_secrets() {
    let place =
        json!([{ "hosts": ["api.x.com"], "place": ["json", "query"], "secret": "/secrets/*", "reflects": true }]);
    let place = compiled(&place, json!({}));
    let [Credential { how: How::Place { places, secrets }, reflects: true, .. }] = &place[..] else {
        panic!("a place")
    };
    assert_eq!(places, &BTreeSet::from([Place::Query, Place::Json]));
    assert!(secrets.matches("/secrets/gh") && !secrets.matches("/api_key"));
}

fn reaches(credentials: &Credentials, url: &str) -> bool {
    credentials.for_origin(&Origin::of(&Url::parse(url).expect(url)).expect(url)).next().is_some()
}

fn key_for(hosts: &[&str]) -> Value {
    json!([{ "hosts": hosts, "header": "x-key", "value": "{secret:/api_key}" }])
}

#[test]
fn a_secret_goes_to_its_hosts_only() {
    let config = json!({ "api_key": "k", "plain_base": "http://10.0.0.5:8080/x" });
    let one = compile_with(&key_for(&["api.x.com"]), config.clone(), &Grant::default()).expect("right");
    assert!(reaches(&one, "https://api.x.com") && !reaches(&one, "https://b.x.com"));
    let by_config = compile_with(&key_for(&["{config:/api_base}"]), config.clone(), &Grant::default()).expect("right");
    assert!(reaches(&by_config, "https://api.x.com") && !reaches(&by_config, "https://api.x.com:8443"));
    let plain = compile_with(&key_for(&["{config:/plain_base}"]), config.clone(), &Grant::default()).expect("right");
    assert!(reaches(&plain, "http://10.0.0.5:8080") && !reaches(&plain, "https://10.0.0.5:8080"));
    let unset = compile_with(&key_for(&["{config:/plain_base}"]), json!({ "api_key": "k" }), &Grant::default());
    assert!(unset.expect("right").all.is_empty());
    let beyond = Grant { hosts: vec!["crm.example".parse().expect("a pattern")], ..Grant::default() };
    let granted = compile_with(&key_for(&["{grant}"]), config, &beyond).expect("right");
    assert!(reaches(&granted, "https://crm.example") && !reaches(&granted, "https://api.x.com"), "{granted:?}");
}

#[test]
fn a_secret_meant_for_https_never_goes_in_clear_over_the_internet() {
    let config = json!({ "api_key": "k" });
    let private = compile_with(&key_for(&["api.x.com"]), config.clone(), &Grant::default()).expect("right");
    assert!(reaches(&private, "http://api.x.com"), "which reaches private addresses only");
    let plain = Grant { hosts: vec!["http://api.x.com".parse().expect("a pattern")], ..Grant::default() };
    let public = compile_with(&key_for(&["api.x.com"]), config.clone(), &plain).expect("right");
    assert!(reaches(&public, "https://api.x.com") && !reaches(&public, "http://api.x.com"));
    let meant = compile_with(&key_for(&["http://api.x.com"]), config, &plain).expect("right");
    assert!(reaches(&meant, "http://api.x.com") && !reaches(&meant, "https://api.x.com"));
}

#[test]
fn without_consent_there_is_no_credential() {
    let manifest = manifest(&json!([
        { "hosts": ["api.x.com"], "header": "x-key", "value": "{secret:/api_key}" },
        { "hosts": ["b.x.com"], "header": "x-key", "value": "{secret:/api_key}" },
    ]));
    let config = ConfigSchema::compile(&manifest).expect("a schema").resolve(json!({ "api_key": "k" })).expect("valid");
    let mut consented = Ask::of(&manifest);
    consented.credentials.retain(|credential| !credential.contains("b.x.com"));
    let egress = EgressGrant::resolve(&consented, &config, &Grant::default()).expect("right");
    let some = Credentials::compile(&manifest, &consented, &config, &egress).expect("right");
    assert!(reaches(&some, "https://api.x.com") && !reaches(&some, "https://b.x.com"));
    let none = Credentials::compile(&manifest, &Ask::default(), &config, &egress).expect("right");
    assert!(none.all.is_empty());
}

#[test]
fn a_widened_credential_works_on_as_it_was_consented_to() {
    let consented = Ask::of(&manifest(&json!([
        { "hosts": ["api.x.com"], "place": ["header"], "secret": "/api_key" },
        { "hosts": ["api.x.com", "{config:/api_base}"], "header": "x-key", "value": "{secret:/api_key}" },
    ])));
    let widened = manifest(&json!([
        { "hosts": ["*.x.com"], "place": ["header", "json"], "secret": "/api_key", "reflects": true },
        { "hosts": ["y.com", "*.x.com"], "header": "x-key", "value": "{secret:/api_key}" },
    ]));
    let config = ConfigSchema::compile(&widened).expect("a schema").resolve(json!({ "api_key": "k" })).expect("valid");
    for consented in [consented.clone(), Ask::of(&widened).within(&consented)] {
        let egress = EgressGrant::resolve(&consented, &config, &Grant::default()).expect("right");
        let kept = Credentials::compile(&widened, &consented, &config, &egress).expect("right");
        let [placed, header] = &kept.all[..] else { panic!("{kept:?}") };
        let hosts = |credential: &Credential| credential.hosts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(matches!(&placed.how, How::Place { places, .. } if *places == BTreeSet::from([Place::Header])));
        assert_eq!((hosts(placed), placed.reflects), (vec!["api.x.com".to_owned()], false));
        assert_eq!(hosts(header), ["api.x.com"]);
    }
}

#[test]
fn a_secret_does_not_follow_a_default_that_changed() {
    let declared = json!([{ "hosts": ["{config:/api_base}"], "header": "x-key", "value": "{secret:/api_key}" }]);
    let mut manifest = manifest(&declared);
    let consented = Ask::of(&manifest);
    manifest.config["properties"]["api_base"] = json!({ "default": "https://collector.example" });
    let held = Ask::of(&manifest).within(&consented);
    let schema = ConfigSchema::compile(&manifest).expect("a schema");
    let compiled = |config: Value| {
        let config = schema.resolve(config).expect("valid");
        let egress = EgressGrant::resolve(&held, &config, &Grant::default()).expect("right");
        Credentials::compile(&manifest, &held, &config, &egress).expect("right")
    };
    assert!(compiled(json!({ "api_key": "k" })).all.is_empty());
    let own = compiled(json!({ "api_key": "k", "api_base": "https://own.example" }));
    assert!(reaches(&own, "https://own.example"));
}

#[test]
fn no_secret_shows_in_debug() {
    let credentials = json!([
        { "hosts": ["api.x.com"], "header": "x-key", "value": "Bearer {secret:/api_key}" },
        { "hosts": ["api.x.com"], "basic": ["u", "{secret:/password}"] },
    ]);
    let config = json!({ "api_key": "hunter2", "password": "correct-horse" });
    let shown = format!("{:?}", compile_with(&credentials, config, &Grant::default()).expect("right"));
    for secret in ["hunter2", "correct-horse", "dTpjb3JyZWN0LWhvcnNl"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
