//! How a connection is made, changed and checked: in the words of this host, and in those of the account that a bot comes from.

use hookyard_tests::freshchat::{APP, BOT, Fake, Fault, GROUP};
use hookyard_tests::http::Reply;
use serde_json::{Value, json};

use super::{check, code, connection, host, webhook_key};

fn grants() -> Value {
    json!({ "private_addresses": ["127.0.0.1/32"] })
}

/// A bot as it is described elsewhere.
fn described(fake: &Fake) -> Value {
    json!({
        "user-type": "machine", "name": "Ana", "freshchat-actor-id": BOT, "freshchat-access-token": fake.token(),
        "freshchat-app-id": APP, "freshchat-group-name": GROUP, "freshchat-api-base": fake.base_url(),
        "freshchat-webhook-public-key": fake.public_key(), "freshchat-channel-map": {}, "freshchat-site-property": "site_id",
        "properties": { "colour": "blue", "age": 7 },
    })
}

fn errors(reply: &Reply) -> String {
    assert_eq!(reply.status(), 422, "{}", reply.text());
    reply.text()
}

#[tokio::test]
async fn a_bot_is_created_in_the_words_of_its_description_and_read_in_our_own() {
    let fake = Fake::start().await;
    let host = host("").await;
    let created = json!({ "plugin": "freshchat", "config": described(&fake), "grants": grants() });
    let reply = host.put("/v1/connections/bot-125678", &created).await;
    assert_eq!(reply.status(), 201, "{}", reply.text());
    let config = host.get("/v1/connections/bot-125678").await.json()["config"].clone();
    assert_eq!(
        (&config["actor_id"], &config["app_id"], &config["group_name"]),
        (&json!(BOT), &json!(APP), &json!(GROUP))
    );
    assert_eq!(
        (&config["user_type"], &config["name"], &config["site_property"]),
        (&json!("machine"), &json!("Ana"), &json!("site_id"))
    );
    assert_eq!(
        (&config["access_token"], &config["properties"]),
        (&json!({ "set": true }), &json!({ "colour": "blue", "age": 7 }))
    );
    assert!(config.as_object().expect("an object").keys().all(|name| !name.contains('-')), "{config}");
    assert_eq!(check(&host, "bot-125678").await["health"]["status"], "healthy");
    assert_eq!(host.put("/v1/connections/bot-125678", &created).await.status(), 200);

    let mut twice = created.clone();
    twice["config"]["group-name"] = json!("Financeiro");
    assert!(errors(&host.put("/v1/connections/other", &twice).await).contains("group"));
    let mut person = created.clone();
    person["config"]["user-type"] = json!("person");
    errors(&host.put("/v1/connections/other", &person).await);
    let mut unknown = created;
    unknown["config"]["freshchat-colour"] = json!("blue");
    errors(&host.put("/v1/connections/other", &unknown).await);
}

#[tokio::test]
async fn a_bot_is_changed_by_query_parameters_with_quoted_values() {
    let fake = Fake::start().await;
    let host = host("").await;
    let created = json!({ "plugin": "freshchat", "config": described(&fake), "grants": grants() });
    assert_eq!(host.put("/v1/connections/bot-125678", &created).await.status(), 201);
    fake.change_token("fresh_test_new");
    let query = "freshchat-access-token=%22fresh_test_new%22&freshchat-actor-id=%22".to_owned()
        + BOT
        + "%22&freshchat-app-id=%22another%20app%22&group-name=%22Financeiro%22";
    let path = format!("/v1/connections/bot-125678?{query}");
    let request = http::Request::patch(path).header("authorization", format!("Bearer {}", hookyard_tests::host::TOKEN));
    let reply = host.send(request, "").await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let config = host.get("/v1/connections/bot-125678").await.json()["config"].clone();
    assert_eq!((&config["app_id"], &config["group_name"]), (&json!("another app"), &json!("Financeiro")));
    assert_eq!(config["name"], "Ana", "what is not named stays");
    assert_eq!(check(&host, "bot-125678").await["health"]["status"], "healthy", "with the new token");
    let id = fake.start_conversation();
    let assigned = host.call("bot-125678", "assign-to-group", &json!({ "conversation_id": id })).await;
    assert_eq!(assigned.json()["group_name"], "Financeiro", "{}", assigned.text());
}

