use std::sync::OnceLock;

use serde_json::json;

use super::provider::{Provider, Seen, reply};
use super::world::World;
use super::*;

/// A server that redirects with the status and to the target that its path says: `/302/http://…`, or ends with 200.
async fn redirecting() -> Provider {
    Provider::start(|seen: &Seen| {
        let path = seen.target.trim_start_matches('/');
        match path.split_once('/').and_then(|(status, to)| Some((status.parse().ok()?, to))) {
            Some((status, to)) => reply(status, &[("location", to)], "moved"),
            None => reply(200, &[], "arrived"),
        }
    })
    .await
}

fn following(request: HttpRequest, max_redirects: u32) -> HttpRequest {
    HttpRequest { max_redirects, ..request }
}

#[tokio::test]
async fn redirects_are_followed_only_as_often_as_asked_and_at_most_ten_times() {
    let requests = World::new().calls(&["api.test"]).requests();
    let provider = redirecting().await;
    let url = provider.url("api.test", "/302/end");
    let answer = requests.send(get(&url)).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_ref()), (302, b"moved".as_ref()));
    assert!(answer.headers.contains(&("location".into(), "end".into())));
    // `end` is read relative to `/302/`, which redirects to nowhere else.
    let loops = Provider::start(|_| reply(307, &[("location", "/again")], "")).await;
    for (asked, sent) in [(1, 2), (10, 11), (1_000, 11)] {
        let before = loops.seen().len();
        let answer = requests.send(following(get(loops.url("api.test", "/")), asked)).await.expect("an answer");
        assert_eq!((answer.status, loops.seen().len() - before), (307, sent));
    }
}

