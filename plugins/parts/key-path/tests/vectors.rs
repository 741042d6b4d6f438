//! The vectors that say what rows make, byte for byte.

use hookyard_key_path::{Leaf, Tree, ValueType};
use serde_json::Value;

#[test]
fn rows_make_the_bodies_and_errors_of_the_vectors() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/vectors/keypath_vectors.json")).expect("JSON");
    assert_eq!(vectors.len(), 39);
    for vector in vectors {
        let mut tree = Tree::default();
        for row in vector["rows"].as_array().expect("rows") {
            let text = |member: &str| row[member].as_str().expect("a text");
            let added = tree.add(text("key"), Leaf::typed(type_of(text("type")), text("value")));
            assert!(added.is_continue());
        }
        match tree.into_json() {
            Ok(body) => {
                assert_eq!(vector["body"].as_str(), Some(body.unwrap_or_default().as_str()), "{}", vector["name"]);
            }
            Err(errors) => {
                assert_eq!(errors.len(), 1, "{}: {errors:?}", vector["name"]);
                assert_eq!(vector["error"].as_str(), Some(errors[0].code()), "{}", vector["name"]);
            }
        }
    }
}

fn type_of(name: &str) -> ValueType {
    match name {
        "text" => ValueType::Text,
        "number" => ValueType::Number,
        "boolean" => ValueType::Boolean,
        "null" => ValueType::Null,
        "json" => ValueType::Json,
        other => panic!("the vectors have no type {other}"),
    }
}
