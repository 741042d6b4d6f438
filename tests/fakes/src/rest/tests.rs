//! Every path answers as the table says.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, CPF, DEALS_TOKEN, Fault, Rest};
use crate::http::{Reply, send};

async fn call(rest: &Rest, method: &str, path: &str, authorization: &str, body: &str) -> anyhow::Result<Reply> {
    let address = rest.base().trim_start_matches("http://").parse()?;
    let request = Request::builder().method(method).uri(path).header("host", "fake");
    let request = request.header("authorization", authorization).body(Full::new(Bytes::from(body.to_owned())))?;
    send(address, request).await
}

async fn get(rest: &Rest, path: &str) -> Reply {
    call(rest, "GET", path, "", "").await.expect("an answer")
}

#[tokio::test]
async fn the_crm_takes_a_deal_with_a_name_from_who_has_the_token() {
    let rest = Rest::start().await;
    let deal = |name: &str| json!({ "deal": { "name": name } }).to_string();
    let good = format!("/api/v1/deals?token={DEALS_TOKEN}");
    for (path, body, status) in [
        (good.as_str(), deal("Maria"), 200),
        (&good, deal(""), 422),
        (&good, "no JSON".to_owned(), 422),
        ("/api/v1/deals?token=wrong", deal("Maria"), 401),
        ("/api/v1/deals", deal("Maria"), 401),
    ] {
        let reply = call(&rest, "POST", path, "", &body).await.expect("an answer");
        assert_eq!(reply.status(), status, "{path} {body}: {}", reply.text());
        assert!(status != 200 || (reply.json()["name"] == "Maria" && reply.json()["_id"].is_string()));
    }
    assert_eq!((rest.times_asked("/api/v1/deals"), rest.requests().len()), (5, 5));
}

#[tokio::test]
async fn the_payment_slip_of_one_customer_is_found() {
    let rest = Rest::start().await;
    let found = get(&rest, &format!("/boleto?cpf={CPF}")).await;
    assert_eq!(found.text(), r#"{"data":{"url":"https://pay.example/b/1","valor":10.50}}"#);
    assert_eq!(get(&rest, "/boleto?cpf=boleto+001.234.567-89").await.status(), 200);
    for unknown in ["/boleto?cpf=99", "/boleto"] {
        let refused = get(&rest, unknown).await;
        assert_eq!((refused.status(), refused.json()["error"].is_string()), (404, true), "{unknown}");
    }
}

#[tokio::test]
async fn a_token_is_good_until_it_expires() {
    let rest = Rest::start().await;
    let form = format!("grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}");
    let exchange = |body: String| call(&rest, "POST", "/oauth/token", "", body.leak());
    let token = exchange(form.clone()).await.expect("an answer").json();
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    assert_eq!(call(&rest, "GET", "/guarded", &bearer, "").await.expect("an answer").status(), 200);
    rest.expire_tokens();
    assert_eq!(call(&rest, "GET", "/guarded", &bearer, "").await.expect("an answer").status(), 401);
    rest.tokens_live(5);
    assert_eq!(exchange(form.clone()).await.expect("an answer").json()["expires_in"], 5);
    assert_eq!(exchange(form.replace("cs-", "")).await.expect("an answer").status(), 401);
    assert_eq!(exchange("grant_type=password".to_owned()).await.expect("an answer").status(), 400);
    assert_eq!(rest.tokens().len(), 2);
}

#[tokio::test]
async fn an_echo_has_all_that_was_sent() {
    let rest = Rest::start().await;
    let echoed = call(&rest, "PATCH", "/echo/x?a=1", "secret", "body").await.expect("an answer").json();
    let parts = ["method", "path", "query", "body"].map(|name| echoed[name].as_str().expect("a text").to_owned());
    assert_eq!(parts, ["PATCH", "/echo/x", "a=1", "body"]);
    assert!(echoed["headers"].as_array().expect("a list").contains(&json!(["authorization", "secret"])));
    rest.fail("GET /echo", Fault::Status(503), 1);
    assert_eq!((get(&rest, "/echo").await.status(), get(&rest, "/echo").await.status()), (503, 200));
}

#[tokio::test]
async fn answers_are_as_odd_as_they_are_asked_to_be() {
    let rest = Rest::start().await;
    assert_eq!(get(&rest, "/status/418").await.status(), 418);
    assert_eq!(get(&rest, "/delay/0").await.text(), "{}");
    assert_eq!(get(&rest, "/redirect/2").await.header("location"), "/redirect/1");
    assert_eq!(get(&rest, "/redirect/0").await.status(), 200);
    let away = get(&rest, "/redirect-to?url=http://169.254.169.254/&status=307").await;
    assert_eq!((away.status(), away.header("location")), (307, "http://169.254.169.254/"));
    assert_eq!(get(&rest, "/bytes/1234").await.body.len(), 1234);
    assert!(get(&rest, "/html").await.text().contains("<form"));
    assert_eq!(&get(&rest, "/latin1").await.body[..], b"{\"nome\":\"Jo\xe3o\"}");
    assert!(get(&rest, "/bom").await.text().starts_with("\u{feff}{"));
    assert_eq!(get(&rest, "/gzip-bomb").await.header("content-encoding"), "gzip");
    let busy = get(&rest, "/429?after=7").await;
    assert_eq!((busy.status(), busy.header("retry-after")), (429, "7"));
    assert_eq!(get(&rest, "/429").await.header("retry-after"), "");
    let twice = get(&rest, "/duplicate-headers").await;
    assert_eq!(twice.headers.get_all("x-many").iter().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(get(&rest, "/deep-json/3").await.json(), json!([[[]]]));
    assert_eq!(get(&rest, "/elsewhere").await.json()["error"]["status"], Value::from(404));
    assert!(call(&rest, "GET", "/close", "", "").await.is_err());
}
