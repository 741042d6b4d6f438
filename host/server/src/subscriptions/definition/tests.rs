use hookyard_domain::subscription::UrlEndpoint;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("the tests give objects") };
    object
}

fn read_with(document: Value, origin: Origin, private: &[&str]) -> Result<Definition, Vec<InputError>> {
    let private: Vec<IpNet> = private.iter().map(|range| range.parse().expect("a range")).collect();
    let id = "crm".parse().expect("a name");
    read(&id, &object(document), Rules { origin, private_addresses: &private })
}

fn of_api(document: Value) -> Result<Subscription, Vec<(String, String)>> {
    match read_with(document, Origin::Api, &["10.0.0.0/8", "127.0.0.1/32"]) {
        Ok(definition) => Ok(definition.subscription),
        Err(wrong) => Err(wrong.into_iter().map(|error| (error.pointer, error.code)).collect()),
    }
}

fn to_url(url: &str, more: Value) -> Value {
    let mut endpoint = object(json!({ "url": url }));
    endpoint.extend(object(more));
    json!({ "types": ["a.*"], "endpoint": endpoint })
}

fn endpoint(document: Value) -> UrlEndpoint {
    match of_api(document).expect("right").endpoint {
        Endpoint::Url(endpoint) => endpoint,
        Endpoint::Action(_) => panic!("it is a URL"),
    }
}

#[test]
fn what_is_left_out_is_as_by_default() {
    let read = of_api(to_url("https://crm.example.com/hooks", json!({}))).expect("right");
    assert_eq!(read.filter.types, ["a.*"]);
    assert!(read.filter.connections.is_empty() && read.filter.subjects.is_empty() && read.when.is_none());
    assert!(read.enabled && !read.ordered);
    let endpoint = endpoint(to_url("https://crm.example.com/hooks", json!({ "max_per_second": null })));
    assert_eq!((endpoint.max_in_flight, endpoint.max_per_second), (limit::ENDPOINT_IN_FLIGHT_DEFAULT, None));
}

