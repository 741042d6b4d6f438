//! The action `mute`.

use serde_json::json;

use crate::script::{CONVERSATION, host, is_muted};

#[test]
fn a_conversation_is_taken_from_the_bot_and_given_back_without_asking_freshchat() {
    let host = host(&json!({}), vec![]);
    for muted in [true, true, false, false, true] {
        let input = json!({ "conversation_id": CONVERSATION, "muted": muted });
        assert_eq!(host.action("mute", &input), Ok(json!({ "muted": muted })));
        assert_eq!(is_muted(&host), muted);
    }
    assert_eq!(host.requests().len(), 0);
}

#[test]
fn it_has_to_be_said_which() {
    for input in
        [json!({ "conversation_id": CONVERSATION }), json!({ "conversation_id": CONVERSATION, "muted": "yes" })]
    {
        assert_eq!(host(&json!({}), vec![]).action("mute", &input).expect_err("unclear").code, "invalid-input");
    }
}
