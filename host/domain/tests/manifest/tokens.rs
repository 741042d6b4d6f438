//! Credentials with a token that the host fetches.

use std::time::Duration;

use hookyard_domain::config::ConfigSchema;
use hookyard_domain::credential::{Credential, Credentials, How};
use hookyard_domain::fetched_token::{TokenFetch, TokenRequest, margin};
use hookyard_domain::grant::{Ask, EgressGrant, Grant};
use hookyard_domain::host_pattern::Origin;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::secret::Secret;
use serde_json::{Value, json};

fn manifest_json(credential: &Value) -> Value {
    let mut credential = credential.clone();
    let members = credential.as_object_mut().expect("an object");
    for (name, value) in
        [("hosts", json!(["api.x.com"])), ("header", json!("authorization")), ("value", json!("Bearer {token}"))]
    {
        members.entry(name).or_insert(value);
    }
    members.retain(|_, member| !member.is_null());
    let secret = json!({ "type": "string", "writeOnly": true });
    json!({ "name": "x", "version": "1.0.0", "hosts": ["*.x.com"], "credentials": [credential],
        "config": { "type": "object", "properties": { "secret": secret, "refresh": secret, "field": {}, "id": {},
            "auth": { "type": "string", "default": "https://auth.x.com/token" } } } })
}

fn problems(credential: &Value) -> Vec<String> {
    match Manifest::parse(&manifest_json(credential).to_string()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|one| one.pointer.replace("/credentials/0", "")).collect(),
    }
}

fn manifest(credential: &Value) -> Manifest {
    let text = manifest_json(credential).to_string();
    Manifest::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

fn exchange(members: &Value) -> Value {
    let mut exchange = json!({ "url": "{config:/auth}", "pointer": "/response/token" });
    exchange.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    json!({ "token": { "exchange": exchange } })
}

fn oauth2(members: &Value) -> Value {
    let mut oauth2 =
        json!({ "grant": "client_credentials", "token_url": "{config:/auth}", "client_id": "{config:/id}" });
    oauth2.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    json!({ "oauth2": oauth2 })
}

#[test]
fn a_declaration_says_all_that_is_needed_and_nothing_twice() {
    for good in [
        exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}", "more": [1, { "a": "b" }] } })),
        exchange(&json!({ "form": { "key": "{secret:/secret}" }, "method": "PUT", "expires_in": "/expires" })),
        exchange(&json!({ "headers": { "x-key": "Key {secret:/secret}" }, "method": "GET" })),
        exchange(&json!({ "url": "https://auth.x.com/token?key={secret:/secret}" })),
        oauth2(&json!({ "client_secret": "{secret:/secret}", "scope": "a b" })),
        oauth2(&json!({ "grant": "refresh_token", "refresh_token": "{secret:/refresh}", "client_auth": "body" })),
    ] {
        assert_eq!(problems(&good), [""; 0], "{good}");
    }
    let both = json!({ "token": exchange(&json!({}))["token"], "oauth2": oauth2(&json!({}))["oauth2"] });
    for (bad, pointer) in [
        (json!({ "token": {} }), "/token/exchange"),
        (json!({ "oauth2": { "grant": "client_credentials", "client_id": "a" } }), "/oauth2/token_url"),
        (json!({}), "/value"),
        (json!({ "token": exchange(&json!({}))["token"], "value": "Bearer x" }), "/value"),
        (json!({ "token": exchange(&json!({}))["token"], "value": "Bearer {tokn}" }), "/value"),
        (both, "/oauth2"),
        (exchange(&json!({ "json": {}, "form": {} })), "/token/exchange/form"),
        (exchange(&json!({ "json": { "a": "{secret:/field}" } })), "/token/exchange/json/a"),
        (exchange(&json!({ "json": { "a": ["{config:/secret}"] } })), "/token/exchange/json/a/0"),
        (exchange(&json!({ "json": { "a": "{token}" } })), "/token/exchange/json/a"),
        (exchange(&json!({ "form": { "{secret:/secret}": "a" } })), "/token/exchange/form/{secret:~1secret}"),
        (exchange(&json!({ "pointer": "token" })), "/token/exchange/pointer"),
        (exchange(&json!({ "pointer": "/{secret:/secret}" })), "/token/exchange/pointer"),
        (exchange(&json!({ "expires_in": "soon" })), "/token/exchange/expires_in"),
        (exchange(&json!({ "url": "/token" })), "/token/exchange/url"),
        (exchange(&json!({ "url": "https://{secret:/secret}.x.com/" })), "/token/exchange/url"),
        (exchange(&json!({ "url": "https://u:p@auth.x.com/" })), "/token/exchange/url"),
        (exchange(&json!({ "url": "ftp://auth.x.com/" })), "/token/exchange/url"),
        (exchange(&json!({ "method": "post" })), "/token/exchange/method"),
        (exchange(&json!({ "method": "CONNECT" })), "/token/exchange/method"),
        (exchange(&json!({ "headers": { "host": "x" } })), "/token/exchange/headers/host"),
        (exchange(&json!({ "headers": { "x": "a\nb" } })), "/token/exchange/headers/x"),
        (exchange(&json!({ "retries": 3 })), "/token/exchange/retries"),
        (oauth2(&json!({ "grant": "password" })), "/oauth2/grant"),
        (oauth2(&json!({ "grant": "refresh_token" })), "/oauth2/refresh_token"),
        (oauth2(&json!({ "refresh_token": "{secret:/refresh}" })), "/oauth2/refresh_token"),
        (oauth2(&json!({ "client_secret": "{config:/secret}" })), "/oauth2/client_secret"),
        (oauth2(&json!({ "client_auth": "mtls" })), "/oauth2/client_auth"),
    ] {
        assert_eq!(problems(&bad), [pointer], "{bad}");
    }
    let placed = json!({ "header": null, "value": null, "place": ["json"], "secret": "/secret", "oauth2": oauth2(&json!({}))["oauth2"] });
    assert_eq!(problems(&placed), ["/oauth2"], "goes with header and value");
}