#[tokio::test]
async fn a_token_that_was_pasted_with_more_than_itself_is_refused_with_a_reason() {
    let fake = Fake::start().await;
    let host = host("").await;
    for token in ["Bearer abc", "bearer abc", "\"abc\"", "'abc'", "abc\r\nx-evil: 1", "abc\n", "a\u{0}b", ""] {
        let mut config = described(&fake);
        config["freshchat-access-token"] = json!(token);
        let created = json!({ "plugin": "freshchat", "config": config, "grants": grants() });
        let refused = host.put("/v1/connections/bot", &created).await;
        let text = errors(&refused);
        assert!(text.contains("access_token") || text.contains("access-token"), "{token:?}: {text}");
        assert!(token.len() < 4 || !text.contains("abc"), "{token:?}: {text}");
    }
    assert_eq!(host.get("/v1/connections/bot").await.status(), 404);
}

#[tokio::test]
async fn the_address_of_the_api_may_be_written_with_and_without_its_version() {
    let fake = Fake::start().await;
    let root = fake.base_url().replace("/v2", "");
    let bases = ["", "/", "/v2", "/v2/"].map(|end| format!("{root}{end}"));
    let all: String = bases
        .iter()
        .enumerate()
        .map(|(at, base)| connection(&fake, &format!("chat-{at}"), "").replace(&fake.base_url(), base))
        .collect();
    let host = host(&all).await;
    for (at, base) in bases.iter().enumerate() {
        assert_eq!(check(&host, &format!("chat-{at}")).await["health"]["status"], "healthy", "{base}");
    }
    assert!(fake.requests().iter().all(|request| request.path == format!("/v2/agents/{BOT}")));
}

#[tokio::test]
async fn a_check_says_what_is_wrong_and_what_is_left_to_do() {
    let fake = Fake::start().await;
    let named = |group: &str| format!("group_name = {}", json!(group));
    let all = [
        connection(&fake, "right", &format!("{}{}", webhook_key(&fake.public_key()), named(GROUP))),
        connection(&fake, "nobody", "").replace(BOT, "nobody"),
        connection(&fake, "unknown", &named("Nowhere")),
        connection(&fake, "ambiguous", &named("Twins")),
        connection(&fake, "revoked", "").replace(&fake.token(), "old"),
    ];
    let host = host(&all.concat()).await;
    let rows = [
        ("right", "healthy", ""),
        ("nobody", "unhealthy", "actor-unknown"),
        ("unknown", "unhealthy", "group-unknown"),
        ("ambiguous", "unhealthy", "group-ambiguous"),
        ("revoked", "unhealthy", "provider-unauthorized"),
    ];
    for (id, status, word) in rows {
        let checked = check(&host, id).await;
        assert_eq!(
            (&checked["health"]["status"], code(&checked["health"])),
            (&json!(status), word.to_owned()),
            "{checked}"
        );
        let setup = checked["setup"].to_string();
        for step in [&format!("/webhooks/{id}"), "Conversation Webhooks", "public key", "admin"] {
            assert!(setup.contains(step), "{step}: {setup}");
        }
    }
    let unknown = check(&host, "unknown").await["health"]["message"].to_string();
    assert!(unknown.contains("Team 01"), "the candidates are named: {unknown}");
    for change in [json!({ "is_deactivated": true }), json!({ "is_deactivated": false, "is_deleted": true })] {
        fake.change_agent(BOT, &change);
        assert_eq!(code(&check(&host, "right").await["health"]), "actor-disabled", "{change}");
    }
    fake.change_agent(BOT, &json!({ "is_deleted": false }));
    for fault in [Fault::Status(500), Fault::Page(502), Fault::RateLimited(None)] {
        fake.fail_on("GET", fault.clone(), 9);
        let health = check(&host, "right").await["health"].clone();
        assert_eq!(health["status"], "unhealthy", "{fault:?}: {health}");
        assert!(["provider-unavailable", "rate-limited"].contains(&code(&health).as_str()), "{fault:?}: {health}");
        fake.forgive();
    }
    assert_eq!(check(&host, "right").await["health"]["status"], "healthy");
}
