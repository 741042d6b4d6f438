//! The flow of a bot: what a customer writes in Freshchat goes to Selarti's AI, what that answers goes back, and where it gives up a
//! group of people takes over. Also when the host is killed in the middle of it.

use std::collections::BTreeMap;

use hookyard_tests::demo::CARE;
use hookyard_tests::freshchat;
use serde_json::json;

use crate::demo::Demo;

const CONNECTIONS: &[&str] = &["chat", "ai"];

async fn is_muted(demo: &Demo, conversation: &str) -> bool {
    demo.call("chat", "get-conversation", &json!({ "conversation_id": conversation })).await["muted"] == true
}

/// What is known of the customers' messages: by the text of each the flows that were given up on its way.
async fn given_up(demo: &Demo) -> BTreeMap<String, Vec<String>> {
    let mut given_up: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (subscription, event) in demo.unknown_outcomes().await {
        let text = event["data"]["text"].as_str().expect("a text").trim_start_matches("AI: ").to_owned();
        given_up.entry(text).or_default().push(subscription);
    }
    given_up
}

#[tokio::test]
async fn a_customer_is_answered_by_the_ai_until_a_person_takes_over() {
    let flow = Demo::start(CONNECTIONS).await;
    let [id, other] = [flow.providers.freshchat.start_conversation(), flow.providers.freshchat.start_conversation()];
    flow.providers.freshchat.customer_says(&id, "Hola, ¿tienen rojos?");
    flow.providers.freshchat.until(|freshchat| freshchat.messages(&id).len() == 1).await;
    flow.providers.freshchat.customer_says(&id, "quiero una persona");
    let group = flow.providers.freshchat.group(CARE);
    flow.providers
        .freshchat
        .until(|freshchat| freshchat.conversation(&id)["assigned_group_id"] == group.as_str())
        .await;
    flow.until_quiet().await;
    assert_eq!(flow.providers.freshchat.texts(&id), ["AI: Hola, ¿tienen rojos?", "AI: quiero una persona"]);
    assert_eq!(flow.providers.freshchat.conversation(&id)["status"], "new", "it waits in the group's queue");
    assert!(is_muted(&flow, &id).await && !is_muted(&flow, &other).await);

    flow.providers.freshchat.customer_says(&id, "¿hay alguien?");
    flow.providers.freshchat.customer_says(&other, "Hola");
    flow.until_quiet().await;
    assert_eq!(
        (flow.providers.freshchat.texts(&id).len(), flow.providers.freshchat.texts(&other)),
        (2, vec!["AI: Hola".to_owned()])
    );
    let asked: Vec<_> = flow.providers.selarti.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(asked, ["Hola, ¿tienen rojos?", "quiero una persona", "Hola"], "the bot only observes");
    let events = flow.host.events().await;
    let observed: Vec<_> = events.iter().filter(|event| event["type"] == "freshchat.message.observed").collect();
    assert_eq!((observed.len(), &observed[0]["data"]["text"]), (1, &json!("¿hay alguien?")));
    let handed_over = events.iter().filter(|event| event["type"] == "selarti.dialog.handed-over").count();
    assert_eq!((handed_over, flow.deliveries("exhausted").await), (1, vec![]));

    flow.providers.freshchat.resolve(&id);
    flow.until_quiet().await;
    assert!(!is_muted(&flow, &id).await, "the bot has it back");
    assert!(flow.providers.freshchat.attempts().iter().all(|attempt| attempt.is_accepted()));
}

