//! The doorbell against the SDK's in-memory host.

use doorbell::Doorbell;
use hookyard_sdk::http::{Error, Response};
use hookyard_sdk::testing::Host;
use hookyard_sdk::{ErrorKind, Webhook};
use serde_json::{Value, json};

fn config() -> Value {
    json!({ "api_base": "https://doors.example", "api_key": "key", "webhook_secret": "secret" })
}

#[test]
fn rings_of_a_door_are_counted_and_repeats_are_not() {
    let host = Host::<Doorbell>::new(&config());
    assert_eq!(host.sample("ring").status, 200);
    assert!(host.sample("ring").duplicate);
    assert_eq!(host.webhook(&Webhook::post(r#"{"id": "2", "door": "garden"}"#)).status, 200);
    assert_eq!(host.webhook(&Webhook::post(r#"{"id": "3", "door": "front"}"#)).status, 200);
    assert_eq!(host.webhook(&Webhook::post(r#"{"id": "4"}"#)).status, 400, "no door is named");
    let said: Vec<_> = host.events().iter().map(|event| event.data.get().to_owned()).collect();
    assert_eq!(
        said,
        [r#"{"door":"garden","times":1}"#, r#"{"door":"garden","times":2}"#, r#"{"door":"front","times":1}"#]
    );
    assert_eq!(host.events()[2].subject.as_deref(), Some("front"));
}

#[test]
fn a_door_is_opened_by_its_name_whatever_stands_in_it() {
    let host = Host::<Doorbell>::new(&config()).provider(|_| Ok(Response::new(204)));
    assert_eq!(host.action("open-door", &json!({ "door": "a/b c" })), Ok(Value::Null));
    let request = &host.requests()[0];
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://doors.example/doors/a%2Fb%20c/open"));
}

#[test]
fn a_door_that_may_have_opened_is_not_opened_again() {
    let host = Host::<Doorbell>::new(&config()).provider(|_| Err(Error::new("timeout", "nobody answers")));
    let error = host.action("open-door", &json!({ "door": "garden" })).expect_err("no answer");
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Failed, "outcome-unknown"));
    assert_eq!(host.requests().len(), 1);
}
