//! What holds for any template and any response.

use hookyard_reply_template::{PLACES_MAX, TEMPLATE_BYTES_MAX, TEXT_CHARS_MAX, Template};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #[test]
    fn no_text_panics_and_every_error_names_its_place(text in prop_oneof![any::<String>(), "[ab01{}\\[\\]\\\\ é]{0,20}"]) {
        match Template::parse(&text) {
            Ok(template) => {
                let response = json!({ "a": { "b": [text.as_str()] }, "b": null }).to_string();
                let rendered = template.render(serde_json::from_str(&response).ok(), &text);
                prop_assert!(rendered.text.chars().count() <= TEXT_CHARS_MAX);
            }
            Err(error) => prop_assert!((1..=text.chars().count().max(1)).contains(&error.column), "{error}"),
        }
    }

    #[test]
    fn a_text_with_doubled_braces_is_itself(text in any::<String>()) {
        let template = Template::parse(&text.replace('{', "{{").replace('}', "}}")).expect("no place");
        prop_assert_eq!(template.render(None, "").text, text);
    }

    #[test]
    fn what_a_response_brings_is_not_read_again(text in any::<String>(), places in 1..=PLACES_MAX) {
        prop_assume!(text.chars().count() * places <= TEXT_CHARS_MAX && places * 4 <= TEMPLATE_BYTES_MAX);
        let response = json!({ "a": text }).to_string();
        let template = Template::parse(&"{a}".repeat(places)).expect("a template");
        let rendered = template.render(serde_json::from_str(&response).ok(), "");
        prop_assert_eq!(rendered.text, text.repeat(places));
    }
}
