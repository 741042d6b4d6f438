//! The actions `list-groups`, `list-channels` and `list-agents`.

use freshchat::Freshchat;
use hookyard_sdk::http::{Request, Response};
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::script::{Answer, BASE, asked, config, host, ok, shown};

/// A page of entries with these numbers, and what leads to the next.
fn page(member: &str, numbers: std::ops::Range<usize>, next: Option<&str>) -> Answer {
    let items: Vec<Value> = numbers.map(|n| json!({ "id": format!("id-{n}"), "name": format!("Name {n}") })).collect();
    let mut links = json!({ "first_page": { "href": format!("/v2/{member}?page=1"), "rel": "first_page" } });
    if let Some(href) = next {
        links["next_page"] = json!({ "href": href, "rel": "next_page" });
    }
    ok(&json!({ member: items, "links": links, "pagination": { "current_page": 1, "total_pages": 99 } }))
}

#[test]
fn all_pages_are_read() {
    let second = format!("{BASE}/groups?page=2&items_per_page=20");
    let third = "/v2/groups?page=3&items_per_page=20";
    let answers =
        vec![page("groups", 0..20, Some(&second)), page("groups", 20..40, Some(third)), page("groups", 40..41, None)];
    let host = host(&json!({}), answers);
    let output = host.action("list-groups", &json!({})).expect("listed");
    let items: Vec<Value> = (0..41).map(|n| json!({ "id": format!("id-{n}"), "name": format!("Name {n}") })).collect();
    assert_eq!(output, json!({ "items": items, "complete": true }));
    let expected = ["1", "2", "3"].map(|page| format!("GET /groups?page={page}&items_per_page=20"));
    assert_eq!(asked(&host), expected);
}

#[test]
fn groups_channels_and_agents_have_ids_and_names() {
    let rows = [
        ("list-groups", "groups", json!({ "id": 7, "name": "Équipe" }), json!({ "id": "7", "name": "Équipe" })),
        ("list-channels", "channels", json!({ "id": "c", "name": "Web" }), json!({ "id": "c", "name": "Web" })),
        (
            "list-agents",
            "agents",
            json!({ "id": "a", "first_name": "Ana", "last_name": "Sol", "email": "a@example.com" }),
            json!({ "id": "a", "name": "Ana Sol" }),
        ),
        (
            "list-agents",
            "agents",
            json!({ "id": "a", "first_name": "Bot", "last_name": null }),
            json!({ "id": "a", "name": "Bot" }),
        ),
        (
            "list-agents",
            "agents",
            json!({ "id": "a", "first_name": " ", "email": "a@example.com" }),
            json!({ "id": "a", "name": "a@example.com" }),
        ),
        ("list-agents", "agents", json!({ "id": "a" }), json!({ "id": "a", "name": "" })),
    ];
    for (action, member, entry, item) in rows {
        // What has no id, or is there twice, is left out.
        let entries = json!([entry, { "name": "x" }, { "id": "", "name": "x" }, null, entry]);
        let host = host(&json!({}), vec![ok(&json!({ member: entries }))]);
        let output = host.action(action, &json!({})).expect("listed");
        assert_eq!(output, json!({ "items": [item], "complete": true }));
        assert_eq!(asked(&host), [format!("GET /{member}?page=1&items_per_page=20")]);
    }
}

#[test]
fn a_page_on_another_host_is_refused() {
    let elsewhere = [
        "https://evil.example/v2/groups?page=2",
        "//evil.example/v2/groups",
        "http://api.freshchat.com/v2/groups?page=2",
        "https://api.freshchat.com:444/v2/groups",
        "https://api.freshchat.com@evil.example/",
        "/\\evil.example/",
    ];
    for href in elsewhere {
        let host = host(&json!({}), vec![page("groups", 0..1, Some(href))]);
        let error = host.action("list-groups", &json!({})).expect_err("another host");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"), "{href}");
        assert!(error.message.contains("another host"), "{}", error.message);
        assert_eq!(host.requests().len(), 1, "{href}");
    }
}

/// A list that never ends: every page has so many entries.
fn endless(per_page: usize) -> Host<Freshchat> {
    Host::new(&config(&json!({}))).provider(move |request: &Request| {
        let number = request.url.split("page=").nth(1).and_then(|rest| rest.split('&').next()?.parse::<usize>().ok());
        let number = number.expect("a number");
        let next = format!("/v2/agents?page={}&items_per_page=20", number + 1);
        page("agents", number * per_page..(number + 1) * per_page, Some(&next))
    })
}

#[test]
fn a_list_without_end_is_read_to_500_entries_or_50_pages() {
    for (per_page, items, pages) in [(20, 500, 25), (33, 500, 16), (1, 50, 50), (0, 0, 50)] {
        let host = endless(per_page);
        let output = host.action("list-agents", &json!({})).expect("listed");
        assert_eq!((output["items"].as_array().unwrap().len(), &output["complete"]), (items, &json!(false)));
        assert_eq!(host.requests().len(), pages, "{per_page} a page");
    }
}

#[test]
fn a_list_of_exactly_500_is_complete() {
    let host = host(&json!({}), vec![page("groups", 0..500, None)]);
    let output = host.action("list-groups", &json!({})).expect("listed");
    assert_eq!((output["items"].as_array().unwrap().len(), &output["complete"]), (500, &json!(true)));
}

#[test]
fn a_page_that_leads_to_itself_ends_the_list() {
    let first = || page("groups", 0..3, Some("/v2/groups?page=1&items_per_page=20"));
    let host = host(&json!({}), vec![first()]);
    let output = host.action("list-groups", &json!({})).expect("listed");
    assert_eq!((output["items"].as_array().unwrap().len(), &output["complete"]), (3, &json!(false)));
}

#[test]
fn what_is_no_list_is_an_error() {
    for body in ["", "<html>", "[]", "{}", r#"{"groups":null}"#, r#"{"groups":{}}"#, r#"{"agents":[]}"#] {
        let host = host(&json!({}), vec![Ok(Response::new(200).with_body(body))]);
        let error = host.action("list-groups", &json!({})).expect_err("no list");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"), "{body}");
    }
}

#[test]
fn a_list_takes_no_input() {
    let error = host(&json!({}), vec![]).action("list-groups", &json!({ "page": 2 })).expect_err("unknown");
    assert_eq!(error.code, "invalid-input");
}
