//! The one shape of messages: what every chat plugin takes, answers and tells, in one table over all of them.

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::{feedbot, freshchat, selarti};
use serde_json::{Value, json};

/// What makes the URL of Selarti's webhooks a secret one.
const URL_TOKEN: &str = "tok_4f1b0c9d2e7a6538_chat";

/// A chat plugin with its provider, as the connection `chat` of a host.
struct Chat {
    host: TestHost,
    plugin: &'static str,
    provider: Provider,
    /// A conversation that the provider knows.
    conversation: String,
    /// The kind of its events with a message of somebody else; a chat that only sends has none.
    message: Option<&'static str>,
    /// What a messenger cannot send.
    sends_no: &'static [&'static str],
}

enum Provider {
    Feedbot(feedbot::Fake),
    Freshchat(freshchat::Fake),
    Selarti(selarti::Fake),
}

async fn host(component: &str, plugin: &str, config: &str) -> TestHost {
    let config = format!(
        "[connections.chat]\nplugin = \"{plugin}\"\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n\
         [connections.chat.config]\n{config}"
    );
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(component).config(&config).start().await
}

async fn with_freshchat() -> Chat {
    let fake = freshchat::Fake::start().await;
    let config = format!(
        "actor_id = \"{}\"\naccess_token = \"{}\"\napp_id = \"{}\"\napi_base = \"{}\"\nwebhook_public_key = {:?}",
        freshchat::BOT,
        fake.token(),
        freshchat::APP,
        fake.base_url(),
        fake.public_key(),
    );
    let host = host(guests::FRESHCHAT, "freshchat", &config).await;
    let conversation = fake.start_conversation();
    fake.deliver_to(&format!("http://{}/webhooks/chat", host.address()));
    let provider = Provider::Freshchat(fake);
    Chat { host, plugin: "freshchat", provider, conversation, message: Some("message.received"), sends_no: &[] }
}

async fn with_selarti() -> Chat {
    let fake = selarti::Fake::start().await;
    let config = format!(
        "task_id = \"{}\"\nsend_url = \"{}\"\nwebhook_token = \"{URL_TOKEN}\"\n\
         auth = {{ mode = \"exchange\", url = \"{}\", secret = \"{}\" }}",
        selarti::TASK,
        fake.send_url(),
        fake.auth_url(),
        fake.key(),
    );
    let host = host(guests::SELARTI, "selarti", &config).await;
    fake.deliver_to(&format!("http://{}/webhooks/chat?token={URL_TOKEN}", host.address()));
    let (provider, conversation) = (Provider::Selarti(fake), "tg:527700113".to_owned());
    let sends_no = &["image", "video", "file"];
    Chat { host, plugin: "selarti", provider, conversation, message: Some("message.generated"), sends_no }
}

async fn with_feedbot() -> Chat {
    let fake = feedbot::Fake::start().await;
    let config = format!(
        "auth_token = \"{}\"\nsend_url = \"{}\"\nstatus_url = \"{}\"",
        fake.token(),
        fake.send_url(),
        fake.status_url()
    );
    let host = host(guests::FEEDBOT, "feedbot", &config).await;
    let (provider, conversation) = (Provider::Feedbot(fake), "972500000001".to_owned());
    Chat { host, plugin: "feedbot", provider, conversation, message: None, sends_no: &["video", "file"] }
}

/// All of them, each with a host of its own.
async fn all() -> [Chat; 3] {
    [with_freshchat().await, with_selarti().await, with_feedbot().await]
}

impl Chat {
    async fn send_message(&self, input: &Value) -> Reply {
        self.host.call("chat", "send-message", input).await
    }

    /// The schemas of `send-message`, and that of the event with a message.
    async fn manifest(&self) -> Value {
        let reply = self.host.get(&format!("/v1/plugins/{}", self.plugin)).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()["manifest"].clone()
    }

    async fn action(&self) -> Value {
        let manifest = self.manifest().await;
        let actions = manifest["actions"].as_array().expect("there are actions").clone();
        actions.into_iter().find(|action| action["name"] == "send-message").expect("it sends messages")
    }

