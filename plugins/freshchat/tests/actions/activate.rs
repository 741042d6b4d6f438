//! Activation: the agent and the group are looked up, and the rest is said.

use freshchat::Freshchat;
use hookyard_sdk::http::{self, Response};
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::script::{Answer, asked, config, groups, host, ok, refused, shown, timeout};

/// Ids and names of the groups that there are.
type Groups = &'static [(&'static str, &'static str)];

fn agent(members: &Value) -> Answer {
    let mut agent =
        json!({ "id": "agent-1", "email": "bot@example.com", "is_deactivated": false, "is_deleted": false });
    for (name, value) in members.as_object().into_iter().flatten() {
        agent[name] = value.clone();
    }
    ok(&agent)
}

fn with_group() -> Value {
    json!({ "group_name": "Support" })
}

/// What is said where everything is right.
fn steps() -> Vec<String> {
    host(&json!({}), vec![agent(&json!({}))]).activate().expect("all is right").setup
}

#[test]
fn activation_looks_the_agent_up_and_says_what_is_left_to_do() {
    let host = host(&json!({ "webhook_public_key": "MIIB" }), vec![agent(&json!({}))]);
    let setup = host.activate().expect("all is right").setup.join("\n");
    assert_eq!(asked(&host), ["GET /agents/agent-1"]);
    let named = [
        "https://hooks.example.com/webhooks/test",
        "Conversation Webhooks",
        "public key",
        "an admin or account-admin profile",
        "a plan with API access",
    ];
    for words in named {
        assert!(setup.contains(words), "{words}: {setup}");
    }
    assert!(!setup.contains("503") && !setup.contains("MIIB"), "{setup}");
    assert!(steps().iter().any(|step| step.contains("503")), "webhooks wait for the key");
}

#[test]
fn an_answer_about_the_agent_may_say_little() {
    for body in ["{}", r#"{"is_deleted":null}"#, r#"{"is_deactivated":"no","agent_status":{"name":"x"}}"#] {
        host(&json!({}), vec![Ok(Response::new(200).with_body(body))]).activate().expect("nothing is wrong");
    }
}

#[test]
fn an_agent_that_is_not_there_or_may_not_speak_is_named() {
    let rows = [
        (refused(404, "AGENT_NOT_FOUND", "agent not found"), "actor-unknown"),
        (Ok(Response::new(404)), "actor-unknown"),
        (refused(400, "INVALID_VALUE", "no id"), "actor-unknown"),
        (agent(&json!({ "is_deactivated": true })), "actor-disabled"),
        (agent(&json!({ "is_deleted": true })), "actor-disabled"),
    ];
    for (answer, expected) in rows {
        let what = format!("{answer:?}");
        let error = host(&json!({}), vec![answer]).activate().expect_err("no agent");
        let (kind, code, details) = shown(&error);
        assert_eq!((kind.as_str(), code.as_str()), ("Invalid", expected), "{what}");
        assert!(error.message.contains("agent-1") && error.message.contains("actor_id"), "{}", error.message);
        assert_eq!(details["setup"], json!(steps()), "{what}");
    }
    for actor in [".", ".."] {
        let error = host(&json!({ "actor_id": actor }), vec![]).activate().expect_err("another path");
        assert_eq!(error.code, "actor-unknown");
    }
}

#[test]
fn the_group_is_looked_up_by_its_name() {
    let host = host(
        &json!({ "group_name": " E\u{301}quipe " }),
        vec![agent(&json!({})), groups(&[("g-0", "Sales"), ("g-1", "\u{c9}quipe"), ("g-2", "\u{e9}quipe")])],
    );
    host.activate().expect("there is one");
    assert_eq!(asked(&host), ["GET /agents/agent-1", "GET /groups?page=1&items_per_page=20"]);
}

