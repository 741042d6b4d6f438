use super::provider::{Provider, reply};
use super::world::World;
use super::*;

#[tokio::test]
async fn requests_that_cannot_be_right_are_refused_before_anything_is_sent() {
    let provider = Provider::at("127.0.0.1").await;
    let url = provider.url("api.test", "/");
    let requests = World::new().calls(&["api.test"]).requests();
    let methods = ["", "get", "GET ", "GET\r\nX: y", "CONNECT", "TRACE", "M\u{e9}thode", &"A".repeat(33)];
    for method in methods {
        let outcome = requests.send(HttpRequest { method: method.into(), ..get(&url) }).await;
        refused(outcome, HttpErrorCode::Invalid);
    }
    let urls = ["", "/path", "ftp://api.test/", "file:///etc/passwd", "https://", "http://api.test:99999/", "data:,x"];
    for url in urls.into_iter().chain(["https://user:pw@api.test/", "https://user@api.test/", "https://api.test./"]) {
        refused(requests.send(get(url)).await, HttpErrorCode::Invalid);
    }
    let headers = [
        ("", "x"),
        ("a b", "x"),
        ("x:", "x"),
        ("x", "a\r\nb: c"),
        ("x", "a\nb"),
        ("x", "a\0"),
        ("x", "é"),
        ("x", "\u{7f}"),
        ("host", "other.test"),
        ("Host", ""),
        ("content-length", "1"),
        ("transfer-encoding", "chunked"),
        ("connection", "x-internal"),
        ("Upgrade", "websocket"),
        ("te", "trailers"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("expect", "100-continue"),
    ];
    for (name, value) in headers {
        let request = HttpRequest { headers: vec![(name.into(), value.into())], ..get(&url) };
        let message = refused(requests.send(request).await, HttpErrorCode::Invalid);
        assert!(message.contains(&name.to_lowercase()), "{message}");
    }
    assert_eq!(provider.connections().await, 0);
}

#[tokio::test]
async fn headers_that_say_what_the_host_says_anyway_do_no_harm() {
    let provider = Provider::start(|_| reply(200, &[], "ok")).await;
    let requests = World::new().calls(&["api.test"]).requests();
    let host = format!("api.test:{}", provider.address.port());
    let mut request = post(provider.url("api.test", "/"), "text/plain", "four");
    for (name, value) in [("Host", host.as_str()), ("Content-Length", "4"), ("Connection", "keep-alive")] {
        request.headers.push((name.into(), value.into()));
    }
    requests.send(request).await.expect("an answer");
    let seen = provider.only();
    assert_eq!((seen.header("host"), seen.header("content-length")), (Some(host.as_str()), Some("4")));
    let count = |name: &str| seen.headers.iter().filter(|(seen, _)| seen == name).count();
    assert_eq!((count("host"), count("content-length"), count("connection")), (1, 1, 0));
}

#[tokio::test]
async fn requests_beyond_a_bound_are_invalid_since_nothing_was_sent() {
    let provider = Provider::at("127.0.0.1").await;
    let url = provider.url("api.test", "/");
    let requests = World::new().calls(&["api.test"]).requests();
    let long = format!("{url}{}", "a".repeat(limit::EGRESS_URL_BYTES_MAX));
    let body = vec![b'a'; limit::EGRESS_BODY_BYTES_MAX + 1];
    let many = (0..=limit::EGRESS_HEADERS_MAX).map(|index| (format!("x-{index}"), "a".into())).collect();
    let large = vec![("x".into(), "a".repeat(limit::EGRESS_HEADERS_BYTES_MAX))];
    for request in [
        get(long),
        post(&url, "text/plain", body),
        HttpRequest { headers: many, ..get(&url) },
        HttpRequest { headers: large, ..get(&url) },
    ] {
        refused(requests.send(request).await, HttpErrorCode::Invalid);
    }
    assert_eq!(provider.connections().await, 0);
    let most = post(&url, "text/plain", vec![b'a'; limit::EGRESS_BODY_BYTES_MAX]);
    assert_eq!(requests.send(most).await.expect("an answer").status, 200);
}
