//! `preview`, `test` and `run`, and the events of the last.

use hookyard_tests::rest::{CPF, DEALS_TOKEN};
use serde_json::{Value, json};

use super::{Crm, config};

#[tokio::test]
async fn a_preview_shows_the_request_to_the_letter_and_sends_nothing() {
    let crm = Crm::start().await;
    let input = json!({
        "request": "create-deal", "fields": { "nome": "Maria \"M\" Souza" },
        "compare_with": r#"{"deal": {"name": "x", "rating": "1", "stage": "y"}, "contacts": [{"name": "x"}]}"#,
        "sample_response": { "body": r#"{"_id": 12345678901234567890}"# },
    });
    let reply = crm.call("preview", &input).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let preview = reply.json();
    assert_eq!(preview["url"], format!("{}/api/v1/deals?token=•••", crm.rest.base()));
    assert_eq!(
        preview["body"],
        r#"{"deal":{"name":"Maria \"M\" Souza","rating":1},"contacts":[{"name":"Maria \"M\" Souza"}]}"#
    );
    assert_eq!((&preview["method"], &preview["warnings"]), (&json!("POST"), &json!(["insecure-url"])));
    assert_eq!(
        (&preview["matches"], &preview["differences"]),
        (
            &json!(false),
            &json!([
                { "pointer": "/deal/rating", "problem": "type" }, { "pointer": "/deal/stage", "problem": "missing" },
            ])
        )
    );
    assert_eq!(
        (&preview["branch"], &preview["message"]["text"]),
        (&json!("success"), &json!("Negócio 12345678901234567890 criado"))
    );
    assert!(crm.rest.requests().is_empty() && crm.host.events().await.is_empty());
}

#[tokio::test]
async fn a_test_calls_the_other_system_and_emits_nothing() {
    let crm = Crm::start().await;
    let reply = crm.call("test", &json!({ "request": "boleto", "fields": { "cpf": CPF } })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let record = reply.json();
    assert_eq!((&record["ok"], &record["branch"]), (&json!(true), &json!("success")));
    assert_eq!(
        (&record["status_code"], &record["attempts"], &record["duration_ms"]),
        (&json!(200), &json!(1), &json!(0))
    );
    let slip = r#"{"data":{"url":"https://pay.example/b/1","valor":10.50}}"#;
    assert_eq!(record["body"], json!({ "json": true, "text": slip, "truncated": false }));
    let preview = json!({
        "method": "GET", "url": format!("{}/boleto?cpf={CPF}", crm.rest.base()), "headers": [], "body": null,
    });
    assert_eq!(record["request_preview"], preview);
    let message = json!({ "text": "Segue o boleto: https://pay.example/b/1", "missing": [], "truncated": false });
    assert_eq!(record["message"], message);
    assert_eq!((crm.rest.times_asked("/boleto"), crm.host.events().await.len()), (1, 0));
}

#[tokio::test]
async fn a_run_sends_what_the_config_says_and_the_event_has_what_came_of_it() {
    let crm = Crm::start().await;
    let input = json!({
        "request": "create-deal", "fields": { "nome": "Maria", "email": "maria@example.com", "other": 7 },
        "subject": "c-1", "context": { "step": [1, null] },
    });
    let record = crm.ran(&input).await;
    assert_eq!((&record["branch"], &record["status_code"]), (&json!("success"), &json!(200)), "{record}");
    let [sent] = &crm.rest.requests()[..] else { panic!("one request") };
    assert_eq!((sent.method.as_str(), sent.query.as_str()), ("POST", format!("token={DEALS_TOKEN}").as_str()));
    assert_eq!(
        String::from_utf8_lossy(&sent.body),
        r#"{"deal":{"name":"Maria","rating":1},"contacts":[{"name":"Maria","emails":[{"email":"maria@example.com"}]}]}"#
    );
    let [event] = &crm.host.events().await[..] else { panic!("one event") };
    assert_eq!((&event["type"], &event["subject"]), (&json!("generic-http.request.succeeded"), &json!("c-1")));
    let data = &event["data"];
    assert_eq!((&data["request"], &data["branch"]), (&json!("create-deal"), &json!("success")));
    assert_eq!((&data["message"], &data["context"]), (&record["message"]["text"], &json!({ "step": [1, null] })));
    assert_eq!(data["response"]["name"], "Maria");
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_record_and_the_event_of_a_failure() {
    let crm = Crm::start().await;
    let unknown = crm.ran(&json!({ "request": "boleto", "fields": { "cpf": "1" }, "subject": "c-1" })).await;
    assert_eq!((&unknown["branch"], &unknown["status_code"]), (&json!("error"), &json!(404)));
    let blank = crm.ran(&json!({ "request": "create-deal", "fields": { "nome": "" } })).await;
    assert_eq!((&blank["branch"], &blank["status_code"]), (&json!("error"), &json!(422)));
    let unbuilt = crm.ran(&json!({ "request": "boleto" })).await;
    assert_eq!((&unbuilt["error"]["kind"], &unbuilt["attempts"]), (&json!("build"), &json!(0)));
    let messages = [&unknown, &blank, &unbuilt].map(|record| record["message"]["text"].clone());
    let expected = ["Sem boleto: no boleto for this cpf", "Tente mais tarde", "Sem boleto: "].map(Value::from);
    assert_eq!(messages, expected);
    let events = crm.host.events().await;
    assert!(events.iter().all(|event| event["type"] == "generic-http.request.failed"), "{events:?}");
    assert_eq!(events.iter().map(|event| event["data"]["message"].clone()).collect::<Vec<_>>(), expected);
    assert_eq!(
        (&events[0]["subject"], &events[0]["data"]["response"]["error"]),
        (&json!("c-1"), &json!("no boleto for this cpf"))
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_refused_with_its_place() {
    let crm = Crm::start().await;
    let rows = json!([{ "key": "deal[name", "value": { "text": "x" } }, { "key": "", "value": { "text": "x" } }]);
    let wrong = json!({ "method": "POST", "url": "crm.example/deals", "body": { "rows": rows } });
    for action in ["preview", "test"] {
        let reply = crm.call(action, &json!({ "request": wrong })).await;
        let problem = reply.json();
        assert_eq!((reply.status(), &problem["code"]), (422, &json!("request-invalid")), "{}", reply.text());
        let errors = problem["errors"].as_array().expect("a list").iter();
        let mut errors: Vec<_> = errors.map(|error| [error["pointer"].clone(), error["code"].clone()]).collect();
        errors.sort_by_key(|error| error[0].to_string());
        let expected = [
            ["/request/body/rows/0/key", "unclosed_bracket"],
            ["/request/body/rows/1/key", "empty_key"],
            ["/request/url", "bad_url"],
        ];
        assert_eq!(errors, expected.map(|error| error.map(Value::from)));
    }
    let unknown = crm.call("run", &json!({ "request": "nothing" })).await;
    assert_eq!((unknown.status(), &unknown.json()["code"]), (422, &json!("request-unknown")));
    assert!(crm.rest.requests().is_empty());
}

#[tokio::test]
async fn a_connection_says_which_of_its_requests_is_wrong_and_the_others_work() {
    let crm = Crm::start().await;
    let mut config = config(&crm.rest, &json!({}));
    config["requests"]["broken"] =
        json!({ "method": "GET", "url": "https://x.example/", "reply": { "template": "{" } });
    let grants = json!({ "hosts": [crm.rest.base()], "private_addresses": ["127.0.0.1/32"] });
    crm.connect("odd", &config, &grants).await;
    let checked = crm.host.post("/v1/connections/odd/check", &json!({})).await.json();
    assert_eq!(
        (&checked["health"]["status"], &checked["health"]["code"]),
        (&json!("unhealthy"), &json!("request-invalid")),
        "{checked}"
    );
    let ran = crm.host.call("odd", "run", &json!({ "request": "boleto", "fields": { "cpf": CPF } })).await;
    assert_eq!(ran.json()["ok"], true, "{}", ran.text());
    let well = crm.host.post("/v1/connections/crm/check", &json!({})).await.json();
    assert_eq!(well["health"]["status"], "healthy", "{well}");
}

#[tokio::test]
async fn values_come_as_they_are_wherever_they_stand() {
    let crm = Crm::start().await;
    let value = "a/../b?c=d&e #{f}%2F\"é";
    let request = json!({
        "method": "PUT", "url": format!("{}/echo/:id/z?k=v#top", crm.rest.base()), "path": { "id": { "field": "x" } },
        "query": [{ "name": "q", "value": { "field": "x" } }],
        "headers": [{ "name": "X-Many", "value": { "text": "1" } }, { "name": "x-many", "value": { "text": "2" } }],
        "body": { "encoding": "form", "rows": [{ "key": "a[b]", "value": { "field": "x" } }] },
    });
    let reply = crm.call("test", &json!({ "request": request, "fields": { "x": value } })).await;
    assert_eq!(reply.json()["ok"], true, "{}", reply.text());
    let sent = crm.rest.requests().pop().expect("one");
    let encoded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    assert_eq!(sent.path, format!("/echo/{}/z", encoded(value)));
    let pairs: Vec<_> = url::form_urlencoded::parse(sent.query.as_bytes()).into_owned().collect();
    assert_eq!(pairs, [("k".to_owned(), "v".to_owned()), ("q".to_owned(), value.to_owned())]);
    let form: Vec<_> = url::form_urlencoded::parse(&sent.body).into_owned().collect();
    assert_eq!(form, [("a[b]".to_owned(), value.to_owned())]);
    assert_eq!(sent.headers.get_all("x-many").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(sent.headers["content-type"], "application/x-www-form-urlencoded");
}
