//! Tokens and passwords, as far as the other system sees them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hookyard_tests::rest::{CLIENT_ID, CLIENT_SECRET, DEALS_TOKEN, Fault};
use serde_json::{Value, json};

use super::Crm;

/// Client credentials that are good, if this is the secret.
fn oauth2(crm: &Crm, secret: &Value) -> Value {
    let url = format!("{}/oauth/token", crm.rest.base());
    json!({ "auth": {
        "type": "oauth2", "token_url": url, "client_id": { "text": CLIENT_ID }, "client_secret": secret, "scope": "deals read",
    } })
}

#[tokio::test]
async fn a_secret_goes_out_wherever_the_request_says() {
    let crm = Crm::start().await;
    let secret = json!({ "secret": "rd" });
    let more = json!({
        "auth": { "type": "bearer", "token": secret },
        "headers": [{ "name": "x-key", "value": { "secret": "rd", "prefix": "Key " } }],
        "query": [{ "name": "token", "value": secret }],
        "body": { "rows": [{ "key": "auth[key]", "value": secret }] },
    });
    let url = format!("{}/echo/:key/send", crm.rest.base());
    let path = json!({ "path": { "key": { "secret": "rd", "prefix": "bot" } } });
    let record = crm.tried_at("POST", &url, &super::merged(more, &path)).await;
    // The echo holds secrets, and such an answer is withheld.
    assert_eq!((&record["error"]["kind"], &record["body"]), (&json!("protocol"), &Value::Null), "{record}");
    assert!(!record.to_string().contains(DEALS_TOKEN), "{record}");
    let preview = &record["request_preview"];
    assert_eq!(preview["url"], format!("{}/echo/bot•••/send?token=•••", crm.rest.base()));
    assert_eq!(preview["body"], r#"{"auth":{"key":"•••"}}"#);
    let sent = crm.rest.requests().pop().expect("one");
    assert_eq!((sent.path, sent.query), (format!("/echo/bot{DEALS_TOKEN}/send"), format!("token={DEALS_TOKEN}")));
    assert_eq!(sent.headers["authorization"], format!("Bearer {DEALS_TOKEN}"));
    assert_eq!(sent.headers["x-key"], format!("Key {DEALS_TOKEN}"));
    assert_eq!(String::from_utf8_lossy(&sent.body), format!(r#"{{"auth":{{"key":"{DEALS_TOKEN}"}}}}"#));
}

#[tokio::test]
async fn user_and_password_go_out_encoded() {
    let crm = Crm::start().await;
    let auth = json!({ "auth": { "type": "basic", "username": { "text": "shop" }, "password": { "secret": "rd" } } });
    let record = crm.tried("GET", "/status/200", &auth).await;
    assert_eq!(record["ok"], true, "{record}");
    let sent = crm.rest.requests().pop().expect("one");
    let expected = format!("Basic {}", STANDARD.encode(format!("shop:{DEALS_TOKEN}")));
    assert_eq!(sent.headers["authorization"], expected);
    assert_eq!(record["request_preview"]["headers"], json!([["authorization", "Basic •••"]]));
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_and_kept_until_it_expires() {
    let crm = Crm::start().await;
    let more = super::merged(oauth2(&crm, &json!({ "secret": "client" })), &json!({ "success_status": [200] }));
    let tried = || crm.tried("DELETE", "/status/200", &more);
    for record in join_all((0..5).map(|_| tried())).await {
        assert_eq!(record["ok"], true, "{record}");
        assert_eq!(record["request_preview"]["headers"], json!([["authorization", "Bearer •••"]]));
    }
    assert_eq!(crm.rest.tokens().len(), 1);
    let [exchange] =
        &crm.rest.requests().into_iter().filter(|sent| sent.path == "/oauth/token").collect::<Vec<_>>()[..]
    else {
        panic!("one exchange")
    };
    let form: Vec<_> = url::form_urlencoded::parse(&exchange.body).into_owned().collect();
    assert!(form.contains(&("grant_type".to_owned(), "client_credentials".to_owned())), "{form:?}");
    assert!(form.contains(&("scope".to_owned(), "deals read".to_owned())), "{form:?}");
    crm.host.advance(Duration::from_secs(3600));
    assert_eq!(tried().await["ok"], true);
    assert_eq!(crm.rest.tokens().len(), 2, "the first has expired");
}

#[tokio::test]
async fn after_a_401_the_request_is_sent_once_more_with_another_token() {
    let crm = Crm::start().await;
    let more = oauth2(&crm, &json!({ "secret": "client" }));
    let tried = || crm.tried("POST", "/guarded", &more);
    assert_eq!(tried().await["ok"], true);
    crm.rest.expire_tokens();
    let again = tried().await;
    assert_eq!((&again["ok"], &again["attempts"]), (&json!(true), &json!(1)), "{again}");
    assert_eq!((crm.rest.tokens().len(), crm.rest.times_asked("/guarded")), (2, 3), "refused, and sent once more");
    crm.rest.fail("POST /guarded", Fault::Empty(401), 9);
    let refused = tried().await;
    assert_eq!((&refused["status_code"], &refused["branch"]), (&json!(401), &json!("error")), "{refused}");
    assert_eq!((crm.rest.tokens().len(), crm.rest.times_asked("/guarded")), (3, 5), "not a third time");
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let crm = Crm::start().await;
    let wrong = crm.tried("POST", "/status/200", &oauth2(&crm, &json!({ "text": "wrong" }))).await;
    assert_eq!((&wrong["error"]["kind"], &wrong["status_code"]), (&json!("config"), &Value::Null), "{wrong}");
    crm.rest.fail("POST /oauth", Fault::Status(503), 9);
    let down = crm.tried("POST", "/status/200", &oauth2(&crm, &json!({ "secret": "client" }))).await;
    assert_eq!(down["error"]["kind"], "connect", "{down}");
    crm.rest.forgive();
    crm.rest.fail("POST /oauth", Fault::Page(200), 9);
    let odd = crm.tried("POST", "/status/200", &oauth2(&crm, &json!({ "secret": "client" }))).await;
    assert_eq!(odd["error"]["kind"], "protocol", "{odd}");
    assert_eq!(crm.rest.times_asked("/status/200"), 0);
    let shown = format!("{wrong}{down}{odd}");
    assert!(!shown.contains(CLIENT_SECRET), "{shown}");
}
