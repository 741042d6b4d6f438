//! Which site a conversation is on, and how that was found.

use std::cell::RefCell;
use std::collections::VecDeque;

use freshchat::Freshchat;
use hookyard_sdk::http::{self, Response};
use hookyard_sdk::log::Level;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::given::*;

/// A connection that looks sites up, and a Freshchat that gives these answers in their order.
fn asking(config: &Value, answers: Vec<Result<Response, http::Error>>) -> Host<Freshchat> {
    let mut full = json!({ "site_property": "site_id", "default_site": "main" });
    for (name, value) in config.as_object().into_iter().flatten() {
        full[name] = value.clone();
    }
    let answers = RefCell::new(VecDeque::from(answers));
    host_with(&full).provider(move |request| {
        let answer = answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("no answer is left for {} {}", request.method, request.url))
    })
}

fn user(properties: &Value) -> Result<Response, http::Error> {
    Ok(Response::new(200).with_json(&json!({ "id": USER, "first_name": "Marta", "properties": properties })))
}

fn of_kitchen() -> Result<Response, http::Error> {
    user(&json!([{ "name": "plan", "value": "basic" }, { "name": "site_id", "value": "kitchen" }]))
}

/// Site and source of a message.
fn site(host: &Host<Freshchat>, body: &Value) -> (String, String) {
    let heard = heard(host, body);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&heard[0].1["site"]), text(&heard[0].1["freshchat"]["site_source"]))
}

fn pair(site: &str, source: &str) -> (String, String) {
    (site.to_owned(), source.to_owned())
}

#[test]
fn a_site_that_the_message_names_comes_first() {
    let host = asking(&json!({ "channel_map": { CHANNEL: "bath" } }), vec![]);
    for (place, name) in ["site_id", "siteId"].into_iter().enumerate() {
        let mut body = from_user(&format!("m{place}"), 0);
        body["data"]["message"][name] = json!("garden");
        assert_eq!(site(&host, &body), pair("garden", "message"));
    }
}

#[test]
fn a_channel_is_mapped_by_either_of_its_ids() {
    for id in [CHANNEL, "551021"] {
        let host = asking(&json!({ "channel_map": { id: "bath", "other": "cellar" } }), vec![]);
        let body = with(&json!({ "freshchat_channel_id": "551021" }));
        assert_eq!(site(&host, &body), pair("bath", "channel"));
        assert!(host.requests().is_empty());
    }
}

#[test]
fn a_property_of_the_user_names_the_site_and_is_looked_up_once_an_hour() {
    let host = asking(&json!({ "channel_map": { "other": "cellar" } }), vec![of_kitchen(), of_kitchen()]);
    assert_eq!(site(&host, &from_user("m1", 1)), pair("kitchen", "property"));
    host.advance(3_599);
    assert_eq!(site(&host, &from_user("m2", 2)), pair("kitchen", "property"));
    let [request] = host.requests().try_into().expect("one request");
    assert_eq!((request.method.as_str(), request.timeout_ms), ("GET", Some(1_000)));
    assert_eq!(request.url, format!("https://api.freshchat.com/v2/users/{USER}"));
    host.advance(1);
    assert_eq!(site(&host, &from_user("m3", 3)), pair("kitchen", "property"));
    assert_eq!(host.requests().len(), 2);
}

#[test]
fn without_a_property_in_the_config_nothing_is_looked_up() {
    assert_eq!(site(&host_with(&json!({ "default_site": "main" })), &from_user("m", 0)), pair("main", "default"));
}

#[test]
fn a_user_without_the_property_is_on_the_default_site_for_an_hour() {
    let without = [
        user(&json!([])),
        user(&Value::Null),
        user(&json!({ "site_id": "kitchen" })),
        user(&json!([{ "name": "site_id", "value": "" }, null, 7])),
        user(&json!([{ "name": "site_id", "value": null }, ["site_id", "kitchen"]])),
        user(&json!([{ "name": "Site_id", "value": "kitchen" }])),
    ];
    for answer in without {
        let host = asking(&json!({}), vec![answer]);
        assert_eq!(site(&host, &from_user("m1", 1)), pair("main", "default"));
        assert_eq!(site(&host, &from_user("m2", 2)), pair("main", "default"));
        assert_eq!(host.log(), []);
    }
}

#[test]
fn a_property_that_is_a_number_is_its_digits() {
    let host = asking(&json!({}), vec![user(&json!([{ "name": "site_id", "value": 42 }]))]);
    assert_eq!(site(&host, &from_user("m", 0)), pair("42", "property"));
}