#[test]
fn what_was_written_reads_the_same() {
    let documents = [
        json!({
            "types": ["a.*", "b.c"], "connections": ["shop"], "subject": "c1", "when": "event.data.x", "ordered": true,
            "enabled": false,
            "endpoint": { "url": "https://x.example/", "headers": { "X-Key": "s3cret" }, "max_in_flight": 2, "max_per_second": 5 }
        }),
        json!({
            "types": [], "subject": ["c1", "c2"],
            "endpoint": { "connection": "desk", "action": "note", "input": { "n": 1, "text": "{{ event.id }}" }, "max_per_minute_and_subject": 3 }
        }),
    ];
    for document in documents {
        let read = of_api(document).expect("right");
        let written = write(&read, HeaderValues::Plain);
        assert_eq!(of_api(Value::Object(written)).expect("right"), read);
        assert!(!Value::Object(write(&read, HeaderValues::Redacted)).to_string().contains("s3cret"));
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let document = json!({
        "types": ["a*b", "", 5], "connections": ["A B"], "subject": 7, "when": 1, "ordered": "yes", "typs": [],
        "endpoint": { "url": "ftp://x.example", "max_in_flight": 65, "max_per_second": 0, "header": {}, "secret": "x" }
    });
    let mut wrong = of_api(document).expect_err("wrong");
    wrong.sort();
    let expected = [
        ("/connections/0", "invalid"),
        ("/endpoint/header", "unknown-member"),
        ("/endpoint/max_in_flight", "invalid"),
        ("/endpoint/max_per_second", "invalid"),
        ("/endpoint/secret", "unknown-member"),
        ("/endpoint/url", "invalid"),
        ("/ordered", "type"),
        ("/subject", "type"),
        ("/types/0", "invalid"),
        ("/types/1", "invalid"),
        ("/types/2", "type"),
        ("/typs", "unknown-member"),
        ("/when", "type"),
    ];
    assert_eq!(wrong, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

#[test]
fn an_endpoint_is_a_url_or_an_action() {
    let wrong = |endpoint: Value| of_api(json!({ "types": [], "endpoint": endpoint })).expect_err("wrong");
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    assert_eq!(wrong(json!({})), one("/endpoint", "required"));
    assert_eq!(wrong(json!({ "url": "https://x.example", "action": "a" })), one("/endpoint", "ambiguous"));
    assert_eq!(wrong(json!({ "connection": "crm" })), one("/endpoint/action", "required"));
    assert_eq!(wrong(json!("https://x.example")), one("/endpoint", "type"));
    let nothing = of_api(json!({})).expect_err("empty");
    assert_eq!(nothing, [one("/types", "required"), one("/endpoint", "required")].concat());
}

#[test]
fn events_go_by_https_or_to_private_addresses() {
    for right in [
        "https://x.example/a?b=c",
        "http://10.1.2.3:8080/",
        "http://127.0.0.1/",
        "https://10.0.0.1/",
        "http://crm.internal/",
    ] {
        assert!(of_api(to_url(right, json!({}))).is_ok(), "{right}");
    }
    for wrong in [
        "http://93.184.216.34/",
        "https://192.168.0.1/",
        "http://192.168.0.1/",
        "https://169.254.169.254/",
        "https://user:pw@x.example/",
        "https://x.example/#a",
        "mailto:a@x.example",
        "x.example",
        "https://",
    ] {
        let said = of_api(to_url(wrong, json!({}))).expect_err(wrong);
        assert_eq!(said, [("/endpoint/url".to_owned(), "invalid".to_owned())], "{wrong}");
    }
    let nowhere = read_with(to_url("http://crm.internal/", json!({})), Origin::Api, &[]);
    assert!(nowhere.is_err_and(|wrong| wrong[0].detail.contains("private_addresses lists none")));
}

#[test]
fn headers_are_the_operators_own() {
    let with = |headers: Value| of_api(to_url("https://x.example/", json!({ "headers": headers })));
    let read = endpoint(to_url("https://x.example/", json!({ "headers": { "Authorization": "Bearer x", "X-A": "" } })));
    assert_eq!(read.headers, [("authorization".to_owned(), "Bearer x".to_owned()), ("x-a".to_owned(), String::new())]);
    for (name, value) in [
        ("webhook-id", json!("x")),
        ("Webhook-Signature", json!("x")),
        ("content-type", json!("text/plain")),
        ("Host", json!("x")),
        ("traceparent", json!("x")),
        ("a b", json!("x")),
        ("", json!("x")),
        ("x-a", json!("a\nb")),
        ("x-a", json!(" a")),
        ("x-a", json!("ä")),
        ("x-a", json!(5)),
        ("x-a", json!({ "set": true })),
    ] {
        let wrong = with(json!({ name: value })).expect_err(name);
        assert_eq!(wrong, [(format!("/endpoint/headers/{name}"), "invalid".to_owned())], "{name}: {value}");
    }
    let twice = with(json!({ "X-A": "1", "x-a": "2" })).expect_err("twice");
    assert_eq!(twice[0].1, "repeated");
    let many: Map<_, _> = (0..=limit::ENDPOINT_HEADERS_MAX).map(|n| (format!("x-{n}"), json!("x"))).collect();
    assert_eq!(with(Value::Object(many)).expect_err("many"), [("/endpoint/headers".to_owned(), "too-many".to_owned())]);
    let long = with(json!({ "x-a": "a".repeat(limit::ENDPOINT_HEADERS_BYTES_MAX) })).expect_err("long");
    assert_eq!(long[0].1, "too-many");
}

#[test]
fn the_file_may_give_secrets_and_nobody_sees_one_in_a_message() {
    let good = |byte: u8| format!("whsec_{}", base64(&[byte; 32]));
    let read = |secret: Value| read_with(to_url("https://x.example/", json!({ "secret": secret })), Origin::File, &[]);
    let secrets = |definition: Definition| definition.secrets.expect("given").len();
    assert_eq!(secrets(read(json!(good(1))).expect("right")), 1);
    assert_eq!(secrets(read(json!([good(1), good(2)])).expect("right")), 2);
    for wrong in [json!("hunter2hunter2"), json!(["whsec_hunter2"]), json!([]), json!(vec![good(1); 6]), json!(7)] {
        let said = read(wrong).err().expect("wrong");
        assert!(said[0].pointer.starts_with("/endpoint/secret"), "{said:?}");
        assert!(!said[0].detail.contains("hunter2"), "{said:?}");
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_patch_changes_what_it_names() {
    let before = json!({ "types": ["a.*"], "when": "event.x", "endpoint": { "url": "https://x.example/", "headers": { "x-a": "1", "x-b": "2" } } });
    let patched = |patch: Value| Value::Object(merge(&object(before.clone()), object(patch)));
    assert_eq!(patched(json!({ "when": null }))["when"], Value::Null);
    let headers = patched(json!({ "endpoint": { "headers": { "X-A": { "set": true }, "x-b": null, "x-c": "3" } } }));
    assert_eq!(headers["endpoint"], json!({ "url": "https://x.example/", "headers": { "x-a": "1", "x-c": "3" } }));
    let replaced = patched(json!({ "endpoint": { "headers": { "X-A": "9" } } }));
    assert_eq!(replaced["endpoint"]["headers"], json!({ "x-a": "9", "x-b": "2" }));
    let action = json!({ "connection": "desk", "action": "note" });
    assert_eq!(patched(json!({ "endpoint": action }))["endpoint"], action, "another kind of endpoint");
    assert_eq!(patched(json!({ "types": ["b.*"] }))["types"], json!(["b.*"]));
}

#[test]
fn headers_do_not_follow_a_url_to_another_host_by_themselves() {
    let before = json!({ "types": ["a.*"], "endpoint": { "url": "https://x.example/a", "headers": { "x-a": "1", "x-b": "2" } } });
    let patched = |endpoint: Value| merge(&object(before.clone()), object(json!({ "endpoint": endpoint })));
    let headers = |patched: &Map<String, Value>| patched["endpoint"]["headers"].clone();
    let elsewhere_on_it = patched(json!({ "url": "https://x.example/b" }));
    assert_eq!(headers(&elsewhere_on_it), json!({ "x-a": "1", "x-b": "2" }));
    for url in ["https://y.example/a", "https://x.example:8443/a", "http://x.example/a"] {
        let kept = patched(json!({ "url": url, "headers": { "X-A": { "set": true } } }));
        let wrong = read_with(Value::Object(kept), Origin::Api, &["127.0.0.1/32"]).err().expect("wrong");
        let pointers: Vec<_> = wrong.iter().map(|error| error.pointer.as_str()).collect();
        assert!(pointers.ends_with(&["/endpoint/headers/x-a", "/endpoint/headers/x-b"]), "{pointers:?}");
        let anew = patched(json!({ "url": url, "headers": { "X-A": "9", "x-b": null } }));
        assert_eq!(headers(&anew), json!({ "x-a": "9" }));
    }
}

#[test]
fn each_value_of_a_list_is_blamed_where_it_stands() {
    let document = json!({
        "types": [1, "x**", "a.b"], "connections": [2, "BAD"], "endpoint": { "url": "https://x.example/" }
    });
    let wrong = of_api(document).expect_err("wrong");
    let pointers: Vec<_> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/types/0", "/types/1", "/connections/0", "/connections/1"]);
}

#[test]
fn what_only_the_file_may_give_is_not_offered_to_clients() {
    let wrong = read_with(to_url("https://x.example/", json!({ "secret": "x", "colour": 1 })), Origin::Api, &[]);
    let wrong = wrong.err().expect("wrong");
    let said: Vec<_> = wrong.iter().map(|error| (error.pointer.as_str(), error.detail.as_str())).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].0 == "/endpoint/secret" && said[0].1.contains("rotate-secret"), "{said:?}");
    assert!(said[1].0 == "/endpoint/colour" && !said[1].1.contains("secret"), "{said:?}");
}

#[test]
fn a_header_without_a_value_that_could_stay_is_told_so() {
    let wrong =
        read_with(to_url("https://x.example/", json!({ "headers": { "x-key": { "set": true } } })), Origin::Api, &[]);
    let wrong = wrong.err().expect("wrong");
    assert!(wrong[0].detail.contains("no value of x-key"), "{wrong:?}");
}
