use serde_json::{Value, json};

use super::provider::{Provider, raw, reply};
use super::world::World;
use super::*;

const KEY: &str = "k3y &+/\"\\%=";

/// A world with a provider, and a connection whose `api_key` may be placed anywhere at `api.test`; `password` nowhere.
async fn placing() -> (World, Provider, crate::test_host::TestConnection) {
    let (world, provider) = (World::new(), Provider::start(|_| reply(200, &[], "ok")).await);
    let credentials = json!([
        {"hosts": ["api.test"], "place": ["header", "query", "form", "json"], "secret": "/api_key"},
        {"hosts": ["api.test"], "place": ["header"], "secret": "/secrets/*"},
    ]);
    let config = json!({"api_key": KEY, "password": "hunter2-hunter2", "user": "me", "secrets": {"line": "a\r\nx: y", "ok": "0k-0k-0k"}});
    let connection = world.connection(&["api.test", "other.test"], &credentials, config);
    (world, provider, connection)
}

#[tokio::test]
async fn placed_secrets_are_encoded_for_their_place() {
    let (world, provider, connection) = placing().await;
    let key = connection.placeholder("/api_key").to_owned();
    let requests = world.invocation(&connection).requests();
    let url = |query: &str| provider.url("api.test", query);
    let with_header = |value: String| HttpRequest { headers: vec![("x-key".into(), value)], ..get(url("/")) };
    requests.send(with_header(format!("Key {key}, {key}"))).await.expect("an answer");
    requests.send(get(url(&format!("/p?a=1&key={key}&{key}=b")))).await.expect("an answer");
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    requests.send(post(url("/"), form, format!("a=b+c&key={key}"))).await.expect("an answer");
    let body = format!(r#"{{"keep": [1.50, "a\u0041"], "key": "<{key}>"}}"#);
    requests.send(post(url("/"), "application/json", body.clone())).await.expect("an answer");
    requests.send(post(url("/"), "application/merge-patch+JSON", body)).await.expect("an answer");
    let seen = provider.seen();
    assert_eq!(seen[0].header("x-key"), Some(format!("Key {KEY}, {KEY}").as_str()));
    let percent = "k3y%20%26%2B%2F%22%5C%25%3D";
    assert_eq!(seen[1].target, format!("/p?a=1&key={percent}&{percent}=b"));
    assert_eq!(seen[2].body, format!("a=b+c&key={percent}"));
    let json = r#"{"keep": [1.50, "a\u0041"], "key": "<k3y &+/\"\\%=>"}"#;
    assert_eq!((seen[3].body.as_str(), seen[4].body.as_str()), (json, json));
    assert_eq!(seen[3].header("content-length"), Some(json.len().to_string().as_str()));
    assert!(seen.iter().all(|seen| seen.header("accept-encoding") == Some("identity")));
}

#[tokio::test]
async fn a_placeholder_anywhere_else_is_denied_and_nothing_is_sent() {
    let (world, provider, connection) = placing().await;
    let effects = world.invocation(&connection);
    let requests = effects.requests();
    let (key, password) = (connection.placeholder("/api_key"), connection.placeholder("/password"));
    let named = connection.placeholder("/secrets/ok");
    let unknown = "hysec_00000000000000000000000000000000";
    let derived = effects.derive_secret("base64", &format!("{key}:{password}")).expect("derived");
    let url = |host: &str, path: &str| provider.url(host, path);
    let header =
        |host: &str, value: &str| HttpRequest { headers: vec![("x".into(), value.into())], ..get(url(host, "/")) };
    let json = |text: &str| post(url("api.test", "/"), "application/json", format!("{{\"a\": \"{text}\"}}"));
    let rows: Vec<(&str, HttpRequest, &str)> = vec![
        ("path", get(url("api.test", &format!("/{key}"))), "into the path"),
        ("host", get(format!("http://{key}.test/")), "before its path"),
        ("user", get(format!("http://{key}@api.test/")), "before its path"),
        ("path in disguise", get(url("api.test", &format!("/hy\tsec_{}", &key[6..]))), "into the path"),
        (
            "method",
            HttpRequest { method: key.to_uppercase().replace("HYSEC", "hysec"), ..get(url("api.test", "/")) },
            "",
        ),
        (
            "name of a header",
            HttpRequest { headers: vec![(key.into(), "x".into())], ..get(url("api.test", "/")) },
            "name of a header",
        ),
        ("other secret, header", header("api.test", password), "/password"),
        ("other secret, query", get(url("api.test", &format!("/?p={password}"))), "/password"),
        ("other secret, body", json(password), "/password"),
        ("other place", json(named), "/secrets/ok"),
        ("other host", header("other.test", key), "http://other.test"),
        ("other host, query", get(url("other.test", &format!("/?k={key}"))), "/api_key"),
        ("other content", post(url("api.test", "/"), "text/plain", key.to_owned()), "JSON or a form"),
        (
            "binary content",
            post(url("api.test", "/"), "application/octet-stream", [b"\xff\0".as_slice(), key.as_bytes()].concat()),
            "JSON or a form",
        ),
        (
            "multipart",
            post(url("api.test", "/"), "multipart/form-data; boundary=x", format!("--x\r\n\r\n{key}\r\n--x--")),
            "JSON or a form",
        ),
        ("no content type", HttpRequest { headers: vec![], ..json(key) }, "JSON or a form"),
        (
            "what is no JSON",
            post(url("api.test", "/"), "application/json", format!("{{\"a\": {key}}}")),
            "JSON or a form",
        ),
        (
            "what is no text",
            post(url("api.test", "/"), "application/json", [b"\"\xff", key.as_bytes(), b"\""].concat()),
            "JSON or a form",
        ),
        ("unknown, header", header("api.test", unknown), "no secret of this invocation"),
        ("unknown, query", get(url("api.test", &format!("/?k={unknown}"))), "no secret of this invocation"),
        ("unknown, body", json(unknown), "no secret of this invocation"),
        ("derived of a secret that may not", header("api.test", &derived), "/api_key and /password"),
    ];
    for (what, request, says) in rows {
        let code = if what == "method" { HttpErrorCode::Invalid } else { HttpErrorCode::Denied };
        let message = refused(requests.send(request).await, code);
        assert!(message.contains(says), "{what}: {message}");
        assert!(!message.contains("hunter2") && !message.contains("k3y"), "{what}: {message}");
        assert!(!message.contains("hookyard.toml"), "{what}: no grant can help: {message}");
    }
    assert_eq!(provider.connections().await, 0);
    assert!(!effects.into_draft().sent_unsafe);
}

#[tokio::test]
async fn another_invocation_does_not_know_what_this_one_derived() {
    let (world, provider, connection) = placing().await;
    let derived =
        world.invocation(&connection).derive_secret("hex", connection.placeholder("/api_key")).expect("derived");
    let request = HttpRequest { headers: vec![("x".into(), derived)], ..get(provider.url("api.test", "/")) };
    refused(world.invocation(&connection).requests().send(request).await, HttpErrorCode::Denied);
}

#[tokio::test]
async fn derived_secrets_go_where_all_that_is_in_them_may_go() {
    let (world, provider, connection) = placing().await;
    let effects = world.invocation(&connection);
    let key = connection.placeholder("/api_key");
    let derived = effects.derive_secret("base64", &format!("me:{key}")).expect("derived");
    let again = effects.derive_secret("hex", &derived).expect("derived");
    let requests = effects.requests();
    let headers = vec![("authorization".into(), format!("Basic {derived}")), ("x".into(), again)];
    requests
        .send(HttpRequest { headers, ..get(provider.url("api.test", &format!("/?k={derived}"))) })
        .await
        .expect("an answer");
    let seen = provider.only();
    let expected = "bWU6azN5ICYrLyJcJT0=";
    assert_eq!(seen.header("authorization"), Some(format!("Basic {expected}").as_str()));
    let hex: String = expected.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.header("x"), Some(hex.as_str()));
    assert_eq!(seen.target, "/?k=bWU6azN5ICYrLyJcJT0%3D");
}

