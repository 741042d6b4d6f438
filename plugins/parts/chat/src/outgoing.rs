//! What a message must be before it goes out.

use hookyard_sdk::Error;
use serde::Serialize;

use crate::{Attachment, AttachmentKind};

/// The code of a message that holds nothing.
pub const MESSAGE_EMPTY: &str = "message-empty";

/// A message has a text or one attachment at least: `invalid` [`MESSAGE_EMPTY`] otherwise. A text of blanks only is none.
pub fn check_not_empty(text: Option<&str>, attachments: &[Attachment]) -> Result<(), Error> {
    if text.is_some_and(|text| !text.trim().is_empty()) || !attachments.is_empty() {
        return Ok(());
    }
    Err(invalid_input(MESSAGE_EMPTY, "/text", "a message needs a text or an attachment"))
}

/// The error of a kind that a messenger cannot send: `invalid` `attachment-unsupported`, at `/attachments/{index}`. `sends` says
/// what it can: "Feedbot sends one image a message".
pub fn unsupported(index: usize, kind: AttachmentKind, sends: &str) -> Error {
    invalid_input(
        "attachment-unsupported",
        &format!("/attachments/{index}"),
        &format!("this {kind} cannot be sent: {sends}"),
    )
}

/// An `invalid` error whose `errors` name the place in the input.
pub fn invalid_input(code: &str, pointer: &str, detail: &str) -> Error {
    #[derive(Serialize)]
    struct Details<'a> {
        errors: [Problem<'a>; 1],
    }
    #[derive(Serialize)]
    struct Problem<'a> {
        pointer: &'a str,
        code: &'a str,
        detail: &'a str,
    }
    Error::invalid(code, detail).details(&Details { errors: [Problem { pointer, code, detail }] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_message_is_a_text_or_an_attachment() {
        let image = Attachment::from_provider(AttachmentKind::Image, "https://cdn.example/a.png");
        assert!(check_not_empty(Some("Hola"), &[]).is_ok());
        assert!(check_not_empty(None, image.as_slice()).is_ok());
        for text in [None, Some(""), Some(" \n")] {
            let error = check_not_empty(text, &[]).expect_err("nothing to send");
            assert_eq!(error.code, MESSAGE_EMPTY);
            let details: Value = serde_json::from_str(error.details.as_deref().expect("it says where")).expect("JSON");
            assert_eq!(details["errors"][0]["pointer"], json!("/text"));
        }
    }
}