    /// Has somebody write something in the conversation.
    async fn somebody_writes(&self, text: &str) {
        match &self.provider {
            Provider::Feedbot(_) => panic!("nobody can write through Feedbot"),
            Provider::Freshchat(fake) => {
                fake.customer_says(&self.conversation, text);
                fake.until_delivered().await;
            }
            Provider::Selarti(fake) => {
                fake.operator_says(&self.conversation, text);
                fake.until_delivered().await;
            }
        }
    }

    /// What arrived at the provider.
    fn texts(&self) -> Vec<String> {
        match &self.provider {
            Provider::Feedbot(fake) => fake.queued().into_iter().map(|queued| queued.message).collect(),
            Provider::Freshchat(fake) => fake.texts(&self.conversation),
            Provider::Selarti(fake) => fake.sent().into_iter().map(|sent| sent.text).collect(),
        }
    }
}

#[tokio::test]
async fn every_chat_takes_the_same_message() {
    let mut shared: Option<Value> = None;
    for chat in all().await {
        let input = chat.action().await["input"].clone();
        assert_eq!((&input["additionalProperties"], &input["required"]), (&json!(false), &json!(["conversation_id"])));
        let properties = input["properties"].as_object().expect("an object").clone();
        let mut names: Vec<_> = properties.keys().map(String::as_str).collect();
        names.sort_unstable();
        let mut expected = ["attachments", "conversation_id", "text", chat.plugin];
        expected.sort_unstable();
        assert_eq!(names, expected, "the shared fields, and an object under the plugin's own name");
        let id = &properties["conversation_id"];
        let bounds = ["minLength", "maxLength"]
            .map(|bound| id.get(bound).cloned().unwrap_or_else(|| referred(&input, id)[bound].clone()));
        assert_eq!(bounds, [json!(1), json!(256)], "{}: {id}", chat.plugin);
        let attachment = referred(&input, &properties["attachments"]["items"]);
        assert_eq!(shared.get_or_insert_with(|| attachment.clone()), &attachment, "{}", chat.plugin);
    }
}

/// What a schema refers to, or itself.
fn referred(root: &Value, schema: &Value) -> Value {
    let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema).clone()
}

#[tokio::test]
async fn every_chat_refuses_the_same_messages() {
    let image = |url: &str| json!([{ "type": "image", "url": url }]);
    for chat in all().await {
        let id = chat.conversation.as_str();
        let rows = [
            (json!({ "text": "Hola" }), "invalid-input", "/conversation_id"),
            (json!({ "conversation_id": "", "text": "Hola" }), "invalid-input", "/conversation_id"),
            (json!({ "conversation_id": "c".repeat(257), "text": "Hola" }), "invalid-input", "/conversation_id"),
            (json!({ "conversation_id": "a\nb", "text": "Hola" }), "invalid-input", "/conversation_id"),
            (json!({ "conversation_id": 7, "text": "Hola" }), "invalid-input", "/conversation_id"),
            (json!({ "conversation_id": id, "text": "Hola", "colour": "red" }), "invalid-input", "/colour"),
            (json!({ "conversation_id": id, "text": ["Hola"] }), "invalid-input", "/text"),
            (
                json!({ "conversation_id": id, "attachments": image("http://cdn.example/a.png") }),
                "invalid-input",
                "/attachments/0/url",
            ),
            (json!({ "conversation_id": id, "attachments": image("/a.png") }), "invalid-input", "/attachments/0/url"),
            (
                json!({ "conversation_id": id, "attachments": [{ "type": "sound", "url": "https://cdn.example/a" }] }),
                "invalid-input",
                "/attachments/0/type",
            ),
            (json!({ "conversation_id": id }), "message-empty", "/text"),
            (json!({ "conversation_id": id, "text": " " }), "message-empty", "/text"),
            (json!({ "conversation_id": id, "text": "", "attachments": [] }), "message-empty", "/text"),
        ];
        for (input, code, pointer) in rows {
            let reply = chat.send_message(&input).await;
            let problem = reply.json();
            let found = (reply.status(), &problem["code"], problem["errors"][0]["pointer"].as_str());
            let plugin = chat.plugin;
            assert_eq!(found, (422, &json!(code), Some(pointer)), "{plugin}: {input}: {}", reply.text());
        }
        assert!(chat.texts().is_empty(), "{}: nothing of it was sent", chat.plugin);
    }
}