/// Both calls between the question and the answer are cut off, once before they are carried out and once after it.
#[tokio::test]
async fn what_was_on_its_way_when_the_host_was_killed_is_answered_once_or_listed() {
    use freshchat::Fault;
    let mut flow = Demo::start(CONNECTIONS).await;
    let conversations: Vec<_> = (0..5).map(|_| flow.providers.freshchat.start_conversation()).collect();
    let ask =
        |flow: &Demo, at: usize, text: &str| drop(flow.providers.freshchat.customer_says(&conversations[at], text));
    ask(&flow, 4, "before");
    flow.providers.freshchat.until(|freshchat| freshchat.messages(&conversations[4]).len() == 1).await;
    flow.until_quiet().await;
    for (at, fault, text) in [(0, Fault::Hang, "not asked"), (1, Fault::HangAfter, "asked")] {
        let before = flow.providers.selarti.requests().len();
        flow.providers.selarti.fail_sends(fault, 1);
        ask(&flow, at, text);
        flow.providers.selarti.asked(before + 1).await;
    }
    // The answer to the one that was asked has come by now, and been handed on.
    flow.providers.freshchat.until(|freshchat| freshchat.messages(&conversations[1]).len() == 1).await;
    for (at, fault, text) in [(2, Fault::Hang, "not answered"), (3, Fault::HangAfter, "answered")] {
        let before = flow.providers.freshchat.requests().len();
        flow.providers.freshchat.fail_on("POST", fault, 1);
        ask(&flow, at, text);
        flow.providers.freshchat.asked(before + 1).await;
    }
    // Selarti is not kept waiting for a messenger that does not answer.
    flow.providers.selarti.until_delivered().await;
    assert!(flow.providers.selarti.attempts().iter().all(|attempt| attempt.status == Some(200)));
    flow.host.kill().await;
    ask(&flow, 4, "meanwhile");
    flow.come_back().await;
    flow.until_quiet().await;

    let texts: Vec<_> = conversations.iter().map(|id| flow.providers.freshchat.texts(id)).collect();
    let answered = |text: &str| vec![format!("AI: {text}")];
    let both = vec!["AI: before".to_owned(), "AI: meanwhile".to_owned()];
    assert_eq!(texts, [vec![], answered("asked"), vec![], answered("answered"), both]);
    let expected =
        [("answered", "answer"), ("asked", "ask-the-ai"), ("not answered", "answer"), ("not asked", "ask-the-ai")];
    let expected = expected.map(|(text, subscription)| (text.to_owned(), vec![subscription.to_owned()]));
    assert_eq!(given_up(&flow).await, BTreeMap::from(expected));
    let mut asked: Vec<_> = flow.providers.selarti.sent().into_iter().map(|sent| sent.text).collect();
    asked.sort_unstable();
    assert_eq!(asked, ["answered", "asked", "before", "meanwhile", "not answered"], "nobody was asked twice");
}

/// Customers write on while the host is killed again and again.
#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_no_message_of_a_customer_and_answer_none_twice() {
    const KILLS: usize = 4;
    const CONVERSATIONS: usize = 6;
    const MESSAGES: usize = 4;
    let mut flow = Demo::start(CONNECTIONS).await;
    let conversations: Vec<_> = (0..CONVERSATIONS).map(|_| flow.providers.freshchat.start_conversation()).collect();
    let mut written = Vec::new();
    for round in 0..=KILLS {
        let before: usize = conversations.iter().map(|id| flow.providers.freshchat.messages(id).len()).sum();
        for number in 0..MESSAGES {
            for (at, id) in conversations.iter().enumerate() {
                let text = format!("{round}/{number}/{at}");
                flow.providers.freshchat.customer_says(id, &text);
                written.push((id.clone(), text));
            }
        }
        if round < KILLS {
            // In the midst of it: another share of them each time.
            let enough = before + 1 + round * CONVERSATIONS * MESSAGES / (KILLS + 1);
            let answers =
                |fake: &freshchat::Fake| conversations.iter().map(|id| fake.messages(id).len()).sum::<usize>();
            flow.providers.freshchat.until(|fake| answers(fake) >= enough).await;
            flow.kill().await;
        }
    }
    flow.until_quiet().await;
    let (given_up, mut unanswered) = (given_up(&flow).await, 0);
    for (id, text) in &written {
        let answers =
            flow.providers.freshchat.texts(id).iter().filter(|answer| **answer == format!("AI: {text}")).count();
        assert!(answers <= 1, "{text} was answered {answers} times");
        assert!(answers == 1 || given_up.contains_key(text), "{text} is lost");
        unanswered += usize::from(answers == 0);
    }
    let all: usize = conversations.iter().map(|id| flow.providers.freshchat.messages(id).len()).sum();
    assert_eq!(all + unanswered, written.len(), "nothing else was said");
    let mut asked: Vec<_> = flow.providers.selarti.sent().into_iter().map(|sent| sent.text).collect();
    let count = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), count, "nobody was asked twice");
    println!(
        "{} messages, {KILLS} kills, {} deliveries given up, {unanswered} unanswered",
        written.len(),
        given_up.len()
    );
}
