use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::config::ConfigSchema;
use crate::manifest::Manifest;

fn manifest(members: &Value) -> Manifest {
    let mut manifest = json!({ "name": "x", "version": "1.0.0", "config": { "type": "object", "properties": {
        "api_base": { "type": "string", "default": "https://api.x.com/v1" },
        "other": {}, "api_key": { "type": "string", "writeOnly": true },
    } } });
    for (name, value) in members.as_object().expect("members") {
        manifest[name] = value.clone();
    }
    Manifest::parse(&manifest.to_string()).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

fn resolve(hosts: &Value, config: Value, grant: &Grant) -> Result<EgressGrant, Vec<String>> {
    let manifest = manifest(&json!({ "hosts": hosts }));
    let config = ConfigSchema::compile(&manifest).expect("a schema").resolve(config).expect("a config");
    EgressGrant::resolve(&Ask::of(&manifest), &config, grant)
}

fn grant(hosts: &[&str], private: &[&str]) -> Grant {
    Grant {
        hosts: hosts.iter().map(|host| host.parse().expect("a pattern")).collect(),
        allow_unsigned: false,
        private_addresses: private.iter().map(|range| range.parse().expect("a range")).collect(),
    }
}

fn origin(url: &str) -> Origin {
    Origin::of(&Url::parse(url).expect(url)).expect(url)
}

fn shop() -> ConnectionId {
    "shop-eu".parse().expect("an id")
}

#[test]
fn what_is_asked_and_what_is_granted_beyond_it_add_up() {
    let beyond = grant(&["crm.example", "http://plain.example"], &["10.0.0.0/8"]);
    let egress = resolve(&json!(["*.x.com"]), json!({}), &beyond).expect("right");
    let full = AddressPolicy::new(beyond.private_addresses.clone());
    for url in ["https://a.x.com", "https://crm.example:8443", "http://plain.example"] {
        assert_eq!(egress.check(&origin(url)), Ok(full.clone()), "{url}");
    }
    for url in ["http://a.x.com", "http://crm.example"] {
        assert_eq!(egress.check(&origin(url)), Ok(full.private_only()), "{url}");
    }
    for url in ["https://x.com", "https://plain.example", "https://other.example"] {
        assert_eq!(egress.check(&origin(url)), Err(NotGranted { origin: origin(url) }), "{url}");
    }
    assert!(EgressGrant::default().check(&origin("https://a.example")).is_err());
    let refused = egress.check(&origin("https://other.example:1")).expect_err("refused").to_string();
    assert_eq!(refused, "https://other.example:1 is not among the hosts that this connection may reach");
}

#[test]
fn a_pattern_for_plain_http_wins_over_one_without() {
    for hosts in [["crm", "http://crm"], ["http://crm", "crm"]] {
        let egress = resolve(&json!([]), json!({}), &grant(&hosts, &[])).expect("right");
        assert_eq!(egress.check(&origin("http://crm")), Ok(AddressPolicy::default()));
    }
}

#[test]
fn a_url_of_the_config_is_granted_exactly_and_a_default_counts() {
    let hosts = |config: Value| {
        let egress = resolve(&json!(["{config:/api_base}", "{config:/other}"]), config, &Grant::default());
        egress.map(|egress| egress.hosts().iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(hosts(json!({})), Ok(vec!["api.x.com:443".to_owned()]));
    assert_eq!(hosts(json!({ "api_base": "http://10.0.0.5:8080/v1" })), Ok(vec!["http://10.0.0.5:8080".to_owned()]));
    for unset in [json!(null), json!("")] {
        assert_eq!(hosts(json!({ "other": unset })), Ok(vec!["api.x.com:443".to_owned()]));
    }
    let wrong = hosts(json!({ "api_base": "api.x.com", "other": "https://hunter2:x@a.example" })).expect_err("wrong");
    assert!(wrong[0].starts_with("the config's /api_base is not a URL"), "{wrong:?}");
    assert!(wrong[1].starts_with("the config's /other: the URL holds a user"), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("hunter2"));
    assert!(hosts(json!({ "other": "https://*.example.com" })).is_err());
    assert!(hosts(json!({ "other": ["https://a.example"] })).is_err());
}

#[test]
fn a_suggestion_is_the_lines_that_would_grant_it_and_keeps_what_is_granted() {
    let none = resolve(&json!(["a.example"]), json!({}), &Grant::default()).expect("right");
    let suggested = none.suggest_host(&shop(), &origin("https://api.x.com"));
    let intro = "These lines in hookyard.toml would permit it:\n[connections.shop-eu]\n";
    assert_eq!(suggested, format!("{intro}grants = {{ hosts = [\"api.x.com\"] }}"));
    let ranges = ["10.0.0.5/32".parse().expect("a range")];
    let suggested = none.suggest_addresses(&shop(), &ranges);
    assert_eq!(suggested, format!("{intro}grants = {{ private_addresses = [\"10.0.0.5/32\"] }}"));

    let today = Grant { allow_unsigned: true, ..grant(&["b.example"], &["fd00::/8"]) };
    let some = resolve(&json!([]), json!({}), &today).expect("right");
    let suggested = some.suggest_host(&shop(), &origin("http://crm:8080"));
    let expected = "grants = { hosts = [\"b.example\", \"http://crm:8080\"], allow_unsigned = true, private_addresses = [\"fd00::/8\"] }";
    assert_eq!(suggested.lines().last(), Some(expected));
    let suggested = some.suggest_addresses(&shop(), &[ranges[0], ranges[0]]);
    let expected = "grants = { hosts = [\"b.example\"], allow_unsigned = true, private_addresses = [\"fd00::/8\", \"10.0.0.5/32\"] }";
    assert_eq!(suggested.lines().last(), Some(expected));
}

#[test]
fn for_a_connection_of_the_api_a_command_is_suggested() {
    let today = grant(&["b.example"], &[]);
    let some = resolve(&json!([]), json!({}), &today).expect("right").changed_in(ChangedIn::Api);
    let suggested = some.suggest_host(&shop(), &origin("https://api.x.com"));
    let command = suggested.strip_prefix("This command would permit it:\n").expect("an introduction");
    let grants = command.strip_prefix("hookyard connections set shop-eu --grants '").expect("a command");
    let grants: Value = serde_json::from_str(grants.trim_end_matches('\'')).expect("JSON");
    let expected = json!({ "hosts": ["b.example", "api.x.com"], "allow_unsigned": false, "private_addresses": [] });
    assert_eq!(grants, expected);
    assert_eq!(some.suggest_host(&shop(), &origin("http://169.254.169.254")), "");
}

#[test]
fn the_suggestion_for_a_literal_has_its_address_and_there_is_none_where_no_grant_helps() {
    let none = EgressGrant::default();
    let suggested = none.suggest_host(&shop(), &origin("http://0x7f.1:8080"));
    let expected = "grants = { hosts = [\"http://127.0.0.1:8080\"], private_addresses = [\"127.0.0.1/32\"] }";
    assert_eq!(suggested.lines().last(), Some(expected));
    let suggested = none.suggest_host(&shop(), &origin("https://[::ffff:10.0.0.5]"));
    let expected =
        "grants = { hosts = [\"[::ffff:10.0.0.5]\"], private_addresses = [\"::ffff:10.0.0.5/128\", \"10.0.0.5/32\"] }";
    assert_eq!(suggested.lines().last(), Some(expected));
    assert_eq!(none.suggest_host(&shop(), &origin("http://169.254.169.254")), "");
    assert_eq!(none.suggest_addresses(&shop(), &[]), "");
}

#[test]
fn what_is_suggested_grants_what_was_refused() {
    for url in ["https://api.x.com", "http://crm:8080", "https://10.0.0.5", "http://[fd00::1]:81"] {
        let to = origin(url);
        let pattern = HostPattern::granting(&to);
        let addresses = match &to.host {
            Host::Domain(_) => Vec::new(),
            Host::Ipv4(address) => vec![IpNet::from(std::net::IpAddr::V4(*address))],
            Host::Ipv6(address) => vec![IpNet::from(std::net::IpAddr::V6(*address))],
        };
        let lines = EgressGrant::default().suggest_host(&shop(), &to);
        assert!(lines.contains(&format!("\"{pattern}\"")), "{lines}");
        assert!(addresses.iter().all(|range| lines.contains(&format!("\"{range}\""))), "{lines}");
        let granted = Grant { hosts: vec![pattern], allow_unsigned: false, private_addresses: addresses };
        assert!(resolve(&json!([]), json!({}), &granted).expect("right").check(&to).is_ok(), "{url}");
    }
}

fn ask(hosts: &[&str], credentials: &Value) -> Ask {
    Ask::of(&manifest(&json!({ "hosts": hosts, "credentials": credentials })))
}

fn header(hosts: &[&str]) -> Value {
    json!({ "hosts": hosts, "header": "as-api-key", "value": "{secret:/api_key}" })
}

#[test]
fn only_what_goes_beyond_the_consent_is_asked_again() {
    let consented = ask(&["*.x.com", "{config:/api_base}"], &json!([header(&["*.x.com", "{grant}"])]));
    let same = ask(&["api.x.com", "*.a.x.com:443", "{config:/api_base}"], &json!([header(&["{grant}", "api.x.com"])]));
    assert!(same.beyond(&consented).is_empty() && same.within(&consented) == same);
    let mut reflecting = header(&["*.x.com"]);
    reflecting["reflects"] = json!(true);
    let mut other_header = header(&["*.x.com"]);
    other_header["header"] = json!("x-other");
    let more = ask(
        &["x.com", "http://a.x.com", "{config:/other}", "b.x.com"],
        &json!([header(&["y.com"]), reflecting, other_header, header(&["a.x.com"])]),
    );
    let beyond = more.beyond(&consented);
    assert_eq!(
        beyond.hosts.iter().map(String::as_str).collect::<Vec<_>>(),
        ["http://a.x.com", "x.com", "{config:/other}"]
    );
    assert_eq!(beyond.credentials.len(), 3, "{beyond:?}");
    let within = more.within(&consented);
    // Of the one that reflects, what was there before.
    assert_eq!((within.hosts.len(), within.credentials.len()), (1, 2));
    let all = more.beyond(&Ask::default());
    assert_eq!((&all.hosts, &all.credentials, &all.defaults), (&more.hosts, &more.credentials, &more.defaults));
}

#[test]
fn fewer_places_ask_for_no_more() {
    let place =
        |places: &[&str], secret: &str| ask(&[], &json!([{ "hosts": ["{grant}"], "place": places, "secret": secret }]));
    let consented = place(&["json", "header"], "/api_key");
    assert!(place(&["header"], "/api_key").beyond(&consented).is_empty());
    assert_eq!(place(&["header", "json"], "/api_key"), consented, "the order means nothing");
    assert!(!place(&["query"], "/api_key").beyond(&consented).is_empty());
}

#[test]
fn a_consent_survives_being_stored_and_reads_as_a_sentence() {
    let asked = ask(
        &["api.x.com", "{config:/api_base}"],
        &json!([
            header(&["{config:/api_base}"]),
            { "hosts": ["a.example"], "basic": ["{config:/other}", "{secret:/api_key}"], "reflects": true },
            { "hosts": ["{grant}"], "place": ["query", "json"], "secret": "/api_key" },
        ]),
    );
    let stored = serde_json::to_string(&asked).expect("JSON");
    assert_eq!(serde_json::from_str::<Ask>(&stored).expect("read back"), asked);
    let sentence = asked.to_string();
    for part in [
        "to reach api.x.com, {config:/api_base}; to take https://api.x.com/v1 for {config:/api_base} where the config sets nothing; to send ",
        "to send {secret:/api_key} to {config:/api_base} in the header as-api-key",
        "to send {config:/other} and {secret:/api_key} to a.example as Basic authentication; answers may hold it",
        "to send {secret:/api_key} to {grant}, placed by the plugin: json, query",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }
    assert_eq!(Ask::default().to_string(), "nothing");
    assert!(Ask::default().is_empty() && !asked.is_empty());
}

fn with_default(url: &str, credentials: &Value) -> Manifest {
    let base = json!({ "type": "string", "default": url });
    let key = json!({ "type": "string", "writeOnly": true });
    let mut manifest = manifest(&json!({ "hosts": ["{config:/base}"] }));
    manifest.config = json!({ "type": "object", "properties": { "base": base, "key": key } });
    manifest.credentials = serde_json::from_value(credentials.clone()).expect("credentials");
    manifest
}

#[test]
fn another_default_is_another_host() {
    let consented = Ask::of(&with_default("https://api.x.com", &json!([])));
    let manifest = with_default("https://collector.example", &json!([]));
    let asked = Ask::of(&manifest);
    let beyond = asked.beyond(&consented).to_string();
    assert_eq!(beyond, "to take https://collector.example for {config:/base} where the config sets nothing");
    let held = asked.within(&consented);
    let schema = ConfigSchema::compile(&manifest).expect("a schema");
    let hosts = |held: &Ask, config: Value| {
        let config = schema.resolve(config).expect("a config");
        let egress = EgressGrant::resolve(held, &config, &Grant::default()).expect("right");
        egress.hosts().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(hosts(&held, json!({})).is_empty(), "neither the old one, which the plugin does not use, nor the new one");
    assert_eq!(hosts(&held, json!({ "base": "https://own.example" })), ["own.example:443"]);
    assert_eq!(hosts(&held, json!({ "base": "https://collector.example" })), ["collector.example:443"]);
    assert_eq!(hosts(&asked, json!({})), ["collector.example:443"]);
    assert!(consented.beyond(&consented).is_empty());
    let none = Ask::of(&with_default("", &json!([])));
    assert!(!consented.beyond(&none).is_empty(), "where there was none, one is new");
}

#[test]
fn a_default_within_what_is_around_it_counts_as_well() {
    let config = |base: &str| json!({ "properties": { "api": { "default": { "base": base }, "properties": { "base": { "default": "https://a.example" } } } } });
    let mut manifest = manifest(&json!({ "hosts": ["{config:/api/base}"] }));
    manifest.config = config("https://b.example");
    let consented = Ask::of(&manifest);
    assert_eq!(consented.defaults["/api/base"].iter().collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
    manifest.config = config("https://c.example");
    assert_eq!(Ask::of(&manifest).beyond(&consented).defaults["/api/base"].len(), 1);
}

#[test]
fn what_is_no_secret_any_more_is_asked_for() {
    let old = Ask::of(&with_default("https://a.example", &json!([])));
    let mut manifest = with_default("https://a.example", &json!([]));
    manifest.config["properties"]["key"] = json!({ "type": "string" });
    let new = Ask::of(&manifest);
    assert_eq!(new.beyond(&old).to_string(), "to read /key");
    assert_eq!(new.within(&old).secrets, old.secrets);
    assert!(old.beyond(&new).is_empty(), "one more secret asks for nothing");
}

#[test]
fn what_is_widened_keeps_what_it_was() {
    let consented = ask(&["api.x.com", "b.example:443"], &json!([header(&["api.x.com", "{grant}"])]));
    let widened = ask(&["*.x.com", "b.example"], &json!([header(&["*.x.com", "y.com", "{grant}"])]));
    let held = widened.within(&consented);
    assert_eq!(held, Ask { secrets: held.secrets.clone(), ..consented.clone() });
    assert_eq!(held.within(&consented), held);
    let place = |places: &[&str], reflects: bool| {
        ask(&[], &json!([{ "hosts": ["a.example"], "place": places, "secret": "/api_key", "reflects": reflects }]))
    };
    assert_eq!(place(&["json", "query"], true).within(&place(&["json"], false)), place(&["json"], false));
    assert!(place(&["query"], false).within(&place(&["json"], false)).credentials.is_empty());
    let mut other_value = header(&["api.x.com"]);
    other_value["value"] = json!("Bearer {secret:/api_key}");
    assert!(ask(&[], &json!([other_value])).within(&consented).credentials.is_empty());
}

#[test]
fn two_consents_together_allow_what_either_does_and_nothing_else() {
    let one = ask(&["a.example"], &json!([header(&["a.example"])]));
    let other = Ask { secrets: ["/other".to_owned()].into(), ..ask(&["b.example"], &json!([])) };
    let both = one.together(&other);
    assert!(one.beyond(&both).is_empty() && other.beyond(&both).is_empty());
    assert!(!ask(&["c.example"], &json!([])).beyond(&both).is_empty());
    assert!(both.secrets.is_empty(), "what either lets the plugin read is no secret");
}
