//! The flow of a bot in a messenger that has no plugin: what people write in Telegram goes to Selarti's AI, and its answers go back,
//! both by requests and webhooks that the config of generic HTTP defines. Also when Telegram refuses, and when the host is killed in
//! the middle of it.

use std::collections::BTreeMap;

use hookyard_tests::fault::Fault;
use serde_json::{Value, json};

use crate::demo::Demo;

const CONNECTIONS: &[&str] = &["telegram", "telegram-ai"];

#[tokio::test]
async fn people_in_telegram_are_answered_by_an_ai_of_their_own() {
    let flow = Demo::start(&["telegram", "telegram-ai", "chat", "ai", "erp"]).await;
    let (telegram, freshchat) = (&flow.providers.telegram, &flow.providers.freshchat);
    let conversation = freshchat.start_conversation();
    telegram.person_says(501, "Hi \"there\" {x}");
    telegram.person_sends(501, &[("sticker", json!({ "emoji": "👍" }))]);
    telegram.person_says(-1_001_234_567_890, "boleto 00123456789");
    freshchat.customer_says(&conversation, "Hola");
    flow.until_quiet().await;
    telegram.person_says(501, "a person, please");
    flow.until_quiet().await;

    let said = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let expected = BTreeMap::from([
        (501, said(&["AI: Hi \"there\" {x}", "AI: a person, please"])),
        (-1_001_234_567_890, said(&["AI: boleto 00123456789"])),
    ]);
    assert_eq!(telegram.all_texts(), expected);
    assert_eq!(freshchat.texts(&conversation), ["AI: Hola"]);
    assert_eq!((flow.providers.selarti.sent().len(), flow.providers.telegram_selarti.sent().len()), (1, 3));
    assert_eq!((flow.providers.erp.requests().len(), flow.deliveries("exhausted").await), (0, vec![]));
    assert_eq!(flow.events("generic-http.webhook.received").await.len(), 4);
    assert!(telegram.attempts().iter().all(|attempt| attempt.is_accepted()));
}

#[tokio::test]
async fn the_bots_token_is_seen_by_telegram_only() {
    let flow = Demo::start(CONNECTIONS).await;
    flow.providers.telegram.person_says(501, "Hi");
    flow.until_quiet().await;
    let (token, secret) = (flow.providers.telegram.token(), flow.providers.telegram.secret());
    assert_eq!(flow.providers.telegram.requests()[0].path, format!("/bot{token}/sendMessage"));
    let preview = json!({ "request": "send", "fields": { "chat": "501", "text": "Hi" } });
    let preview = flow.call("telegram", "preview", &preview).await;
    assert!(preview["url"].as_str().is_some_and(|url| url.ends_with("/bot•••/sendMessage")), "{preview}");
    let mut seen = preview.to_string();
    for path in
        ["/v1/events", "/v1/connections/telegram", "/v1/deliveries", "/v1/invocations", "/v1/webhooks?state=handled"]
    {
        seen += &flow.get(path).await.to_string();
    }
    for file in ["stdout.log", "stderr.log"] {
        seen += &std::fs::read_to_string(flow.host.directory().join(file)).expect("it can be read");
    }
    for hidden in [&token, token.split_once(':').expect("a token has two parts").1, &secret] {
        assert!(!seen.contains(hidden), "{hidden} is seen in {seen}");
    }
}

#[tokio::test]
async fn an_update_counts_once_and_only_with_the_secret() {
    let flow = Demo::start(CONNECTIONS).await;
    let body = flow.providers.telegram.person_says(501, "Hi");
    flow.until_quiet().await;
    let send = async |secret: &str| {
        let request = http::Request::post("/webhooks/telegram")
            .header("content-type", "application/json")
            .header("x-telegram-bot-api-secret-token", secret);
        flow.host.send(request, body.clone()).await.expect("an answer").status()
    };
    assert_eq!((send(&flow.providers.telegram.secret()).await, send("tg-hook_other").await), (200, 401));
    flow.until_quiet().await;
    assert_eq!(flow.providers.telegram.texts(501), ["AI: Hi"]);
}

#[tokio::test]
async fn what_telegram_refuses_is_an_event_and_what_it_puts_off_is_said_later() {
    let flow = Demo::start(CONNECTIONS).await;
    let telegram = &flow.providers.telegram;
    telegram.person_says(502, "Hi");
    telegram.blocks(502);
    flow.until_quiet().await;
    let failed = flow.events("generic-http.request.failed").await;
    let description = &failed[0]["data"]["response"]["description"];
    assert_eq!((failed.len(), description), (1, &json!("Forbidden: bot was blocked by the user")), "{failed:?}");
    assert_eq!((&failed[0]["subject"], flow.deliveries("exhausted").await), (&json!("502"), vec![]));

    telegram.fail(Fault::RateLimited(Some("1".to_owned())), 1);
    telegram.person_says(501, "first");
    telegram.person_says(501, "second");
    flow.until_quiet().await;
    assert_eq!(telegram.requests().len(), 4, "one that was refused, one that was put off, and one for each answer");
    assert_eq!(telegram.texts(501), ["AI: first", "AI: second"]);
}

/// People write on while the host is killed again and again, each time with a call open, at the AI or at Telegram.
#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_no_message_of_a_person_and_answer_none_twice() {
    const CHATS: i64 = 4;
    let mut flow = Demo::start(CONNECTIONS).await;
    let mut written = Vec::new();
    for round in 0..4 {
        let (asked, sent) =
            (flow.providers.telegram_selarti.requests().len(), flow.providers.telegram.requests().len());
        let fault = if round % 2 == 0 { Fault::Hang } else { Fault::HangAfter };
        match round / 2 {
            0 => flow.providers.telegram_selarti.fail_sends(fault, 1),
            _ => flow.providers.telegram.fail(fault, 1),
        }
        for chat in 0..CHATS {
            let text = format!("{round}/{chat}");
            flow.providers.telegram.person_says(501 + chat, &text);
            written.push((501 + chat, text));
        }
        match round / 2 {
            0 => flow.providers.telegram_selarti.asked(asked + 1).await,
            _ => flow.providers.telegram.asked(sent + 1).await,
        }
        flow.kill().await;
    }
    flow.until_quiet().await;

    let unknown: Vec<String> = flow.unknown_outcomes().await.iter().map(|(_, event)| text_of(event)).collect();
    for (chat, text) in &written {
        let answers =
            flow.providers.telegram.texts(*chat).iter().filter(|answer| **answer == format!("AI: {text}")).count();
        assert!(answers <= 1, "{text} was answered {answers} times");
        assert!(answers == 1 || unknown.contains(text), "{text} is lost");
    }
    let mut asked: Vec<_> = flow.providers.telegram_selarti.sent().into_iter().map(|sent| sent.text).collect();
    let count = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), count, "nobody was asked twice");
    let said: usize = flow.providers.telegram.all_texts().values().map(Vec::len).sum();
    assert!(said <= written.len(), "{said} answers to {} messages", written.len());
}

/// What a person wrote, of the webhook's event or of the answer's.
fn text_of(event: &Value) -> String {
    let text = event["data"]["json"]["message"]["text"].as_str().or_else(|| event["data"]["text"].as_str());
    text.expect("a text").trim_start_matches("AI: ").to_owned()
}