#[test]
fn a_look_up_that_fails_is_logged_and_the_customer_does_not_wait() {
    let failing = [
        Err(http::Error::new("timeout", "no answer within 1 s")),
        Err(http::Error::new("connect", "refused")),
        Ok(Response::new(401).with_json(&json!({ "code": 401, "status": "X", "message": "no" }))),
        Ok(Response::new(404)
            .with_json(&json!({ "code": 404, "status": "USER_NOT_FOUND", "message": "user not found" }))),
        Ok(Response::new(429).with_header("retry-after", "60")),
        Ok(Response::new(503).with_body("<html>")),
        Ok(Response::new(200).with_body("<html>")),
        Ok(Response::new(200).with_json(&json!(["user"]))),
    ];
    for answer in failing {
        let about = format!("{answer:?}");
        let host = asking(&json!({}), vec![answer, of_kitchen()]);
        assert_eq!(site(&host, &from_user("m1", 1)), pair("main", "default"), "{about}");
        let [(level, line)] = host.log().try_into().expect("one line");
        assert_eq!(level, Level::Warn);
        assert!(
            line.starts_with("the user's property \"site_id\" is not known, so that the site is the default: "),
            "{line}"
        );
        assert_eq!(site(&host, &from_user("m2", 2)), pair("kitchen", "property"), "a failure is not kept: {about}");
    }
}

#[test]
fn what_happens_to_a_conversation_is_on_the_site_of_its_customer() {
    let host = asking(&json!({}), vec![of_kitchen()]);
    assert_eq!(site(&host, &from_user("m1", 1)), pair("kitchen", "property"));
    for body in [assignment(AGENT, "", 2), from_agent("m2", 3), resolution(4), reopening(5)] {
        let heard = heard(&host, &body);
        assert_eq!((heard.len(), &heard[0].1["site"]), (1, &json!("kitchen")), "{body}");
    }
    let mapped = host_with(&json!({ "channel_map": { CHANNEL: "bath" } }));
    assert_eq!(heard(&mapped, &assignment(AGENT, "", 2))[0].1["site"], json!("bath"));
}

#[test]
fn a_resolution_may_name_the_customer_itself() {
    let host = asking(&json!({}), vec![of_kitchen()]);
    let mut body = resolution(1);
    body["data"]["resolve"]["user"] = json!({ "id": USER });
    assert_eq!(heard(&host, &body)[0].1["site"], json!("kitchen"));
    let unknown = asking(&json!({}), vec![]);
    assert_eq!(heard(&unknown, &resolution(1))[0].1["site"], json!("main"), "nobody knows the customer");
}

#[test]
fn an_id_of_a_user_stays_one_segment_of_the_path() {
    let host = asking(&json!({ "api_base": "https://acme.freshchat.example/v2/" }), vec![of_kitchen()]);
    assert_eq!(site(&host, &with(&json!({ "user_id": "../agents?x#y" }))), pair("kitchen", "property"));
    assert_eq!(host.requests()[0].url, "https://acme.freshchat.example/v2/users/..%2Fagents%3Fx%23y");
    for id in [".", ".."] {
        let host = asking(&json!({}), vec![]);
        assert_eq!(site(&host, &with(&json!({ "user_id": id }))), pair("main", "default"));
        assert!(host.log()[0].1.contains("cannot be a segment of a path"));
    }
}

#[test]
fn the_address_of_the_api_may_end_as_it_likes() {
    for base in
        ["https://acme.freshchat.example", "https://acme.freshchat.example/", "https://acme.freshchat.example/v2"]
    {
        let host = asking(&json!({ "api_base": base }), vec![of_kitchen()]);
        assert_eq!(site(&host, &from_user("m", 0)), pair("kitchen", "property"));
        assert_eq!(host.requests()[0].url, format!("https://acme.freshchat.example/v2/users/{USER}"));
    }
}

#[test]
fn an_id_that_is_too_long_for_a_key_works_all_the_same() {
    let long = "é".repeat(256);
    let host = asking(&json!({}), vec![of_kitchen()]);
    let body = with(&json!({ "user_id": long }));
    assert_eq!(site(&host, &body), pair("kitchen", "property"));
    let mut again = body;
    again["data"]["message"]["id"] = json!("n");
    assert_eq!(site(&host, &again), pair("kitchen", "property"), "it was kept");
}