#[tokio::test]
async fn a_secret_with_line_ends_cannot_add_headers() {
    let (world, provider, connection) = placing().await;
    let line = connection.placeholder("/secrets/line");
    let request = HttpRequest { headers: vec![("x".into(), line.into())], ..get(provider.url("api.test", "/")) };
    let message = refused(world.invocation(&connection).requests().send(request).await, HttpErrorCode::Invalid);
    assert!(message.contains("the secret at /secrets/line cannot stand in a header"), "{message}");
    assert_eq!(provider.connections().await, 0);
}

#[tokio::test]
async fn secrets_do_not_grow_a_request_beyond_its_bounds() {
    let (world, provider) = (World::new(), Provider::at("127.0.0.1").await);
    let credentials = json!([{"hosts": ["api.test"], "place": ["header", "query", "json"], "secret": "/api_key"}]);
    let connection = world.connection(&["api.test"], &credentials, json!({"api_key": "x".repeat(60 * 1024)}));
    let key = connection.placeholder("/api_key");
    let url = provider.url("api.test", "/");
    let requests = world.invocation(&connection).requests();
    let pair = vec![("x".into(), key.into()), ("y".into(), key.into())];
    for request in [
        get(format!("{url}?k={key}")),
        HttpRequest { headers: vec![("x".into(), format!("{key}{key}"))], ..get(&url) },
        HttpRequest { headers: pair, ..get(&url) },
        post(&url, "application/json", format!("\"{}\"", key.repeat(100))),
    ] {
        refused(requests.send(request).await, HttpErrorCode::Invalid);
    }
    assert_eq!(provider.connections().await, 0);
}

