//! One token for all who need it, and another one when it is refused.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::provider::{Provider, Seen, reply};
use super::token_world::TokenWorld;
use super::*;

#[tokio::test]
async fn a_hundred_requests_that_need_a_token_make_one_exchange() {
    let world = TokenWorld::new().await;
    // Two ways out of one connection, as after its config was written again or its plugin was swapped.
    let connections = [world.connection(&world.oauth2()), world.connection(&world.oauth2())];
    let requests: Vec<_> = (0..100).map(|n| world.invocation(&connections[n % 2]).requests()).collect();
    let answers = join_all(requests.iter().map(|requests| requests.send(get(world.api())))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)), "{answers:?}");
    assert_eq!((world.issuer.issued(), world.seen("/api").len()), (1, 100));
    let asked = &world.seen("/token")[0];
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", "grant_type=client_credentials"));
    assert_eq!(asked.header("authorization"), Some("Basic bWU6aHVudGVyMi1odW50ZXIy"));
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(world.seen("/api").iter().all(|seen| seen.header("authorization") == Some("Bearer token-1")));
}

#[tokio::test]
async fn a_hundred_requests_with_a_refused_token_make_one_exchange() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    send().await.expect("an answer");
    world.issuer.revoke(1);
    let answers = join_all((0..100).map(|_| send())).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)), "{answers:?}");
    assert_eq!(world.issuer.issued(), 2);
    assert_eq!(world.seen("/api").len(), 1 + 200, "each was sent once more");
}

#[tokio::test]
async fn a_hundred_requests_with_an_expired_token_make_one_exchange() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    send().await.expect("an answer");
    // It is good for 1,000 seconds, of which the last 60 do not count.
    world.world.host.clock.advance(Duration::from_secs(939));
    send().await.expect("an answer");
    assert_eq!(world.issuer.issued(), 1);
    world.world.host.clock.advance(Duration::from_secs(1));
    let answers = join_all((0..100).map(|_| send())).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)), "{answers:?}");
    assert_eq!((world.issuer.issued(), world.seen("/api").len()), (2, 102), "nothing was refused");
}

#[tokio::test]
async fn a_second_401_is_the_answer_and_an_unsafe_request_is_repeated_once_only() {
    let world = TokenWorld::new().await;
    world.issuer.revoke(usize::MAX);
    let connection = world.connection(&world.oauth2());
    for sent in 1..=2 {
        let effects = world.invocation(&connection);
        let order = post(world.api(), "application/json", "{\"n\": 1.50}");
        let answer = effects.requests().send(order).await.expect("an answer");
        assert_eq!((answer.status, answer.body.as_ref()), (401, b"who are you?".as_slice()));
        let seen = world.seen("/api");
        assert_eq!(seen.len(), 2 * sent, "twice for each request");
        assert!(seen.iter().all(|seen| seen.method == "POST" && seen.body == "{\"n\": 1.50}"));
        assert!(effects.into_draft().sent_unsafe, "it was handed to the network");
    }
    assert_eq!(world.issuer.issued(), 1 + 2, "what a request has just fetched is at hand for the next one");
}

#[tokio::test]
async fn what_a_post_has_done_before_a_redirect_was_refused_is_not_done_twice() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    let send = |request: HttpRequest| {
        let requests = world.invocation(&connection).requests();
        async move { requests.send(HttpRequest { max_redirects: 1, ..request }).await.expect("an answer").status }
    };
    assert_eq!(send(get(world.api())).await, 200);
    world.issuer.revoke(1);
    let done = world.provider.url("api.test", "/done");
    assert_eq!(send(post(done.clone(), "text/plain", "x")).await, 401, "which is the answer");
    assert_eq!(world.seen("/done").len(), 1);
    assert_eq!(send(get(world.api())).await, 200, "the token is dropped all the same");
    assert_eq!(world.issuer.issued(), 2);
    world.issuer.revoke(2);
    assert_eq!(send(get(done)).await, 200, "what only reads is asked for again");
    assert_eq!(world.seen("/done").len(), 3);
}

#[tokio::test]
async fn a_repeated_request_counts_once() {
    let world = TokenWorld::new().await;
    world.issuer.revoke(usize::MAX);
    let connection = world.connection(&world.oauth2());
    let requests = world.invocation(&connection).requests();
    requests.asked.store(limit::REQUESTS_MAX - 1, Ordering::Relaxed);
    assert_eq!(requests.send(get(world.api())).await.expect("the last one").status, 401);
    refused(requests.send(get(world.api())).await, HttpErrorCode::TooMany);
}

#[tokio::test]
async fn a_401_without_a_token_is_just_an_answer() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    let url = world.provider.url("other.test", "/api");
    assert_eq!(world.invocation(&connection).requests().send(get(url)).await.expect("an answer").status, 401);
    assert_eq!((world.issuer.issued(), world.provider.seen().len()), (0, 1), "no credential is for that host");
}

