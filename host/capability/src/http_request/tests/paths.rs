use serde_json::{Value, json};

use super::provider::{Provider, Seen, reply};
use super::world::World;
use super::*;
use crate::test_host::TestConnection;

const TOKEN: &str = "123456:AAE-x_y/z?a#b%2f\\ é";
const ENCODED: &str = "123456:AAE-x_y%2Fz%3Fa%23b%252f%5C%20%C3%A9";

/// A connection that may place each of these secrets in paths at `api.test`, and `password` in its queries only.
fn connection(world: &World, secrets: &Value, reflects: bool) -> TestConnection {
    let credentials = json!([
        {"hosts": ["api.test"], "place": ["path"], "secret": "/secrets/*", "reflects": reflects},
        {"hosts": ["api.test"], "place": ["query"], "secret": "/password"},
    ]);
    let config = json!({"secrets": secrets, "password": "plain-plain-plain"});
    world.connection(&["api.test", "other.test"], &credentials, config)
}

#[tokio::test]
async fn a_secret_in_a_path_stays_within_its_segment() {
    let (world, provider) = (World::new(), Provider::start(|_| reply(200, &[], "ok")).await);
    let connection = connection(&world, &json!({"bot": TOKEN, "dots": "..a", "half": "..;x"}), false);
    let named = |name: &str| connection.placeholder(&format!("/secrets/{name}")).to_owned();
    let bot = named("bot");
    let requests = world.invocation(&connection).requests();
    let rows = [
        (format!("/bot{bot}/sendMessage?a=/x"), format!("/bot{ENCODED}/sendMessage?a=/x")),
        (format!("/{bot}"), format!("/{ENCODED}")),
        (format!("/a%2f{bot}{bot}:b//c/"), format!("/a%2f{ENCODED}{ENCODED}:b//c/")),
        (format!("/{}", named("dots")), "/..a".to_owned()),
        (format!("/x/{}/y", named("half")), "/x/..;x/y".to_owned()),
        (format!("/gone/{bot}/../{}", named("dots")), "/gone/..a".to_owned()),
    ];
    for (path, _) in &rows {
        requests.send(get(provider.url("api.test", path))).await.expect("an answer");
    }
    let seen = provider.seen();
    for (nth, (path, expected)) in rows.iter().enumerate() {
        assert_eq!(&seen[nth].target, expected, "{path}");
        assert_eq!(seen[nth].header("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn a_segment_that_would_mean_another_path_is_not_sent() {
    let (world, provider) = (World::new(), Provider::at("127.0.0.1").await);
    let secrets = json!({"dot": ".", "dots": "..", "code": "%2e%2E", "mixed": ".%2e"});
    let connection = connection(&world, &secrets, true);
    let named = |name: &str| connection.placeholder(&format!("/secrets/{name}")).to_owned();
    let effects = world.invocation(&connection);
    let nothing = effects.derive_secret("hex", "").expect("derived");
    let rows = [
        format!("/a/{}/b", named("dot")),
        format!("/a/{}", named("dots")),
        format!("/a/{}{}/b", named("dot"), named("dot")),
        format!("/a/%2e{}", named("dot")),
        format!("/a/.{}?x", named("dot")),
        format!("/{}/b", named("code")),
        format!("/{}/b", named("mixed")),
        format!("/{nothing}/b"),
        format!("/a/{nothing}"),
        format!("/a/%2E{nothing}."),
    ];
    for path in rows {
        let outcome = effects.requests().send(get(provider.url("api.test", &path))).await;
        let message = refused(outcome, HttpErrorCode::Invalid);
        assert!(message.contains("which means another path"), "{path}: {message}");
    }
    assert_eq!(provider.connections().await, 0);
}

#[tokio::test]
async fn a_path_takes_only_what_a_credential_lets_into_it() {
    let (world, provider) = (World::new(), Provider::at("127.0.0.1").await);
    let connection = connection(&world, &json!({"bot": TOKEN, "long": "x".repeat(20_000)}), false);
    let effects = world.invocation(&connection);
    let (bot, plain) = (connection.placeholder("/secrets/bot"), connection.placeholder("/password"));
    let both = effects.derive_secret("base64", &format!("{bot}{plain}")).expect("derived");
    let rows = [
        (get(provider.url("api.test", &format!("/{plain}"))), "lets the secret at /password into the path"),
        (get(provider.url("other.test", &format!("/{bot}"))), "into the path of a request to http://other.test"),
        (get(provider.url("api.test", &format!("/?{bot}"))), "into the query"),
        (get(provider.url("api.test", &format!("/{both}"))), "into the path"),
        (get(provider.url("api.test", "/hysec_00000000000000000000000000000000")), "no secret of this invocation"),
        (get(format!("http://{bot}@api.test/")), "before its path"),
        (get(format!("http://{bot}.test/")), "before its path"),
    ];
    for (request, says) in rows {
        let message = refused(effects.requests().send(request).await, HttpErrorCode::Denied);
        assert!(message.contains(says) && !message.contains("AAE"), "{says}: {message}");
    }
    let long = get(provider.url("api.test", &format!("/{}", connection.placeholder("/secrets/long"))));
    refused(effects.requests().send(long).await, HttpErrorCode::Invalid);
    assert_eq!(provider.connections().await, 0);
}

#[tokio::test]
async fn a_path_with_a_secret_leads_to_no_other_origin_and_into_no_answer() {
    let world = World::new();
    let other = Provider::start(|_| reply(200, &[], "other")).await;
    let (away, plain) = (other.url("other.test", ""), other.url("other.test", "/plain"));
    let provider = Provider::start(move |seen: &Seen| match seen.target.rsplit('/').next() {
        Some("away") => reply(307, &[("location", &format!("{away}{}", seen.target))], ""),
        Some("plain") => reply(307, &[("location", &plain)], ""),
        Some("near") => reply(307, &[("location", "end")], ""),
        Some("told") => reply(404, &[], format!("no such path: {}", seen.target)),
        _ => reply(200, &[], "end"),
    })
    .await;
    for reflects in [false, true] {
        let connection = connection(&world, &json!({"bot": TOKEN}), reflects);
        let bot = connection.placeholder("/secrets/bot");
        let effects = world.invocation(&connection);
        let requests = effects.requests();
        let send = |end: &str| {
            let url = provider.url("api.test", &format!("/bot{bot}/{end}"));
            requests.send(HttpRequest { max_redirects: 3, ..get(url) })
        };
        let (away, told) = (send("away").await, send("told").await);
        if reflects {
            let message = refused(away, HttpErrorCode::Closed);
            assert!(message.contains("the URL it was redirected to holds a secret"), "{message}");
            assert_eq!(told.expect("it may say so").status, 404);
        } else {
            refused(away, HttpErrorCode::SecretReflected);
            refused(told, HttpErrorCode::SecretReflected);
        }
        assert_eq!(send("near").await.expect("an answer").body.as_ref(), b"end");
        assert_eq!(send("plain").await.expect("an answer").body.as_ref(), b"other");
        let log = format!("{:?}", effects.into_draft().log);
        assert!(!log.contains("AAE"), "{log}");
    }
    assert!(provider.seen().iter().any(|seen| seen.target == format!("/bot{ENCODED}/end")), "within its origin");
    assert_eq!(other.seen().len(), 2);
    for seen in other.seen() {
        assert_eq!(seen.target, "/plain");
        assert!(seen.headers.iter().all(|(_, value)| !value.contains("AAE")), "{:?}", seen.headers);
    }
}

#[tokio::test]
async fn a_dry_run_and_a_failure_show_no_path_with_a_secret() {
    let (world, provider) = (World::new(), Provider::at("127.0.0.1").await);
    let connection = connection(&world, &json!({"bot": TOKEN}), false);
    let bot = connection.placeholder("/secrets/bot");
    let url = format!("http://api.test:1/bot{bot}/x");
    let error = world.invocation(&connection).requests().send(get(&url)).await.expect_err("nobody is there");
    assert_eq!(error.code, HttpErrorCode::Connect);
    assert!(error.message.starts_with(&format!("GET {url} failed: ")), "{error}");
    let effects = world.dry_run(&connection);
    refused(
        effects.requests().send(get(provider.url("api.test", &format!("/bot{bot}/x")))).await,
        HttpErrorCode::Denied,
    );
    let unsent = effects.into_draft().unsent;
    assert_eq!(unsent.requests[0].url, provider.url("api.test", "/bot•••/x"));
}
