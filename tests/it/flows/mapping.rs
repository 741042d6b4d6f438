//! What an event becomes.

use super::*;

const COPY: &str = r#"
[subscriptions.copy]
types = ["echo.any.heard"]
when = "event.subject == 'c1'"
endpoint = { connection = "bot", action = "do", input = { do = [{ emit = { subject = "copy", data = { total = "{{ event.data.total }}", text = "Total: {{ event.data.total }} EUR", more = "{{ event.data.total + 1 }}", all = "{{ event.data }}", fixed = 1.5 } } }] } }
"#;

#[tokio::test]
async fn numbers_keep_their_digits_on_the_way_through_a_flow() {
    let provider = Provider::start().await;
    let host = builder(&provider, COPY).start().await;
    emit(&host, "c1", r#"{"total": 10.50, "z": 12345678901234567890.10, "a": [1e2, "<é>"]}"#).await;
    events_about(&host, "copy", 1).await;
    let text = host.get("/v1/events?subject=copy").await.text();
    for part in [
        r#""total":10.50"#,
        r#""text":"Total: 10.50 EUR""#,
        r#""more":11.5"#,
        r#""all":{"total": 10.50, "z": 12345678901234567890.10, "a": [1e2, "<é>"]}"#,
        r#""fixed":1.5"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

const WRONG: &str = r#"
[subscriptions.no-such-member]
types = ["echo.any.heard"]
endpoint = { connection = "bot", action = "do", input = { do = [{ emit = { subject = "never", data = "{{ event.data.missing }}" } }] } }
[subscriptions.no-such-condition]
types = ["echo.any.heard"]
when = "event.data.missing == 1"
endpoint = { connection = "bot", action = "do", input = { do = [{ emit = { subject = "never", data = 1 } }] } }
[subscriptions.against-the-schema]
types = ["echo.any.heard"]
endpoint = { connection = "bot", action = "typed", input = { count = "{{ event.data.n }} times" } }
[subscriptions.not-at-all]
types = ["echo.any.heard"]
when = "event.data.missing is defined and event.data.missing.more == 1"
endpoint = { connection = "bot", action = "do", input = { do = [{ emit = { subject = "never", data = 1 } }] } }
"#;

#[tokio::test]
async fn what_cannot_be_mapped_is_given_up_at_once_and_calls_nothing() {
    let provider = Provider::start().await;
    let host = builder(&provider, WRONG).start().await;
    emit(&host, "c1", r#"{"n": 1}"#).await;
    let exhausted = deliveries(&host, "exhausted", 3).await;
    let mut found: Vec<_> = exhausted
        .iter()
        .map(|delivery| (delivery["subscription"].as_str().expect("a name"), error_code(delivery)))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("against-the-schema", "invalid-input"),
            ("no-such-condition", "mapping-failed"),
            ("no-such-member", "mapping-failed"),
        ]
    );
    let missing = exhausted.iter().find(|delivery| delivery["subscription"] == "no-such-member").expect("found");
    let message = missing["error"]["message"].as_str().expect("a message");
    assert!(message.starts_with("/endpoint/input/do/0/emit/data: "), "{message}");
    assert_eq!(host.events().await.len(), 1, "no action ran but the one that emitted");
}
