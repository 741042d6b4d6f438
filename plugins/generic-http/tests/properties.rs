//! What holds for any value that a call brings along.

use generic_http::GenericHttp;
use hookyard_sdk::testing::Host;
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a./?#@:%&=\\\\ \r\n{}\\[\\]\"é]{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_field_changes_where_a_request_goes_or_what_shape_it_has(segment in text(), pair in text(), header in text(), row in text()) {
        let request = json!({
            "method": "POST", "url": "https://api.example/a/:id/z?k=v", "path": { "id": { "field": "segment" } },
            "query": [{ "name": "q", "value": { "field": "pair" } }],
            "headers": [{ "name": "x-h", "value": { "field": "header" } }],
            "body": { "rows": [{ "key": "a[b]", "value": { "field": "row" } }] },
        });
        let fields = json!({ "segment": segment, "pair": pair, "header": header, "row": row });
        let host = Host::<GenericHttp>::new(&json!({}));
        match host.action("preview", &json!({ "request": request, "fields": fields })) {
            Ok(preview) => {
                let url = Url::parse(preview["url"].as_str().expect("a text")).expect("a URL");
                prop_assert_eq!((url.scheme(), url.host_str(), url.fragment()), ("https", Some("api.example"), None));
                prop_assert_eq!(url.path_segments().map(Iterator::count), Some(3));
                let pairs: Vec<_> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs, [("k".to_owned(), "v".to_owned()), ("q".to_owned(), pair)]);
                prop_assert_eq!(&preview["headers"], &json!([["x-h", header], ["content-type", "application/json"]]));
                let body: Value = serde_json::from_str(preview["body"].as_str().expect("a text")).expect("JSON");
                prop_assert_eq!(body, json!({ "a": { "b": row } }));
            }
            Err(error) => {
                let is_segment = !matches!(segment.as_str(), "" | "." | "..");
                let is_header = header.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
                prop_assert!(!is_segment || !is_header, "{}", error);
            }
        }
    }
}
