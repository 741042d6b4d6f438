//! The flow of a boleto, a payment slip: a customer asks for one in Freshchat, the shop's own system is asked for it, and its link goes
//! into the conversation. Where there is none, people take over. Also when the host is killed in the middle of it.

use hookyard_tests::demo::FINANCE;
use hookyard_tests::rest::{CPF, Fault};
use serde_json::json;

use crate::demo::Demo;

/// Those of the chat are there as well, to see that the AI keeps out of it.
const CONNECTIONS: &[&str] = &["chat", "ai", "erp"];
const LINK: &str = "Segue o boleto: https://pay.example/b/1";

#[tokio::test]
async fn the_link_comes_into_the_conversation_and_the_ai_is_not_asked() {
    let flow = Demo::start(CONNECTIONS).await;
    let freshchat = &flow.providers.freshchat;
    let [id, other] = [freshchat.start_conversation(), freshchat.start_conversation()];
    freshchat.customer_says(&id, &format!("Meu BOLETO, por favor: {CPF}"));
    freshchat.customer_says(&other, "Olá");
    flow.until_quiet().await;

    assert_eq!((freshchat.texts(&id), freshchat.texts(&other)), (vec![LINK.to_owned()], vec!["AI: Olá".to_owned()]));
    assert_eq!((flow.providers.erp.times_asked("/boleto"), flow.providers.selarti.sent().len()), (1, 1));
    assert_eq!(flow.events("generic-http.request.succeeded").await[0]["subject"], id.as_str());
    assert_eq!(freshchat.conversation(&id)["assigned_group_id"].as_str().unwrap_or_default(), "");
    assert_eq!(flow.deliveries("exhausted").await, [json!(null); 0]);
}

#[tokio::test]
async fn who_has_no_boleto_gets_to_a_department_and_so_does_who_asks_while_the_shop_is_down() {
    let flow = Demo::start(CONNECTIONS).await;
    let freshchat = &flow.providers.freshchat;
    let [unknown, down] = [freshchat.start_conversation(), freshchat.start_conversation()];
    freshchat.customer_says(&unknown, "boleto 99999999999");
    flow.until_quiet().await;
    flow.providers.erp.fail("GET /boleto", Fault::Page(503), 3);
    freshchat.customer_says(&down, &format!("boleto {CPF}"));
    flow.until_quiet().await;

    for id in [&unknown, &down] {
        assert_eq!(freshchat.conversation(id)["assigned_group_id"], freshchat.group(FINANCE).as_str());
        assert_eq!(freshchat.texts(id), [""; 0]);
    }
    let failed = flow.events("generic-http.request.failed").await;
    assert_eq!([&failed[0]["data"]["status_code"], &failed[1]["data"]["status_code"]], [&json!(404), &json!(503)]);
    assert_eq!((failed.len(), flow.providers.selarti.sent().len()), (2, 0));
    assert_eq!(flow.deliveries("exhausted").await, [json!(null); 0]);
}

/// All three calls of the flow are cut off, each once before it is carried out and once after it.
#[tokio::test]
async fn what_was_on_its_way_when_the_host_was_killed_is_answered_once_or_listed() {
    let mut flow = Demo::start(CONNECTIONS).await;
    let mut expected = Vec::new();
    for fault in [Fault::Hang, Fault::HangAfter] {
        let cases =
            [("boleto", "", CPF), ("boleto-reply", "/messages", CPF), ("boleto-to-department", "", "99999999999")];
        for (subscription, path, cpf) in cases {
            let id = flow.providers.freshchat.start_conversation();
            match subscription {
                "boleto" => flow.providers.erp.fail("GET /boleto", fault.clone(), 1),
                "boleto-reply" => {
                    flow.providers.freshchat.fail_on(&format!("POST /v2/conversations/{id}{path}"), fault.clone(), 1);
                }
                _ => flow.providers.freshchat.fail_on(&format!("PUT /v2/conversations/{id}"), fault.clone(), 1),
            }
            let (erp, freshchat) = (flow.providers.erp.requests().len(), flow.providers.freshchat.requests().len());
            flow.providers.freshchat.customer_says(&id, &format!("boleto {cpf}"));
            flow.providers.erp.asked(erp + 1).await;
            let is_asked = |requests: Vec<hookyard_tests::provider::Received>| {
                requests[freshchat..].iter().any(|request| request.path.contains(&id) && request.method != "GET")
            };
            while subscription != "boleto" && !is_asked(flow.providers.freshchat.requests()) {
                tokio::task::yield_now().await;
            }
            flow.kill().await;
            let is_done = fault == Fault::HangAfter && subscription == "boleto-reply";
            expected.push((subscription, id, usize::from(is_done)));
        }
    }
    flow.until_quiet().await;

    let unknown: Vec<_> = flow
        .unknown_outcomes()
        .await
        .into_iter()
        .map(|(subscription, event)| (subscription, event["subject"].clone()))
        .collect();
    for (subscription, id, answers) in &expected {
        assert_eq!(flow.providers.freshchat.texts(id).len(), *answers, "{subscription}");
        let is_listed = unknown.contains(&((*subscription).to_owned(), json!(id)));
        // To assign a conversation to a group once more does no harm, so that this is done again.
        let group = flow.providers.freshchat.conversation(id)["assigned_group_id"].clone();
        let is_assigned = group == flow.providers.freshchat.group(FINANCE).as_str();
        assert!(is_listed || (*subscription == "boleto-to-department" && is_assigned), "{subscription}: {unknown:?}");
    }
}