fn putting(credentials: &Value) -> (World, crate::test_host::TestConnection) {
    let world = World::new();
    let config = json!({"api_key": "k3y-k3y-k3y", "user": "me", "password": "hunter2-hunter2"});
    let connection = world.connection(&["api.test", "other.test"], credentials, config);
    (world, connection)
}

#[tokio::test]
async fn the_host_puts_credentials_in_over_what_the_guest_says_and_at_their_hosts_only() {
    let provider = Provider::start(|_| reply(200, &[], "ok")).await;
    let (world, connection) = putting(&json!([
        {"hosts": ["api.test"], "header": "X-Api-Key", "value": "Key {secret:/api_key}"},
        {"hosts": ["api.test"], "basic": ["{config:/user}", "{secret:/password}"]},
        {"hosts": ["api.test"], "header": "x-api-key", "value": "second"},
    ]));
    let requests = world.invocation(&connection).requests();
    for host in ["api.test", "other.test"] {
        let headers = vec![
            ("x-api-key".into(), "mine".into()),
            ("X-API-Key".into(), "too".into()),
            ("authorization".into(), "Bearer mine".into()),
        ];
        requests.send(HttpRequest { headers, ..get(provider.url(host, "/")) }).await.expect("an answer");
    }
    let seen = provider.seen();
    let all = |index: usize, name: &str| -> Vec<&str> {
        seen[index].headers.iter().filter(|(seen, _)| seen == name).map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(all(0, "x-api-key"), ["Key k3y-k3y-k3y"]);
    assert_eq!(all(0, "authorization"), ["Basic bWU6aHVudGVyMi1odW50ZXIy"]);
    assert_eq!(all(1, "x-api-key"), ["mine", "too"]);
    assert_eq!(all(1, "authorization"), ["Bearer mine"]);
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_a_secret() {
    let (world, connection) =
        putting(&json!([{"hosts": ["api.test"], "header": "x-api-key", "value": "{secret:/api_key}"}]));
    let effects = world.invocation(&connection);
    effects.derive_secret("base64", connection.placeholder("/password")).expect("derived");
    let outbound = &connection.outbound;
    let printed = format!(
        "{effects:?} {:?} {outbound:?} {:?} {:?} {:?} {:?}",
        effects.requests(),
        outbound.vault(),
        outbound.credentials,
        outbound.egress,
        outbound.vault().secrets().collect::<Vec<_>>(),
    );
    for secret in ["k3y-k3y-k3y", "hunter2-hunter2", "aHVudGVyMi1odW50ZXIy"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert_eq!(
        effects.redactor().redact("the key k3y-k3y-k3y, encoded aHVudGVyMi1odW50ZXIy"),
        "the key •••, encoded •••"
    );
    effects.log().write(LogLevel::Info, "it is hunter2-hunter2!");
    assert_eq!(effects.into_draft().log.lines[0].message, "it is •••!");
}

#[tokio::test]
async fn no_failure_shows_what_was_filled_in() {
    let world = World::new();
    let credentials = json!([
        {"hosts": ["api.test", "gone.test"], "place": ["query"], "secret": "/api_key"},
        {"hosts": ["api.test", "gone.test"], "basic": ["me", "{secret:/password}"]},
    ]);
    let config = json!({"api_key": "k3y k3y k3y", "password": "hunter2-hunter2"});
    let connection = world.connection(&["api.test", "gone.test"], &credentials, config);
    let key = connection.placeholder("/api_key");
    let (silent, garbled) = (raw(b"", true).await.port(), raw(b"k3y k3y k3y", false).await.port());
    let closing = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nk3y", false).await.port();
    let rows = [
        ("http://gone.test".to_owned(), HttpErrorCode::Dns),
        ("http://api.test:1".to_owned(), HttpErrorCode::Connect),
        (format!("https://api.test:{closing}"), HttpErrorCode::Tls),
        (format!("http://api.test:{silent}"), HttpErrorCode::Timeout),
        (format!("http://api.test:{garbled}"), HttpErrorCode::Protocol),
        (format!("http://api.test:{closing}"), HttpErrorCode::Closed),
    ];
    for (origin, code) in rows {
        let url = format!("{origin}/?k={key}");
        let timeout = (code == HttpErrorCode::Timeout).then_some(Duration::from_millis(50));
        let request = HttpRequest { timeout, ..get(&url) };
        let error = world.invocation(&connection).requests().send(request).await.expect_err("no answer");
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.starts_with(&format!("GET {url} failed: ")), "{error}");
        let printed = format!("{error} {error:?}");
        for secret in ["k3y", "hunter2", "aHVudGVyMi1odW50ZXIy"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