#[tokio::test]
async fn every_chat_says_what_it_cannot_send() {
    for chat in all().await {
        for kind in ["image", "video", "file"] {
            let attachment = json!({ "type": kind, "url": "https://cdn.example/a", "name": "a", "content_type": "x/y", "size_bytes": 7 });
            let input = json!({ "conversation_id": chat.conversation, "text": "Hola", "attachments": [attachment] });
            let reply = chat.send_message(&input).await;
            let expected = if chat.sends_no.contains(&kind) { 422 } else { 200 };
            assert_eq!(reply.status(), expected, "{}, {kind}: {}", chat.plugin, reply.text());
            if expected == 422 {
                let problem = reply.json();
                let at = &problem["errors"][0]["pointer"];
                assert_eq!((&problem["code"], at), (&json!("attachment-unsupported"), &json!("/attachments/0")));
            }
        }
    }
}

#[tokio::test]
async fn every_chat_sends_a_message_and_answers_alike() {
    let text = "Hola, ¿llegó mi pedido? 😀";
    for chat in all().await {
        let reply = chat.send_message(&json!({ "conversation_id": chat.conversation, "text": text })).await;
        assert_eq!(reply.status(), 200, "{}: {}", chat.plugin, reply.text());
        let answer = reply.json();
        assert_eq!(answer["conversation_id"], json!(chat.conversation), "{}", chat.plugin);
        let ids = answer["message_ids"].as_array().expect("a list");
        assert!(ids.iter().all(Value::is_string) && answer[chat.plugin].is_object(), "{answer}");
        assert_eq!(chat.texts(), [text], "{}", chat.plugin);
    }
}

#[tokio::test]
async fn every_chat_tells_of_a_message_alike() {
    let text = "¿Hay alguien? 😀\nשלום";
    for chat in all().await {
        let Some(message) = chat.message else { continue };
        chat.somebody_writes(text).await;
        let mut events = chat.host.events().await;
        events.retain(|event| event["type"] == format!("{}.{message}", chat.plugin));
        let [event] = events.as_slice() else { panic!("{}: {:?}", chat.plugin, chat.host.events().await) };
        let data = &event["data"];
        assert_eq!(
            (&event["subject"], &data["conversation_id"]),
            (&json!(chat.conversation), &json!(chat.conversation))
        );
        assert_eq!((&data["text"], &data["attachments"]), (&json!(text), &json!([])));
        assert!(data["message_id"].as_str().is_some_and(|id| !id.is_empty()), "{data}");
        let kinds = ["user", "agent", "bot", "system", "unknown"];
        assert!(data["sender"]["type"].as_str().is_some_and(|kind| kinds.contains(&kind)), "{data}");
        assert!(data[chat.plugin].is_object(), "{data}");
        let known = [
            "conversation_id",
            "message_id",
            "text",
            "attachments",
            "sender",
            "site",
            "channel_id",
            "time",
            chat.plugin,
        ];
        let members = data.as_object().expect("an object");
        assert!(members.keys().all(|name| known.contains(&name.as_str())), "{data}");
    }
}

#[tokio::test]
async fn what_one_chat_tells_another_can_send() {
    let [from, others @ ..] = all().await;
    from.somebody_writes("Hola").await;
    let events = from.host.events().await;
    let told = events.iter().find(|event| event["type"] == "freshchat.message.received").expect("it was told");
    for to in others {
        let mut input = json!({ "text": told["data"]["text"], "attachments": told["data"]["attachments"] });
        // Feedbot's conversations are phone numbers.
        input["conversation_id"] =
            if to.plugin == "feedbot" { json!(to.conversation) } else { told["subject"].clone() };
        let reply = to.send_message(&input).await;
        assert_eq!((reply.status(), to.texts()), (200, vec!["Hola".to_owned()]), "{}", reply.text());
    }
}