#[test]
fn a_group_that_is_not_there_or_there_twice_is_an_error_that_names_candidates() {
    let rows: [(Groups, &str, Value); 3] = [
        (&[("g-1", "Sales"), ("g-2", "VIP")], "group-unknown", json!(["Sales", "VIP"])),
        (&[("g-1", "Support"), ("g-2", "Support"), ("g-3", "VIP")], "group-ambiguous", json!(["Support", "Support"])),
        (&[("g-1", "SUPPORT"), ("g-2", "support")], "group-ambiguous", json!(["SUPPORT", "support"])),
    ];
    for (there, expected, candidates) in rows {
        let host = host(&with_group(), vec![agent(&json!({})), groups(there)]);
        let error = host.activate().expect_err("no such group");
        let (kind, code, details) = shown(&error);
        assert_eq!((kind.as_str(), code.as_str()), ("Invalid", expected));
        let named: Vec<Value> =
            details["candidates"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(json!(named), candidates);
        for name in named {
            assert!(error.message.contains(name.as_str().unwrap()), "{}", error.message);
        }
        assert_eq!(details["setup"], json!(steps()));
    }
    let none = host(&with_group(), vec![agent(&json!({})), groups(&[])]).activate().expect_err("no group at all");
    assert_eq!(none.code, "group-unknown");
}

#[test]
fn every_failure_says_what_is_left_to_do() {
    let rows = [
        (refused(401, "UNAUTHENTICATED", "no"), "provider-unauthorized"),
        (refused(403, "FORBIDDEN", "no"), "provider-unauthorized"),
        (Ok(Response::new(429)), "rate-limited"),
        (Ok(Response::new(502).with_body("<html>")), "provider-unavailable"),
        (Ok(Response::new(200).with_body("<html>")), "provider-protocol"),
        (Ok(Response::new(200).with_body("[]")), "provider-protocol"),
        (Err(http::Error::new("dns", "no way")), "provider-unavailable"),
        (Err(http::Error::new("denied", "not granted")), "egress-denied"),
        (timeout(), "provider-unavailable"),
    ];
    for (failure, code) in rows {
        for before in [vec![], vec![agent(&json!({}))]] {
            let answers: Vec<Answer> = before.into_iter().chain([failure.clone()]).collect();
            let error = host(&with_group(), answers).activate().expect_err("it fails");
            assert_eq!((error.code.as_str(), &shown(&error).2["setup"]), (code, &json!(steps())));
        }
    }
}

#[test]
fn the_base_may_be_written_in_several_ways() {
    let rows = [
        ("https://acme-1.freshchat.com", "https://acme-1.freshchat.com/v2"),
        ("https://acme-1.freshchat.com/", "https://acme-1.freshchat.com/v2"),
        ("https://acme-1.freshchat.com/v2/", "https://acme-1.freshchat.com/v2"),
        ("https://acme-1.freshchat.com/v2/v2", "https://acme-1.freshchat.com/v2"),
        ("http://127.0.0.1:9/gate", "http://127.0.0.1:9/gate/v2"),
    ];
    for (written, base) in rows {
        let host = host(&json!({ "api_base": written }), vec![agent(&json!({}))]);
        host.activate().expect("all is right");
        assert_eq!(asked(&host), [format!("GET {base}/agents/agent-1")]);
    }
}

#[test]
fn an_id_may_come_in_blanks_and_quotes() {
    for id in ["agent-1", " agent-1\n", "\"agent-1\"", " \" agent-1 \" "] {
        let host = host(&json!({ "actor_id": id }), vec![agent(&json!({}))]);
        host.activate().expect("all is right");
        assert_eq!(asked(&host), ["GET /agents/agent-1"], "{id:?}");
    }
}

#[test]
fn the_agent_of_the_config_stays_one_segment_of_the_path() {
    let host = host(&json!({ "actor_id": "../users/1?x#y" }), vec![agent(&json!({}))]);
    host.activate().expect("asked");
    assert_eq!(asked(&host), ["GET /agents/..%2Fusers%2F1%3Fx%23y"]);
}

#[test]
fn the_plugin_sends_no_token_by_itself() {
    let host = Host::<Freshchat>::new(&config(&json!({}))).provider(move |_| agent(&json!({})));
    host.activate().expect("all is right");
    let (request, placeholder) = (&host.requests()[0], host.placeholder("/access_token"));
    assert!(request.headers.iter().all(|(name, value)| name != "authorization" && !value.contains(&placeholder)));
    assert!(!request.url.contains(&placeholder));
}
