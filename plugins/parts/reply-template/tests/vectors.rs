//! The vectors that say what templates make of responses, character for character.

use hookyard_reply_template::Template;
use serde_json::Value;

#[test]
fn templates_make_the_messages_and_errors_of_the_vectors() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/vectors/template_vectors.json")).expect("JSON");
    assert_eq!(vectors.len(), 20);
    for vector in vectors {
        let text = |member: &str| vector[member].as_str();
        match Template::parse(text("template").expect("a template")) {
            Ok(template) => {
                let rendered = template.render(serde_json::from_str(text("response_body").expect("a body")).ok(), "");
                assert_eq!(text("text"), Some(rendered.text.as_str()), "{}", vector["name"]);
                assert_eq!(vector["missing"], Value::from(rendered.missing), "{}", vector["name"]);
            }
            Err(error) => assert_eq!(text("error"), Some(error.code()), "{}", vector["name"]),
        }
    }
}
