use hookyard_domain::grant::Grant;
use serde_json::json;

use super::*;
use crate::test_host::{NoNames, TestConnection, TestHost, egress};

fn invocation() -> (Effects, TestConnection) {
    let config = json!({"api_key": "k3y-k3y-k3y", "password": "hunter2"});
    let connection = TestConnection::new("shop", &json!({}), &Grant::default(), config, &egress(NoNames));
    (TestHost::new().effects_with(&connection), connection)
}

fn text_of(effects: &Effects, placeholder: &str) -> String {
    effects.known_secret(placeholder).expect("known").text.expose().to_owned()
}

#[test]
fn a_derived_secret_is_a_placeholder_that_knows_what_is_in_it() {
    let (effects, connection) = invocation();
    let (key, password) = (connection.placeholder("/api_key"), connection.placeholder("/password"));
    let derived = effects.derive_secret("base64", &format!("{key}:{password}")).expect("derived");
    assert!(derived.starts_with("hysec_") && derived.len() == 38);
    assert_eq!(text_of(&effects, &derived), "azN5LWszeS1rM3k6aHVudGVyMg==");
    let again = effects.derive_secret("percent", &format!("<{derived}>")).expect("derived");
    assert_eq!(text_of(&effects, &again), "%3CazN5LWszeS1rM3k6aHVudGVyMg%3D%3D%3E");
    let pointers = &effects.known_secret(&again).expect("known").pointers;
    assert_eq!(pointers.iter().collect::<Vec<_>>(), ["/api_key", "/password"]);
    assert_eq!(effects.derive_secret("base64", &format!("{key}:{password}")), Ok(derived.clone()));
    assert_ne!(effects.derive_secret("hex", &format!("{key}:{password}")), Ok(derived));
    let plain = effects.derive_secret("hex", "no secret").expect("derived");
    assert!(effects.known_secret(&plain).expect("known").pointers.is_empty());
}

#[test]
fn what_cannot_be_derived_is_refused() {
    let (effects, connection) = invocation();
    let key = connection.placeholder("/api_key");
    let code = |encoding: &str, text: &str| effects.derive_secret(encoding, text).expect_err("refused").code;
    assert_eq!(code("rot13", key), RefusalCode::Invalid);
    assert_eq!(code("hex", "hysec_00000000000000000000000000000000"), RefusalCode::Denied);
    assert_eq!(code("hex", &"x".repeat(limit::DERIVED_SECRET_BYTES_MAX / 2 + 1)), RefusalCode::TooLarge);
    assert_eq!(code("hex", &"x".repeat(limit::DERIVED_SECRET_BYTES_MAX + 1)), RefusalCode::TooLarge);
    let mut grown = effects.derive_secret("hex", &"x".repeat(20_000)).expect("derived");
    grown = grown.repeat(2);
    assert_eq!(code("base64", &grown), RefusalCode::TooLarge);
    for index in 1..limit::DERIVED_SECRETS_MAX {
        effects.derive_secret("hex", &format!("{key}{index}")).expect("derived");
    }
    assert_eq!(code("hex", "one more"), RefusalCode::TooMany);
    effects.derive_secret("hex", &format!("{key}1")).expect("the same is no further one");
}

#[test]
fn all_that_is_derived_is_bounded_together() {
    let (effects, _) = invocation();
    let each = limit::DERIVED_SECRET_BYTES_MAX;
    for index in 0..limit::DERIVED_SECRETS_BYTES_MAX / each {
        effects.derive_secret("percent", &format!("{index}{}", "x".repeat(each - 1))).expect("derived");
    }
    assert_eq!(effects.derive_secret("percent", "x").expect_err("too much").code, RefusalCode::TooLarge);
    effects.derive_secret("percent", &format!("0{}", "x".repeat(each - 1))).expect("known already");
}
