//! What holds for any event and any text.

use proptest::prelude::*;

use super::*;

/// Any JSON, as somebody may have written it.
fn written() -> impl Strategy<Value = String> {
    let number = r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?";
    let text = any::<String>().prop_map(|text| Value::from(text).to_string());
    let leaf = prop_oneof![number, text, Just("null".to_owned()), Just(" true ".to_owned())];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let member = (any::<String>(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(member, 0..6).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, json)| format!("{}:{json}", Value::from(key.as_str()))).collect();
                format!("{{{}}}", members.join(",\n"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_path_brings_any_json_through_unchanged(json in written()) {
        let event = format!(r#"{{"data": {{"before": 1, "value": {json}, "after": [{json}]}}}}"#);
        let value = Flow::compile(None, Some(&json!("{{ event.data.value }}"))).expect("it compiles");
        let through = value.input(&event).expect("it maps");
        if json.trim().starts_with('"') {
            prop_assert_eq!(serde_json::from_str::<String>(&through).ok(), serde_json::from_str::<String>(&json).ok());
        } else {
            prop_assert_eq!(through, json.trim());
        }
        let item = Flow::compile(None, Some(&json!("{{ event.data['after'][0] }}"))).expect("it compiles");
        prop_assert_eq!(item.input(&event), value.input(&event));
    }

    #[test]
    fn a_text_without_templates_is_what_it_was(text in any::<String>().prop_filter("a template", |text| !source::has_templates(text))) {
        let rendered = input(&json!(text)).expect("it maps");
        prop_assert_eq!(serde_json::from_str::<String>(&rendered).expect("a string"), text);
    }

    #[test]
    fn no_text_brings_the_host_down(text in r"([{]{2}|[}]{2}|[{]%|%[}]|event|\.data|\.b|raw|endraw|if|set|[ '\[\]()|~=+-]|\PC){0,24}") {
        if let Ok(flow) = Flow::compile(Some(&text), Some(&json!(text))) {
            let _whatever = (flow.wants(EVENT), flow.input(EVENT));
        }
    }

    #[test]
    fn leading_paths_to_the_written_event_changes_no_more_than_digits(text in r"([{]{2} event\.data\.(a|b|yes|text) [}]{2}|[{]{2} 'x' [}]{2}|[{]% if event\.data\.yes %[}]y[{]% endif %[}]|[{]# c #[}]|[a-z' \[}]){0,8}") {
        // Without numbers in it, both events read the same.
        let event = r#"{"data": {"a": ["1"], "b": "2", "yes": true, "text": "t"}}"#;
        if let Some(written) = source::with_plain_paths(&text) {
            let (mut as_it_is, mut led) = (Language::new(), Language::new());
            as_it_is.add_text("t", &text).expect("it compiles");
            led.add_text("t", &written).expect("it compiles");
            let event = Event::parse(event).expect("JSON");
            let room = limit::FLOW_RESULT_BYTES_MAX;
            prop_assert_eq!(as_it_is.render("t", &event, room), led.render("t", &event, room));
        }
    }
}
