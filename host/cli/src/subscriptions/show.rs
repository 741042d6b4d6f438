//! Subscriptions as text.

use serde_json::Value;

use crate::output::{self, cell};

/// All of an answer, in a table.
pub(super) fn list(answer: &Value) -> anyhow::Result<()> {
    let subscriptions = answer["subscriptions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = subscriptions.iter().map(row).collect();
    output::table(&["id", "state", "types", "endpoint", "cursor", "pending", "exhausted", "error"], &rows)?;
    subscriptions.iter().flat_map(remarks).for_each(|remark| output::note(&output::clean_lines(&remark)));
    Ok(())
}

fn row(subscription: &Value) -> Vec<String> {
    vec![
        cell(&subscription["id"]),
        cell(&subscription["state"]),
        list_of(&subscription["types"]),
        endpoint(subscription),
        cell(&subscription["cursor"]),
        cell(&subscription["pending"]),
        cell(&subscription["exhausted"]),
        error(subscription),
    ]
}

/// The code of the last error, unless something was delivered after it. Times of the host compare as texts.
fn error(subscription: &Value) -> String {
    let (failed, delivered) = (subscription["last_error"]["at"].as_str(), subscription["last_delivered_at"].as_str());
    if failed.unwrap_or_default() < delivered.unwrap_or_default() {
        return String::new();
    }
    cell(&subscription["last_error"]["code"])
}

/// What the table has no room for: why nothing is delivered, and what is missing.
fn remarks(subscription: &Value) -> Vec<String> {
    let id = cell(&subscription["id"]);
    let paused = subscription["paused"]["message"].as_str().map(|message| format!("{id} is paused: {message}"));
    let problems = subscription["problems"].as_array().into_iter().flatten();
    paused.into_iter().chain(problems.map(|problem| format!("{id}: {}", cell(problem)))).collect()
}

/// The URL, or the action of its connection.
fn endpoint(subscription: &Value) -> String {
    let endpoint = &subscription["endpoint"];
    match (endpoint["url"].as_str(), endpoint["connection"].as_str()) {
        (Some(url), _) => url.to_owned(),
        (None, Some(connection)) => format!("{connection} {}", cell(&endpoint["action"])),
        (None, None) => String::new(),
    }
}

/// A text, or the texts of a list, separated by commas.
fn list_of(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => cell(other),
    }
}

/// One of them, with its secret where that is shown.
pub(super) fn one(subscription: &Value) -> anyhow::Result<()> {
    let at = |name: &str| cell(&subscription[name]);
    let of_endpoint = |name: &str| cell(&subscription["endpoint"][name]);
    let headers = subscription["endpoint"]["headers"].as_object();
    let headers = headers.map(|headers| headers.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
    let rows = [
        ("id", at("id")),
        ("state", at("state")),
        ("paused since", cell(&subscription["paused"]["since"])),
        ("because", cell(&subscription["paused"]["message"])),
        ("types", list_of(&subscription["types"])),
        ("connections", list_of(&subscription["connections"])),
        ("subject", list_of(&subscription["subject"])),
        ("when", at("when")),
        ("endpoint", endpoint(subscription)),
        ("headers", headers),
        ("input", of_endpoint("input")),
        ("in flight", of_endpoint("max_in_flight")),
        ("a second", of_endpoint("max_per_second")),
        ("a minute", of_endpoint("max_per_minute_and_subject")),
        ("ordered", at("ordered")),
        ("defined in", at("origin")),
        ("cursor", format!("{} of {}", at("cursor"), at("newest"))),
        ("pending", at("pending")),
        ("exhausted", at("exhausted")),
        ("delivered", at("last_delivered_at")),
        ("failing since", at("failing_since")),
        ("last error", cell(&subscription["last_error"]["message"])),
        (
            "problems",
            subscription["problems"].as_array().into_iter().flatten().map(cell).collect::<Vec<_>>().join("\n"),
        ),
        ("secret", at("secret")),
        ("former until", at("former_until")),
    ];
    output::facts(&rows)?;
    if subscription["secret"].is_string() {
        output::note("the secret is shown this once");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_says_where_events_go_and_what_is_left() {
        let url = json!({ "id": "crm", "state": "active", "types": ["a.*", "b.c"], "endpoint": { "url": "https://x.example/" },
            "cursor": "17", "pending": 2, "exhausted": 1, "last_error": { "code": "http-500" } });
        assert_eq!(row(&url), ["crm", "active", "a.*, b.c", "https://x.example/", "17", "2", "1", "http-500"]);
        let action = json!({ "id": "note", "endpoint": { "connection": "desk", "action": "add-note" } });
        assert_eq!(row(&action)[3], "desk add-note");
    }

    #[test]
    fn an_error_that_is_over_is_not_in_the_table() {
        let of = |failed: &str| {
            let last = json!({ "at": failed, "code": "gone" });
            error(&json!({ "last_error": last, "last_delivered_at": "2026-03-04T09:41:12.500Z" }))
        };
        assert_eq!(of("2026-03-04T09:41:12.499Z"), "");
        assert_eq!(of("2026-03-04T09:41:12.501Z"), "gone");
        assert_eq!(error(&json!({ "last_delivered_at": "2026-03-04T09:41:12.500Z" })), "");
    }

    #[test]
    fn what_keeps_a_subscription_from_working_is_said_below_the_table() {
        let paused = json!({ "id": "crm", "paused": { "code": "gone", "message": "it answered 410" }, "problems": ["x is wrong"] });
        assert_eq!(remarks(&paused), ["crm is paused: it answered 410", "crm: x is wrong"]);
        assert!(remarks(&json!({ "id": "crm" })).is_empty());
    }
}
