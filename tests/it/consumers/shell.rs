//! A loop in a shell takes pages of events.

use hookyard_tests::consumers::Consumer;
use hookyard_tests::host::TOKEN;
use serde_json::{Value, json};

use super::{emit, host};

hookyard_tests::with_shell_consumer! {
    #[tokio::test]
    async fn a_loop_in_a_shell_prints_every_event_and_remembers_where_it_was() {
        let host = host("").await;
        let mut shell = Consumer::shell(&format!("http://{}", host.address()), TOKEN);
        let mut subjects = Vec::new();
        for subject in ["a", "b"] {
            emit(&host, subject, &json!({ "subject of": subject })).await;
            while !subjects.iter().any(|seen| seen == subject) {
                let page: Value = serde_json::from_str(&shell.line().await).expect("a page is a line");
                let events = page["events"].as_array().expect("events is a list").iter();
                subjects.extend(events.filter_map(|event| event["subject"].as_str().map(str::to_owned)));
            }
        }
        subjects.retain(|subject| subject.len() == 1);
        assert_eq!(subjects, ["a", "b"], "each once");
    }
}