#[tokio::test]
async fn the_token_goes_to_its_hosts_only_and_follows_no_redirect_away_from_them() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    let elsewhere = world.provider.url("other.test", "/elsewhere");
    let redirecting = Provider::start(move |seen: &Seen| match seen.target.as_str() {
        "/back" => reply(302, &[("location", "/here")], ""),
        "/away" => reply(307, &[("location", &elsewhere)], ""),
        _ => reply(200, &[], "ok"),
    })
    .await;
    let requests = world.invocation(&connection).requests();
    let to = |path: &str| HttpRequest { max_redirects: 3, ..get(redirecting.url("api.test", path)) };
    requests.send(to("/back")).await.expect("an answer");
    let answer = requests.send(to("/away")).await.expect("an answer");
    assert_eq!(answer.status, 401, "what is there asks for a token that did not come along, and gets none");
    let authorized = |seen: &Seen| seen.header("authorization") == Some("Bearer token-1");
    assert!(redirecting.seen().iter().all(authorized), "{:?}", redirecting.seen());
    let elsewhere = world.seen("/elsewhere");
    assert!(elsewhere.len() == 1 && elsewhere[0].header("authorization").is_none(), "{elsewhere:?}");
    assert_eq!(world.issuer.issued(), 1);
}

#[tokio::test]
async fn an_answer_that_holds_the_token_is_withheld_unless_it_may() {
    let echo =
        Provider::start(|seen: &Seen| reply(200, &[], seen.header("authorization").unwrap_or("-").to_owned())).await;
    for reflects in [false, true] {
        let world = TokenWorld::new().await;
        let mut credentials = world.oauth2();
        credentials[0]["reflects"] = json!(reflects);
        let connection = world.connection(&credentials);
        let effects = world.invocation(&connection);
        let answer = effects.requests().send(get(echo.url("api.test", "/"))).await;
        if reflects {
            assert_eq!(answer.expect("an answer").body.as_ref(), b"Bearer token-1");
        } else {
            refused(answer, HttpErrorCode::SecretReflected);
        }
        // And wherever else it turns up, it is a secret of the connection like any other.
        effects.log().write(LogLevel::Info, "I know token-1!");
        assert!(effects.redactor().finds(b"dG9rZW4tMQ=="), "also in base64");
        assert!(effects.into_draft().log.lines.iter().any(|line| line.message == "I know •••!"));
        let other = echo.url("other.test", "/");
        let tell = HttpRequest { headers: vec![("authorization".into(), "token-1".into())], ..get(other) };
        refused(world.invocation(&connection).requests().send(tell).await, HttpErrorCode::SecretReflected);
    }
}

#[tokio::test]
async fn a_dry_run_fetches_nothing() {
    let world = TokenWorld::new().await;
    let effects = world.world.dry_run(&world.connection(&world.oauth2()));
    let message = refused(effects.requests().send(get(world.api())).await, HttpErrorCode::Denied);
    assert!(message.contains("a dry run sends nothing"), "{message}");
    assert_eq!(world.provider.seen().len(), 0);
    let unsent = effects.into_draft().unsent;
    let authorization = unsent.requests[0].headers.iter().find(|(name, _)| name == "authorization");
    assert_eq!(authorization.map(|(_, value)| value.as_str()), Some("•••"));
}

#[tokio::test]
async fn an_exchange_of_the_providers_own_is_sent_as_it_is_declared() {
    let world = TokenWorld::new().await;
    world.issuer.say(200, r#"{"status": "success", "response": {"token": "token-7", "expires": "soon"}}"#);
    let exchange = json!({"url": world.provider.url("auth.test", "/token?v=1"), "json": {"{config:/user}": "{secret:/password}"},
        "headers": {"x-client": "shop"}, "pointer": "/response/token", "expires_in": "/response/expires"});
    let credentials = json!([{"hosts": ["api.test"], "header": "authorization", "value": "Bearer {token}",
        "token": {"exchange": exchange}}]);
    let config = json!({"password": "hunter2\"hunter2", "user": "key"});
    let connection = world.life(0, &credentials, config);
    for _ in 0..2 {
        assert_eq!(
            world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status,
            200
        );
    }
    let asked = world.seen("/token?v=1");
    assert_eq!(asked.len(), 1, "what cannot be read as a time says nothing, and the token is used until it is refused");
    assert_eq!(serde_json::from_str::<Value>(&asked[0].body).expect("JSON"), json!({"key": "hunter2\"hunter2"}));
    assert_eq!(
        (asked[0].header("x-client"), asked[0].header("content-type")),
        (Some("shop"), Some("application/json"))
    );
    let unset = world.life(0, &credentials, json!({"password": "hunter2-hunter2"}));
    assert_eq!(world.invocation(&unset).requests().send(get(world.api())).await.expect("an answer").status, 401);
    assert_eq!(world.provider.seen().last().expect("seen").header("authorization"), None, "the credential is left out");
}
