//! Answers of every kind.

use std::net::TcpListener;

use hookyard_tests::rest::Fault;
use serde_json::{Value, json};

use super::Crm;

/// For answers that do not come.
const HURRIED: &str = r#"{"timeout_ms": 100}"#;

#[tokio::test]
async fn an_answer_of_any_status_is_a_record() {
    let crm = Crm::start().await;
    for (status, branch) in [(200, "success"), (204, "success"), (304, "error"), (404, "error"), (500, "error")] {
        let record = crm.tried("POST", &format!("/status/{status}"), &json!({})).await;
        assert_eq!(
            (&record["status_code"], &record["branch"], &record["body"]),
            (&json!(status), &json!(branch), &Value::Null)
        );
        assert_eq!((&record["ok"], record.get("error")), (&json!(branch == "success"), None));
    }
    let listed = crm.tried("POST", "/status/404", &json!({ "success_status": [404] })).await;
    assert_eq!(listed["ok"], true);
}

#[tokio::test]
async fn what_is_empty_or_no_json_has_nothing_for_a_template() {
    let crm = Crm::start().await;
    for path in ["/status/204", "/html", "/bytes/3", "/deep-json/100"] {
        let record = crm.tried("POST", path, &json!({ "reply": { "template": "{a}", "on_error": "nada" } })).await;
        assert_eq!((&record["branch"], &record["error"]["kind"]), (&json!("error"), &json!("reply_missing")), "{path}");
        assert_eq!((&record["message"]["text"], &record["status_code"].is_null()), (&json!("nada"), &false), "{path}");
        assert!(record["body"].is_null() || record["body"]["json"] == false, "{}", record["body"]);
    }
    let deep = crm.tried("POST", "/deep-json/50", &json!({ "reply": { "template": "{[0]}" } })).await;
    assert_eq!((&deep["ok"], &deep["body"]["json"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn text_is_read_in_its_encoding_and_without_its_byte_order_mark() {
    let crm = Crm::start().await;
    for (path, name) in [("/latin1", "João"), ("/bom", "João")] {
        let record = crm.tried("GET", path, &json!({ "reply": { "template": "Oi, {nome}" } })).await;
        assert_eq!(
            record["body"],
            json!({ "json": true, "text": format!("{{\"nome\":\"{name}\"}}"), "truncated": false })
        );
        assert_eq!(record["message"]["text"], format!("Oi, {name}"));
    }
}

#[tokio::test]
async fn a_large_answer_is_cut_and_a_compressed_one_stays_compressed() {
    let crm = Crm::start().await;
    let shown = crm.tried("GET", "/bytes/300000", &json!({})).await;
    assert_eq!(
        (shown["body"]["text"].as_str().map(str::len), &shown["body"]["truncated"]),
        (Some(256 * 1024), &json!(true))
    );
    let read = crm.tried("GET", "/bytes/2000000", &json!({})).await;
    assert_eq!((&read["status_code"], &read["body"]["truncated"]), (&json!(200), &json!(true)));
    let grants = json!({ "hosts": [crm.rest.base()], "private_addresses": ["127.0.0.1/32"] });
    crm.connect("plain", &json!({}), &grants).await;
    let url = format!("{}/gzip-bomb", crm.rest.base());
    let request = json!({ "method": "GET", "url": url, "reply": { "template": "{a}" } });
    let bomb = crm.host.call("plain", "test", &json!({ "request": request })).await.json();
    assert_eq!((&bomb["body"]["json"], &bomb["error"]["kind"]), (&json!(false), &json!("reply_missing")), "{bomb}");
    let length = bomb["body"]["base64"].as_str().map(str::len);
    assert!(length.is_some_and(|length| length < 100_000), "{length:?}");
    // Where there are secrets, nobody can tell whether it holds one.
    let withheld = crm.tried("GET", "/gzip-bomb", &json!({})).await;
    assert_eq!((&withheld["error"]["kind"], &withheld["body"]), (&json!("protocol"), &Value::Null), "{withheld}");
}

#[tokio::test]
async fn no_answer_is_a_record_with_a_kind() {
    let crm = Crm::start().await;
    let hurried: Value = serde_json::from_str(HURRIED).expect("JSON");
    for (path, more, kind) in
        [("/drip", &hurried, "timeout"), ("/delay/600000", &hurried, "timeout"), ("/close", &json!({}), "protocol")]
    {
        let record = crm.tried("POST", path, more).await;
        assert_eq!(
            (&record["error"]["kind"], &record["status_code"]),
            (&json!(kind), &Value::Null),
            "{path}: {record}"
        );
        assert_eq!((&record["attempts"], &record["branch"]), (&json!(1), &json!("error")), "{path}");
    }
}

#[tokio::test]
async fn where_nothing_answers_the_record_says_how_far_it_came() {
    let crm = Crm::start().await;
    let address = TcpListener::bind("127.0.0.1:0").and_then(|closed| closed.local_addr()).expect("a free port");
    let plain = crm.rest.base().trim_start_matches("http://");
    let grants = json!({
        "hosts": [format!("http://{address}"), "nowhere.example", plain], "private_addresses": ["127.0.0.1/32"],
    });
    crm.connect("lost", &json!({}), &grants).await;
    let rows = [
        (format!("http://{address}/"), "connect"),
        ("https://nowhere.example/".to_owned(), "dns"),
        (format!("https://{plain}/"), "tls"),
    ];
    for (url, kind) in rows {
        for (method, attempts) in [("GET", 3), ("POST", 1)] {
            let input = json!({ "request": { "method": method, "url": url } });
            let record = crm.host.call("lost", "test", &input).await.json();
            assert_eq!(
                (&record["error"]["kind"], &record["attempts"]),
                (&json!(kind), &json!(attempts)),
                "{url}: {record}"
            );
        }
    }
}

#[tokio::test]
async fn headers_are_shown_as_often_as_they_came() {
    let crm = Crm::start().await;
    let record = crm.tried("GET", "/duplicate-headers", &json!({})).await;
    let headers = record["headers"].as_array().expect("a list").iter();
    let many: Vec<_> = headers.filter(|header| header[0] == "x-many").map(|header| header[1].clone()).collect();
    assert_eq!(many, ["one", "two"]);
}

#[tokio::test]
async fn many_places_deep_in_a_large_answer_are_found_in_time() {
    let crm = Crm::start().await;
    let numbers = vec!["0"; 480 * 1024].join(",");
    let answer = (0..15).fold(format!("[{numbers}]"), |inner, _| format!("{{\"a\":{inner}}}"));
    let way = format!("a{}", "[a]".repeat(14));
    let elements: String = (0..50).map(|nth| format!("{{{way}[{nth}]}}")).collect();
    let whole = format!("{{{way}}}").repeat(50);
    for (template, length) in [(elements, 50), (whole, 4096)] {
        crm.rest.fail("POST /large", Fault::Body(200, answer.clone()), 1);
        let record = crm.tried("POST", "/large", &json!({ "reply": { "template": template } })).await;
        let message = record["message"]["text"].as_str().unwrap_or_else(|| panic!("no message: {}", record["error"]));
        assert_eq!((message.len(), &record["branch"]), (length, &json!("success")));
    }
}

#[tokio::test]
async fn a_record_and_its_event_come_out_whatever_the_answer_is_made_of() {
    let crm = Crm::start().await;
    crm.rest.fail("POST /api", Fault::Body(200, "\u{1}".repeat(400 * 1024)), 1);
    let record = crm.ran(&json!({ "request": "create-deal", "fields": { "nome": "Ana" } })).await;
    assert_eq!((&record["body"]["truncated"], &record["body"]["json"]), (&json!(true), &json!(false)));
    assert!(record["body"]["text"].as_str().is_some_and(|text| text.len() > 100 * 1024));
    assert_eq!(crm.host.events().await.len(), 1);
}