#[test]
fn the_operator_is_told_where_the_token_and_where_its_secrets_go() {
    let shown = |credential: &Value| manifest(credential).credentials[0].to_string();
    assert_eq!(
        shown(&exchange(&json!({ "json": { "key": "{secret:/secret}", "b": ["{secret:/refresh}"] } }))),
        "Bearer {token} to api.x.com in the header authorization, where the token is fetched with {secret:/refresh} and \
         {secret:/secret} sent to {config:/auth}"
    );
    assert_eq!(
        shown(&oauth2(&json!({ "client_secret": "{secret:/secret}" }))),
        "Bearer {token} to api.x.com in the header authorization, where the token is fetched with {secret:/secret} sent to \
         {config:/auth}"
    );
    assert!(shown(&exchange(&json!({}))).ends_with("fetched with no secret sent to {config:/auth}"));
}

#[test]
fn a_token_that_is_fetched_in_another_way_needs_another_consent() {
    let ask = |credential: &Value| Ask::of(&manifest(credential));
    let mut first = exchange(&json!({ "json": { "key": "{secret:/secret}" } }));
    first["hosts"] = json!(["*.x.com"]);
    let consented = ask(&first);
    let mut same = exchange(&json!({ "json": { "key": "{secret:/secret}" }, "method": "POST" }));
    same["hosts"] = json!(["*.x.com"]);
    assert!(ask(&same).beyond(&consented).is_empty(), "what is said by its absence is the same");
    let mut narrower = first.clone();
    narrower["hosts"] = json!(["api.x.com"]);
    assert!(ask(&narrower).beyond(&consented).is_empty());
    for (what, other) in [
        ("another URL", exchange(&json!({ "json": { "key": "{secret:/secret}" }, "url": "https://other.x.com/" }))),
        ("another secret", exchange(&json!({ "json": { "key": "{secret:/refresh}" } }))),
        ("another way", oauth2(&json!({ "client_secret": "{secret:/secret}" }))),
    ] {
        let beyond = ask(&other).beyond(&consented);
        assert_eq!(beyond.credentials.len(), 1, "{what}: {beyond}");
        assert!(ask(&other).within(&consented).credentials.is_empty(), "{what}");
    }
    // Where the config says nothing, the default is where the secrets go.
    let mut moved = manifest_json(&first);
    moved["config"]["properties"]["auth"]["default"] = json!("https://evil.x.com/token");
    let moved = Manifest::parse(&moved.to_string()).expect("valid").manifest;
    let beyond = Ask::of(&moved).beyond(&consented);
    assert!(beyond.to_string().contains("https://evil.x.com/token for {config:/auth}"), "{beyond}");
    assert!(
        fetch_of(&moved, &consented, json!({ "secret": "s3" })).is_none(),
        "before he consents, nothing goes there"
    );
    assert!(
        fetch_of(&moved, &consented, json!({ "secret": "s3", "auth": "https://auth.x.com/" })).is_some(),
        "his own choice needs no consent"
    );
}

