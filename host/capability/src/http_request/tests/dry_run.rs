use hookyard_domain::limit;
use serde_json::json;

use super::provider::{Provider, reply};
use super::world::World;
use super::*;

const KEY: &str = "k3y-of-the-account";
const BASIC: &str = "hunter2-hunter2";

async fn world() -> (World, Provider, crate::test_host::TestConnection) {
    let (world, provider) = (World::new(), Provider::start(|_| reply(200, &[], "ok")).await);
    let credentials = json!([
        {"hosts": ["api.test"], "basic": ["robot", "{secret:/password}"]},
        {"hosts": ["api.test"], "place": ["header", "query", "json"], "secret": "/api_key"},
    ]);
    let config = json!({"api_key": KEY, "password": BASIC});
    let connection = world.connection(&["api.test"], &credentials, config);
    (world, provider, connection)
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_says_what_it_would_have_sent() {
    let (world, provider, connection) = world().await;
    let key = connection.placeholder("/api_key");
    let effects = world.dry_run(&connection);
    let requests = effects.requests();
    let url = provider.url("api.test", &format!("/orders?key={key}&n=1"));
    let headers = vec![("x-key".into(), format!("Key {key}")), ("x-plain".into(), "as it is".into())];
    let body = format!(r#"{{"key": "{key}", "n": 1.50}}"#);
    let mut order = post(&url, "application/json", body.clone());
    order.headers.extend(headers);
    let message = refused(requests.send(order).await, HttpErrorCode::Denied);
    assert!(message.contains("a dry run sends nothing") && !message.contains(KEY), "{message}");
    let both = requests.send_all(vec![get(&url), get(&url)]).await;
    both.into_iter().for_each(|outcome| drop(refused(outcome, HttpErrorCode::Denied)));

    assert!(provider.seen().is_empty());
    assert_eq!(world.names.asked("api.test"), 0, "not even the name is looked up");
    let draft = effects.into_draft();
    assert!(!draft.sent_unsafe && !draft.provider_accepted);
    assert!(draft.log.lines.is_empty(), "no grant is missing: {:?}", draft.log);
    assert_eq!((draft.unsent.requests.len(), draft.unsent.dropped), (3, 0));
    let order = &draft.unsent.requests[0];
    assert_eq!((order.method.as_str(), order.body_bytes), ("POST", body.len()));
    assert_eq!(order.url, provider.url("api.test", "/orders?key=•••&n=1"));
    assert_eq!(order.body.as_deref(), Some(r#"{"key": "•••", "n": 1.50}"#));
    let header = |name: &str| order.headers.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str());
    assert_eq!((header("x-key"), header("x-plain")), (Some("•••"), Some("as it is")));
    assert_eq!(header("authorization"), Some("•••"), "also what the host puts in");
    assert_eq!(draft.unsent.requests[1].body, None);
}

#[tokio::test]
async fn what_is_not_granted_is_refused_as_ever_and_not_listed() {
    let (world, provider, connection) = world().await;
    let effects = world.dry_run(&connection);
    let message = refused(effects.requests().send(get(provider.url("other.test", "/"))).await, HttpErrorCode::Denied);
    assert!(message.contains("not granted"), "{message}");
    let draft = effects.into_draft();
    assert!(draft.unsent.requests.is_empty());
    assert_eq!(draft.log.lines.len(), 1, "the operator is told as in any run");
}

#[tokio::test]
async fn a_secret_that_the_guest_knows_is_blotted_out_and_long_lists_are_counted() {
    let (world, provider, connection) = world().await;
    let effects = world.dry_run(&connection);
    let requests = effects.requests();
    let url = provider.url("api.test", &format!("/?known={KEY}"));
    for _ in 0..limit::DRY_RUN_REQUESTS_MAX + 2 {
        refused(requests.send(post(&url, "text/plain", vec![0xff, 0xfe])).await, HttpErrorCode::Denied);
    }
    let unsent = effects.into_draft().unsent;
    assert_eq!((unsent.requests.len(), unsent.dropped), (limit::DRY_RUN_REQUESTS_MAX, 2));
    assert!(unsent.requests[0].url.ends_with("/?known=•••"), "{}", unsent.requests[0].url);
    assert_eq!((&unsent.requests[0].body, unsent.requests[0].body_bytes), (&None, 2), "no text");
}
