//! Who may tell anything: whoever signs with the account's key.

use hookyard_tests::freshchat::{Fake, Signature, Spelling};
use hookyard_tests::host::post;
use serde_json::{Value, json};

use super::{Chat, check, connection, hook, host, webhook_key};

/// The same key in every spelling, with bodies that it signed.
const KEYS: [&str; 4] = [
    include_str!("../../vectors/pub_freshchat_as_shown.pem"),
    include_str!("../../vectors/pub_spki.pem"),
    include_str!("../../vectors/pub_true_pkcs1.pem"),
    include_str!("../../vectors/pub_bare_base64.txt"),
];
const MESSAGE: (&[u8], &str) = (
    include_bytes!("../../vectors/f1_message_create_user.json"),
    include_str!("../../vectors/f1_message_create_user.sig.b64"),
);
const REOPENED: (&[u8], &str) = (
    include_bytes!("../../vectors/f3_conversation_reopen.json"),
    include_str!("../../vectors/f3_conversation_reopen.sig.b64"),
);

#[tokio::test]
async fn a_key_counts_in_every_spelling_and_every_byte_is_signed() {
    let fake = Fake::start().await;
    let connections =
        KEYS.iter().enumerate().map(|(at, key)| connection(&fake, &format!("chat-{at}"), &webhook_key(key)));
    let host = host(&connections.collect::<String>()).await;
    for at in 0..KEYS.len() {
        let told = async |body: &[u8], signature: &str| {
            let request = post(&format!("chat-{at}")).header("X-FreshChat-Signature", signature.trim());
            host.send(request, body.to_vec()).await.status()
        };
        for (body, signature) in [MESSAGE, REOPENED] {
            for changed in [0, body.len() / 2, body.len() - 1] {
                let mut other = body.to_vec();
                other[changed] ^= 1;
                assert_eq!(told(&other, signature).await, 401, "key {at}, byte {changed}");
            }
            assert_eq!(told(&[body, b"\n"].concat(), signature).await, 401, "key {at}");
            assert_eq!(told(body, signature).await, 200, "key {at}");
        }
    }
    let mut events = host.events().await;
    events.retain(|event| event["connection"] == "chat-0");
    assert_eq!(host.events().await.len(), 2 * KEYS.len());
    let data = |kind: &str| {
        let event = events.iter().find(|event| event["type"] == format!("freshchat.{kind}")).expect("it was told");
        assert_eq!(event["subject"], "77d1e6b2-0c93-4f0e-8f6c-5a1e9b3c2d10");
        event["data"].clone()
    };
    assert_eq!(data("message.received"), received());
    let reopened: Value = serde_json::from_slice(REOPENED.0).expect("JSON");
    let by = json!({ "type": "user", "id": "5b0f5a52-1d3e-4d0a-9c3a-7a3c1b1f0e11" });
    let expected = json!({
        "conversation_id": "77d1e6b2-0c93-4f0e-8f6c-5a1e9b3c2d10", "status": "reopened", "by": by, "site": "default",
        "time": "2026-03-05T07:00:00.000Z", "freshchat": reopened["data"]["reopen"],
    });
    assert_eq!(data("conversation.reopened"), expected);
}

/// What is documented of the event of [`MESSAGE`].
fn received() -> Value {
    json!({
        "conversation_id": "77d1e6b2-0c93-4f0e-8f6c-5a1e9b3c2d10",
        "message_id": "e2a4c7c0-95a4-4f66-8c14-3a6b5a0f7d21",
        "text": "Hola, ¿mi pedido llegó? 😀",
        "attachments": [],
        "sender": { "type": "user", "id": "5b0f5a52-1d3e-4d0a-9c3a-7a3c1b1f0e11" },
        "site": "default",
        "channel_id": "c0a80f11-2b5e-4f9c-b6a1-2f2f6d1e5a90",
        "time": "2026-03-04T10:11:12.340Z",
        "freshchat": {
            "site_source": "default",
            "app_id": "1d0c3f6a-7a51-4c57-8a7e-1f6b0d9a2c33",
            "freshchat_conversation_id": "812345678901234",
            "freshchat_channel_id": "551021",
            "user_id": "5b0f5a52-1d3e-4d0a-9c3a-7a3c1b1f0e11",
            "message_parts": [{ "text": { "content": "Hola, ¿mi pedido llegó? 😀" } }],
        },
    })
}

#[tokio::test]
async fn the_accounts_own_key_counts_however_it_was_pasted_and_beside_another() {
    let fake = Fake::start().await;
    let spellings =
        [Spelling::AsShown, Spelling::Spki, Spelling::Pkcs1, Spelling::Bare, Spelling::Escaped, Spelling::Blanks];
    let lines = spellings.map(|spelling| webhook_key(&fake.public_key_as(spelling)));
    let several = format!("webhook_public_key = {}\n", json!([KEYS[0], fake.public_key()]));
    let lines: Vec<_> = lines.into_iter().chain([several]).collect();
    let all: String =
        lines.iter().enumerate().map(|(at, line)| connection(&fake, &format!("chat-{at}"), line)).collect();
    let host = host(&all).await;
    let body = fake.customer_says(&fake.start_conversation(), "Hola");
    for (at, line) in lines.iter().enumerate() {
        let sender = fake.sender(&hook(&host, &format!("chat-{at}")));
        assert_eq!(sender.send(&body, Signature::Right).await.status(), 200, "{line}");
        assert_eq!(sender.send(&body, Signature::Wrong).await.status(), 401, "{line}");
    }
    assert_eq!(host.events().await.len(), lines.len());
}

#[tokio::test]
async fn what_is_not_signed_by_freshchat_is_answered_401_and_leaves_nothing() {
    let chat = Chat::start().await;
    let body = chat.fake.customer_says(&chat.fake.start_conversation(), "Hola");
    let kinds = [Signature::Wrong, Signature::Short, Signature::NotBase64, Signature::Empty, Signature::None];
    for kind in kinds {
        let refused = chat.sender().send(&body, kind).await;
        assert_eq!(refused.status(), 401, "{kind:?}");
        assert!(!refused.text().contains("detail"), "{kind:?}: {}", refused.text());
    }
    assert!(chat.kinds().await.is_empty());
    for state in ["pending", "failed", "handled", "skipped"] {
        let kept = chat.host.get(&format!("/v1/webhooks?state={state}")).await.json();
        assert_eq!(kept["webhooks"], json!([]), "{state}");
    }
    assert_eq!(chat.told(&body).await, 200);
}

#[tokio::test]
async fn without_a_key_webhooks_are_answered_503_and_everything_else_works() {
    let fake = Fake::start().await;
    let host = host(&connection(&fake, "chat", "")).await;
    assert_eq!(check(&host, "chat").await["health"]["status"], "healthy");
    let conversation = fake.start_conversation();
    let body = fake.customer_says(&conversation, "Hola");
    for kind in [Signature::Right, Signature::None] {
        let refused = fake.sender(&hook(&host, "chat")).send(&body, kind).await;
        assert_eq!((refused.status(), refused.header("retry-after")), (503, "60"), "{kind:?}");
        assert_eq!(refused.json()["code"], "unsigned-not-allowed");
    }
    let input = json!({ "conversation_id": conversation, "text": "Hola" });
    assert_eq!(host.call("chat", "send-message", &input).await.status(), 200);
    assert_eq!((fake.texts(&conversation), host.events().await.len()), (vec!["Hola".to_owned()], 0));
}