fn fetch_of(manifest: &Manifest, consented: &Ask, config: Value) -> Option<TokenFetch> {
    let config = ConfigSchema::compile(manifest).expect("a schema").resolve(config).expect("a config");
    let grant = EgressGrant::resolve(consented, &config, &Grant::default()).expect("right");
    let credentials =
        Credentials::compile(manifest, consented, &config, &grant).unwrap_or_else(|problems| panic!("{problems:?}"));
    let origin = Origin::of(&"https://api.x.com/".parse().expect("a URL")).expect("an origin");
    let found = credentials.for_origin(&origin).next();
    found.map(|Credential { how, .. }| match how {
        How::Token { name, value, fetch } => {
            assert_eq!((name.as_str(), value.with(&Secret::new("t-1")).expose()), ("authorization", "Bearer t-1"));
            fetch.as_ref().clone()
        }
        other => panic!("{other:?}"),
    })
}

fn fetch(credential: &Value, config: Value) -> Option<TokenFetch> {
    let manifest = manifest(credential);
    fetch_of(&manifest, &Ask::of(&manifest), config)
}

/// Method, URL, headers but those of every request, and the body.
fn wire(request: TokenRequest) -> (String, String, Vec<String>, String) {
    let TokenRequest { method, url, headers, body } = request;
    let headers = headers.iter().filter(|(name, _)| !name.as_str().starts_with("accept"));
    let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().expect("a text"))).collect();
    (method.to_string(), url.to_string(), headers, body.map_or_else(String::new, |body| body.expose().to_owned()))
}

const FORM: &str = "content-type: application/x-www-form-urlencoded";

#[test]
fn a_request_for_a_token_is_what_was_declared_with_each_text_encoded_for_its_place() {
    let config = json!({ "secret": "s3 cr&t\"", "refresh": "r0", "field": "key", "id": "me:1" });
    let url = "https://auth.x.com/token";
    let rows = [
        (
            exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}", "n": 1 } })),
            ("POST", url, vec!["content-type: application/json"], r#"{"key":"s3 cr&t\"","n":1}"#),
        ),
        (
            exchange(&json!({ "form": { "{config:/field}": "{secret:/secret}", "a b": "c" }, "method": "PUT" })),
            ("PUT", url, vec![FORM], "a%20b=c&key=s3%20cr%26t%22"),
        ),
        (
            exchange(
                &json!({ "url": "{config:/auth}?k={secret:/secret}", "method": "GET", "headers": { "x-id": "{config:/id}" } }),
            ),
            ("GET", "https://auth.x.com/token?k=s3%20cr%26t%22", vec!["x-id: me:1"], ""),
        ),
        // RFC 6749, section 2.3.1 and appendix B: "me%3A1:s3%20cr%26t%22" in base64.
        (
            oauth2(&json!({ "client_secret": "{secret:/secret}", "scope": "a b" })),
            (
                "POST",
                url,
                vec![FORM, "authorization: Basic bWUlM0ExOnMzJTIwY3IlMjZ0JTIy"],
                "grant_type=client_credentials&scope=a%20b",
            ),
        ),
        (
            oauth2(&json!({ "client_secret": "{secret:/secret}", "client_auth": "body" })),
            ("POST", url, vec![FORM], "grant_type=client_credentials&client_id=me%3A1&client_secret=s3%20cr%26t%22"),
        ),
        (
            oauth2(&json!({ "grant": "refresh_token", "refresh_token": "{secret:/refresh}" })),
            ("POST", url, vec![FORM], "grant_type=refresh_token&refresh_token=r0&client_id=me%3A1"),
        ),
    ];
    for (credential, (method, url, headers, body)) in rows {
        let fetch = fetch(&credential, config.clone()).expect("all is set");
        let headers: Vec<_> = headers.into_iter().map(str::to_owned).collect();
        assert_eq!(
            wire(fetch.request(None)),
            (method.to_owned(), url.to_owned(), headers, body.to_owned()),
            "{credential}"
        );
        assert_eq!(fetch.shown_url(), "https://auth.x.com/token");
        let printed = format!("{fetch:?} {:?}", fetch.request(None));
        assert!(!printed.contains("s3"), "{printed}");
    }
    let refreshing = oauth2(&json!({ "grant": "refresh_token", "refresh_token": "{secret:/refresh}" }));
    let refreshing = fetch(&refreshing, config).expect("all is set");
    let body = wire(refreshing.request(Some(&Secret::new("r1")))).3;
    assert_eq!(body, "grant_type=refresh_token&refresh_token=r1&client_id=me%3A1", "the newest one counts");
    assert_eq!(refreshing.refresh_token(), Some(&Secret::new("r0")));
}