#[tokio::test]
async fn methods_change_as_browsers_change_them() {
    let rows = [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (301, "PUT", "PUT"),
        (302, "HEAD", "HEAD"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (300, "POST", ""),
        (304, "GET", ""),
    ];
    for (status, method, then) in rows {
        let provider = Provider::start(move |seen| match seen.target.as_str() {
            "/from" => reply(status, &[("location", "../to?x=y#part")], ""),
            _ => reply(200, &[], "ok"),
        })
        .await;
        let requests = World::new().calls(&["api.test"]).requests();
        let mut request = post(provider.url("api.test", "/from"), "text/plain", "body");
        request.method = method.into();
        let answer = requests.send(following(request, 3)).await.expect("an answer");
        let seen = provider.seen();
        if then.is_empty() {
            assert_eq!((answer.status, seen.len()), (status, 1));
            continue;
        }
        assert_eq!((seen[1].method.as_str(), seen[1].target.as_str()), (then, "/to?x=y"), "{status} {method}");
        let keeps = then != "GET";
        assert_eq!(seen[1].body, if keeps { "body" } else { "" }, "{status} {method}");
        assert_eq!(seen[1].header("content-type").is_some(), keeps, "{status} {method}");
    }
}

#[tokio::test]
async fn a_redirect_leads_only_where_a_request_might_go_by_itself() {
    let world = World::new();
    world.names.set("inside.test", &[&["127.0.0.2"]]);
    let effects = world.calls(&["api.test", "inside.test", "[::1]", "gone.test"]);
    let requests = effects.requests();
    let provider = redirecting().await;
    let inside = Provider::at("127.0.0.2").await;
    // The first hop was sent: none of this may read as if nothing was.
    let rows = [
        (provider.url("other.test", "/x"), HttpErrorCode::Closed, "is not granted requests to http://other.test"),
        (inside.url("inside.test", "/x"), HttpErrorCode::Closed, "127.0.0.2 is a loopback address"),
        (inside.url("[::1]", "/x"), HttpErrorCode::Closed, "::1 is a loopback address"),
        ("http://169.254.169.254/latest".into(), HttpErrorCode::Closed, "169.254.169.254"),
        ("https://user:pw@api.test/".into(), HttpErrorCode::Protocol, "user or a password"),
        ("ftp://api.test/".into(), HttpErrorCode::Protocol, "the scheme is ftp"),
        ("http://:80:80".into(), HttpErrorCode::Protocol, "no URL"),
        ("http://gone.test/".into(), HttpErrorCode::Closed, "http://gone.test"),
        ("http://api.test:1/".into(), HttpErrorCode::Closed, "http://api.test:1"),
    ];
    for (to, code, says) in rows {
        let message =
            refused(requests.send(following(get(provider.url("api.test", &format!("/302/{to}"))), 5)).await, code);
        assert!(message.contains(says), "{to}: {message}");
    }
    assert_eq!(inside.connections().await, 0);
    let log: Vec<_> = effects.into_draft().log.lines.into_iter().map(|line| line.message).collect();
    let granting = format!("hosts = [\"http://other.test:{}\"]", provider.address.port());
    assert!(log[0].contains(&granting), "the log has the lines that would permit it: {log:?}");
    assert_eq!(log.len(), 4, "of what was refused: {log:?}");
}

#[tokio::test]
async fn no_credential_crosses_to_another_origin_not_even_on_the_way_back() {
    static BACK: OnceLock<String> = OnceLock::new();
    let world = World::new();
    let other = Provider::start(|_| reply(302, &[("location", BACK.get().expect("set"))], "")).await;
    let away = other.url("other.test", "/");
    let provider = Provider::start(move |seen| match seen.target.as_str() {
        "/from" => reply(302, &[("location", "/same")], ""),
        "/same" => reply(302, &[("location", &away)], ""),
        _ => reply(200, &[], "ok"),
    })
    .await;
    BACK.set(provider.url("api.test", "/back")).expect("set once");
    let credentials = json!([
        {"hosts": ["api.test", "other.test"], "header": "x-put", "value": "{secret:/password}"},
        {"hosts": ["api.test", "other.test"], "place": ["header"], "secret": "/api_key"},
    ]);
    let config = json!({"api_key": "k3y-k3y-k3y", "password": "hunter2-hunter2"});
    let connection = world.connection(&["api.test", "other.test"], &credentials, config);
    let key = connection.placeholder("/api_key");
    let headers = [
        ("x-placed", key),
        ("authorization", "Bearer mine"),
        ("cookie", "a=b"),
        ("proxy-authorization", "c"),
        ("x-plain", "d"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let request = HttpRequest { headers, ..following(get(provider.url("api.test", "/from")), 5) };
    let answer = world.invocation(&connection).requests().send(request).await.expect("an answer");
    assert_eq!(answer.status, 200);
    let seen = provider.seen();
    let same = seen.iter().find(|seen| seen.target == "/same").expect("seen");
    assert_eq!((same.header("x-put"), same.header("x-placed")), (Some("hunter2-hunter2"), Some("k3y-k3y-k3y")));
    assert_eq!((same.header("authorization"), same.header("cookie")), (Some("Bearer mine"), Some("a=b")));
    let back = seen.iter().find(|seen| seen.target == "/back").expect("seen");
    for crossed in [&other.only(), back] {
        for name in ["x-put", "x-placed", "authorization", "cookie", "proxy-authorization"] {
            assert_eq!(crossed.header(name), None, "{name} at {}", crossed.target);
        }
        assert_eq!(crossed.header("x-plain"), Some("d"));
    }
}

#[tokio::test]
async fn a_secret_in_a_body_or_a_url_is_not_sent_on_to_another_origin() {
    let world = World::new();
    let other = Provider::start(|_| reply(200, &[], "other")).await;
    let (to, echoing) = (other.url("other.test", "/"), other.url("other.test", "/?k=k3y-k3y-k3y"));
    let provider = Provider::start(move |seen| match seen.target.as_str() {
        "/echo" => reply(302, &[("location", &echoing)], ""),
        "/303" => reply(303, &[("location", &to)], ""),
        _ => reply(307, &[("location", &to)], ""),
    })
    .await;
    for reflects in [false, true] {
        let credentials =
            json!([{"hosts": ["api.test"], "place": ["json"], "secret": "/api_key", "reflects": reflects}]);
        let config = json!({"api_key": "k3y-k3y-k3y"});
        let connection = world.connection(&["api.test", "other.test"], &credentials, config);
        let key = connection.placeholder("/api_key");
        let requests = world.invocation(&connection).requests();
        let send = |path: &str, body: &str| {
            requests.send(following(post(provider.url("api.test", path), "application/json", format!("\"{body}\"")), 3))
        };
        let message = refused(send("/307", key).await, HttpErrorCode::Closed);
        assert!(message.contains("its body holds a secret"), "{message}");
        let code = if reflects { HttpErrorCode::Closed } else { HttpErrorCode::SecretReflected };
        refused(send("/echo", "x").await, code);
        assert!(other.seen().iter().all(|seen| !seen.body.contains("k3y") && !seen.target.contains("k3y")));
        assert_eq!(send("/307", "no secret").await.expect("an answer").body.as_ref(), b"other");
        assert_eq!(send("/303", key).await.expect("an answer, since GET has no body").body.as_ref(), b"other");
    }
}

#[tokio::test]
async fn what_was_derived_from_a_secret_does_not_cross_in_a_url_either() {
    let world = World::new();
    let other = Provider::start(|_| reply(200, &[], "other")).await;
    let to = other.url("other.test", "/");
    let echo = move |seen: &Seen| {
        let held = ["x-key", "authorization"].iter().find_map(|name| seen.header(name)).map(str::to_owned);
        let held = held.unwrap_or_else(|| seen.target.trim_start_matches("/?").to_owned());
        reply(302, &[("location", &format!("{to}?k={}", held.trim_start_matches("Basic ")))], "")
    };
    let provider = Provider::start(echo).await;
    let config = json!({"api_key": "k3y-k3y-k3y", "user": "me", "password": "short"});
    let placed = json!([{"hosts": ["api.test"], "place": ["header"], "secret": "/api_key", "reflects": true}]);
    let basic = json!([{"hosts": ["api.test"], "basic": ["{config:/user}", "{secret:/password}"], "reflects": true}]);
    let url = provider.url("api.test", "/");

    let connection = world.connection(&["api.test", "other.test"], &placed, config.clone());
    let effects = world.invocation(&connection);
    // What is derived twice is no spelling of the secret itself that anybody would look for.
    let hex = effects.derive_secret("hex", connection.placeholder("/api_key")).expect("derived");
    let twice = effects.derive_secret("base64", &hex).expect("derived");
    let placing = HttpRequest { headers: vec![("x-key".into(), twice)], ..get(&url) };
    let message = refused(effects.requests().send(following(placing, 3)).await, HttpErrorCode::Closed);
    assert!(message.contains("the URL it was redirected to holds a secret"), "{message}");
    // Held by an earlier request only.
    let later = get(format!("{url}?NmIzMzc5MmQ2YjMzNzkyZDZiMzM3OQ=="));
    refused(effects.requests().send(following(later, 3)).await, HttpErrorCode::Closed);

    let connection = world.connection(&["api.test", "other.test"], &basic, config);
    let requests = world.invocation(&connection).requests();
    refused(requests.send(following(get(&url), 3)).await, HttpErrorCode::Closed);
    assert_eq!(other.connections().await, 0);
}
