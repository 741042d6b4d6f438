//! `wit/manifest.schema.json` is what the host itself reads manifests by.

use std::fs;
use std::path::Path;

use hookyard_domain::manifest::document;

#[test]
fn the_published_schema_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/manifest.schema.json");
    let schema = serde_json::to_string_pretty(&document::schema()).expect("JSON") + "\n";
    #[expect(clippy::disallowed_methods, reason = "the way to accept a new schema")]
    if std::env::var("HOOKYARD_BLESS").is_ok() {
        fs::write(&path, &schema).expect("written");
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(published == schema, "wit/manifest.schema.json is out of date: run this test with HOOKYARD_BLESS=1");
}

#[test]
fn it_is_a_schema_of_draft_2020_12_without_an_id() {
    let schema = document::schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema.get("$id").is_none());
    assert!(schema["properties"]["webhook"]["description"].is_string());
    assert!(schema["$defs"]["VerifyRule"]["properties"]["tolerance_seconds"]["description"].is_string());
}