#[test]
fn a_credential_of_which_something_is_not_set_is_left_out() {
    let of = |config: Value| fetch(&exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}" } })), config);
    assert!(of(json!({ "secret": "s3", "field": "key" })).is_some());
    for unset in
        [json!({ "secret": "s3" }), json!({ "field": "key" }), json!({ "secret": "", "field": "key" }), json!({})]
    {
        assert!(of(unset.clone()).is_none(), "{unset}");
    }
    let body = fetch(&oauth2(&json!({ "client_secret": "{secret:/secret}" })), json!({ "id": "me" }));
    assert!(body.is_none(), "a secret that is named is not left out by itself");
}

#[test]
fn the_fingerprint_tells_every_part_and_every_life_apart() {
    let (key, shop) = (HashKey::new(&[1; 32]), "shop".parse().expect("valid"));
    let config = json!({ "secret": "s3", "refresh": "r0", "field": "key", "id": "me" });
    let of =
        |credential: &Value, config: &Value| fetch(credential, config.clone()).expect("set").fingerprint(&key, &shop);
    let base = exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}" } }));
    let mut all = vec![of(&base, &config)];
    assert_eq!(all[0], of(&base, &config));
    for changed in [json!({ "secret": "s4" }), json!({ "field": "k" }), json!({ "auth": "https://auth.x.com/2" })] {
        let mut config = config.clone();
        config.as_object_mut().expect("an object").extend(changed.as_object().expect("an object").clone());
        all.push(of(&base, &config));
    }
    for other in [
        exchange(&json!({ "form": { "{config:/field}": "{secret:/secret}" } })),
        exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}" }, "pointer": "/t" })),
        exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}" }, "expires_in": "/e" })),
        exchange(&json!({ "json": { "{config:/field}": "{secret:/secret}" }, "headers": { "x": "y" } })),
        oauth2(&json!({ "client_secret": "{secret:/secret}" })),
        oauth2(&json!({ "client_secret": "{secret:/refresh}" })),
        oauth2(&json!({ "grant": "refresh_token", "refresh_token": "{secret:/refresh}" })),
    ] {
        all.push(of(&other, &config));
    }
    all.push(fetch(&base, config.clone()).expect("set").fingerprint(&HashKey::new(&[2; 32]), &shop));
    all.push(fetch(&base, config).expect("set").fingerprint(&key, &"other".parse().expect("valid")));
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn an_answer_is_read_as_it_was_declared() {
    let config = json!({ "secret": "s3", "id": "me" });
    let own = fetch(&exchange(&json!({ "expires_in": "/expires" })), config.clone()).expect("set");
    let oauth2 = fetch(&oauth2(&json!({})), config).expect("set");
    let token =
        |fetch: &TokenFetch, body: &str| fetch.read(body.as_bytes()).map(|answer| answer.token.expose().to_owned());
    assert_eq!(token(&own, r#"{"response": {"token": "t-1"}}"#), Ok("t-1".to_owned()));
    assert_eq!(token(&oauth2, r#"{"access_token": "t-1", "error": ""}"#), Ok("t-1".to_owned()));
    for wrong in [
        "",
        "[]",
        r#""t""#,
        r#"{"response": "t"}"#,
        r#"{"response": {"token": true}}"#,
        r#"{"response": {"token": "é"}}"#,
    ] {
        assert!(token(&own, wrong).is_err(), "{wrong}");
    }
    for (said, seconds) in [
        ("60", Some(60)),
        ("\"60\"", Some(60)),
        ("59.9", Some(59)),
        ("0", Some(0)),
        ("-1", Some(0)),
        ("null", None),
        ("\"soon\"", None),
        ("{}", None),
    ] {
        let body = format!(r#"{{"response": {{"token": "t"}}, "expires": {said}}}"#);
        let read = own.read(body.as_bytes()).expect("a token").expires_in;
        assert_eq!(read, seconds.map(Duration::from_secs), "{said}");
    }
    let with_refresh = r#"{"access_token": "t", "refresh_token": "r"}"#;
    assert_eq!(oauth2.read(with_refresh.as_bytes()).expect("a token").refresh_token, Some(Secret::new("r")));
    assert_eq!(
        own.read(br#"{"response": {"token": "t"}, "refresh_token": "r"}"#).expect("a token").refresh_token,
        None
    );
}

#[test]
fn a_token_is_renewed_a_tenth_of_its_time_before_its_end_and_no_more_than_a_minute() {
    for (lifetime, expected) in [(0, 0), (100, 10), (600, 60), (3_600, 60)] {
        assert_eq!(margin(Duration::from_secs(lifetime)), Duration::from_secs(expected));
    }
}
