//! What came of a dry run, for people.

use serde_json::Value;

use crate::output::{self, cell};

/// Characters of a value that fit into a column.
const VALUE_CHARS_SHOWN: usize = 120;

/// Prints what a webhook would bring about.
pub(super) fn show(run: &Value) -> anyhow::Result<()> {
    let error = &run["error"];
    output::facts(&[
        ("webhook", cell(&run["webhook"])),
        ("connection", cell(&run["connection"])),
        ("plugin", cell(&run["plugin"])),
        ("outcome", cell(&run["outcome"])),
        ("would be", cell(&run["state"])),
        ("code", cell(&error["code"])),
        ("message", cell(&error["message"])),
        ("response", cell(&run["response"]["status"])),
        ("response body", short(&run["response"]["body"])),
    ])?;
    section(run, "events", &["type", "subject", "known", "data"], |event| {
        let known = if event["known"] == true { "yes" } else { "" };
        vec![cell(&event["type"]), cell(&event["subject"]), known.to_owned(), short(&event["data"])]
    })?;
    section(run, "keys", &["op", "key", "value"], |key| {
        let value = ["value", "value_base64", "by"].into_iter().map(|name| &key[name]).find(|value| !value.is_null());
        vec![cell(&key["op"]), cell(&key["key"]), value.map(short).unwrap_or_default()]
    })?;
    section(run, "timers", &["op", "name", "due", "payload"], |timer| {
        vec![cell(&timer["op"]), cell(&timer["name"]), cell(&timer["due_at"]), short(&timer["payload"])]
    })?;
    section(run, "requests", &["method", "url", "body"], |request| {
        vec![cell(&request["method"]), cell(&request["url"]), short(&request["body"])]
    })?;
    section(run, "log", &["level", "message"], |line| vec![cell(&line["level"]), short(&line["message"])])?;
    output::note(remark(run));
    Ok(())
}

/// A list of the report as a table under its name; nothing where it is empty.
fn section(run: &Value, name: &str, head: &[&str], row: impl Fn(&Value) -> Vec<String>) -> anyhow::Result<()> {
    let items = run[name].as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return Ok(());
    }
    output::line(&format!("\n{name}:"))?;
    output::table(head, &items.iter().map(row).collect::<Vec<_>>())?;
    match run[format!("{name}_dropped")].as_u64() {
        Some(dropped) if dropped > 0 => Ok(output::line(&format!("and {dropped} more"))?),
        _ => Ok(()),
    }
}

fn short(value: &Value) -> String {
    output::shortened(&cell(value), VALUE_CHARS_SHOWN)
}

/// What to make of it.
fn remark(run: &Value) -> &'static str {
    let sends = run["requests"].as_array().is_some_and(|requests| !requests.is_empty());
    match (sends, run["state"] == "handled") {
        (true, _) => {
            "a dry run: nothing was committed or sent; what comes after a request depends on its answer, which nobody gave"
        }
        (false, true) => "a dry run: nothing was committed",
        (false, false) => "a dry run: nothing was committed, nor would be, because the webhook would not be handled",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dry_run_says_how_far_it_can_be_believed() {
        let run = |state: &str, requests: Value| json!({ "state": state, "requests": requests });
        assert!(remark(&run("pending", json!([{ "method": "GET" }]))).contains("which nobody gave"));
        assert_eq!(remark(&run("handled", json!([]))), "a dry run: nothing was committed");
        assert!(remark(&run("failed", json!([]))).contains("would not be handled"));
    }
}
