//! The flow of a bot: what a customer writes in Freshchat goes to Selarti's AI, what that answers goes back, and where it gives up a
//! group of people takes over. Also when the host is killed in the middle of it.

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard_tests::freshchat::{self, APP, BOT, GROUP};
use hookyard_tests::guests;
use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;
use hookyard_tests::selarti::{self, TASK};
use http::Request;
use serde_json::{Value, json};

const TOKEN: &str = "whk_2f6d1e5a90c0a80f112b5e";

/// Who hands what to whom.
const SUBSCRIPTIONS: &str = r#"
[subscriptions.ask-the-ai]
types = ["freshchat.message.received"]
when = "event.data.text"
endpoint = { connection = "ai", action = "send-message", input = { conversation_id = "{{ event.subject }}", text = "{{ event.data.text }}" } }
[subscriptions.answer]
types = ["selarti.message.generated"]
endpoint = { connection = "chat", action = "send-message", input = { conversation_id = "{{ event.subject }}", text = "{{ event.data.text }}" } }
[subscriptions.hand-over]
types = ["selarti.dialog.handed-over"]
endpoint = { connection = "chat", action = "raise-issue", input = { conversation_id = "{{ event.subject }}" } }
"#;

/// Freshchat, Selarti, and the host between them.
struct Flow {
    freshchat: freshchat::Fake,
    selarti: selarti::Fake,
    host: HostProcess,
}

impl Flow {
    async fn start() -> Self {
        let (freshchat, selarti) = (freshchat::Fake::start().await, selarti::Fake::start().await);
        let config = config(&freshchat, &selarti);
        let components = [guests::FRESHCHAT, guests::SELARTI];
        let host = HostProcess::start_with_all(env!("CARGO_BIN_EXE_hookyard"), &components, &config, "warn").await;
        // What is not accepted is told again when the host is back, and not before; Selarti is as patient as Freshchat.
        freshchat.pause_between_attempts(Duration::from_secs(3_600));
        selarti.pause_between_attempts(Duration::from_secs(3_600));
        selarti.attempts_of_each(6);
        selarti.hands_over_at("persona");
        let flow = Self { freshchat, selarti, host };
        flow.begin().await;
        flow
    }

    /// Both are healthy, and tell this host from now on.
    async fn begin(&self) {
        for connection in ["chat", "ai"] {
            let checked = self.post(&format!("/v1/connections/{connection}/check"), &json!({})).await.json();
            assert_eq!(checked["health"]["status"], "healthy", "{checked}");
        }
        let hooks = format!("http://{}/webhooks", self.host.address());
        self.freshchat.deliver_to(&format!("{hooks}/chat"));
        self.selarti.deliver_to(&format!("{hooks}/ai?token={TOKEN}"));
    }

    /// `kill -9`, and the host comes back at another address.
    async fn kill(&mut self) {
        self.host.kill().await;
        self.come_back().await;
    }

    async fn come_back(&mut self) {
        self.host.start_again().await;
        self.begin().await;
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.host.send(request, body.to_string()).await.expect("an answer")
    }

    async fn deliveries(&self, state: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/deliveries?state={state}&limit=1000")).await;
        page["deliveries"].as_array().expect("a list").clone()
    }

    /// Returns once nothing is on its way any more.
    async fn until_quiet(&self) {
        loop {
            let told = self.told().await;
            let inbox = self.get("/v1/webhooks?state=pending").await;
            let is_quiet = inbox["webhooks"] == json!([]) && self.is_all_handed_on().await;
            // What was handed on meanwhile has had something told, before it counted as handed on.
            if is_quiet && told == self.told().await {
                return;
            }
        }
    }

    /// How often Freshchat and Selarti have told something, once neither has anything to tell.
    async fn told(&self) -> (usize, usize) {
        self.freshchat.until_delivered().await;
        self.selarti.until_delivered().await;
        (self.freshchat.attempts().len(), self.selarti.attempts().len())
    }

    /// Whether every subscription has come to the end of the log, and nothing is to be tried again.
    async fn is_all_handed_on(&self) -> bool {
        let subscriptions = self.get("/v1/subscriptions").await;
        for subscription in subscriptions["subscriptions"].as_array().expect("a list") {
            let cursor = subscription["cursor"].as_str().expect("a text");
            let following = self.get(&format!("/v1/events?limit=1&after={cursor}")).await;
            if subscription["pending"] != 0 || following["events"] != json!([]) {
                return false;
            }
        }
        true
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.host.send(Request::get(path), "").await.expect("an answer");
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()
    }

    async fn is_muted(&self, conversation: &str) -> bool {
        let path = "/v1/connections/chat/actions/get-conversation";
        let reply = self.post(path, &json!({ "conversation_id": conversation })).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()["muted"] == true
    }

    /// What is known of the customers' messages: by the text of each the flows that were given up on its way.
    async fn given_up(&self) -> BTreeMap<String, Vec<String>> {
        let events = self.host.events().await;
        let mut given_up: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for delivery in self.deliveries("exhausted").await {
            assert_eq!(delivery["error"]["code"], "outcome-unknown", "{delivery}");
            let event = events.iter().find(|event| event["id"] == delivery["event"]).expect("its event");
            let text = event["data"]["text"].as_str().expect("a text").trim_start_matches("AI: ").to_owned();
            given_up.entry(text).or_default().push(delivery["subscription"].as_str().expect("an id").to_owned());
        }
        given_up
    }
}

fn config(freshchat: &freshchat::Fake, selarti: &selarti::Fake) -> String {
    let grants = "grants = { private_addresses = [\"127.0.0.1/32\"] }";
    format!(
        "[connections.chat]\nplugin = \"freshchat\"\n{grants}\n[connections.chat.config]\nactor_id = \"{BOT}\"\n\
         app_id = \"{APP}\"\naccess_token = \"{}\"\napi_base = \"{}\"\nwebhook_public_key = {}\ngroup_name = \"{GROUP}\"\n\
         [connections.ai]\nplugin = \"selarti\"\n{grants}\n[connections.ai.config]\ntask_id = \"{TASK}\"\n\
         send_url = \"{}\"\nwebhook_token = \"{TOKEN}\"\n\
         auth = {{ mode = \"exchange\", url = \"{}\", secret = \"{}\" }}\n{SUBSCRIPTIONS}",
        freshchat.token(),
        freshchat.base_url(),
        json!(freshchat.public_key()),
        selarti.send_url(),
        selarti.auth_url(),
        selarti.key(),
    )
}

#[tokio::test]
async fn a_customer_is_answered_by_the_ai_until_a_person_takes_over() {
    let flow = Flow::start().await;
    let [id, other] = [flow.freshchat.start_conversation(), flow.freshchat.start_conversation()];
    flow.freshchat.customer_says(&id, "Hola, ¿tienen rojos?");
    flow.freshchat.until(|freshchat| freshchat.messages(&id).len() == 1).await;
    flow.freshchat.customer_says(&id, "quiero una persona");
    let group = flow.freshchat.group(GROUP);
    flow.freshchat.until(|freshchat| freshchat.conversation(&id)["assigned_group_id"] == group.as_str()).await;
    flow.until_quiet().await;
    assert_eq!(flow.freshchat.texts(&id), ["AI: Hola, ¿tienen rojos?", "AI: quiero una persona"]);
    assert_eq!(flow.freshchat.conversation(&id)["status"], "new", "it waits in the group's queue");
    assert!(flow.is_muted(&id).await && !flow.is_muted(&other).await);

    flow.freshchat.customer_says(&id, "¿hay alguien?");
    flow.freshchat.customer_says(&other, "Hola");
    flow.until_quiet().await;
    assert_eq!((flow.freshchat.texts(&id).len(), flow.freshchat.texts(&other)), (2, vec!["AI: Hola".to_owned()]));
    let asked: Vec<_> = flow.selarti.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(asked, ["Hola, ¿tienen rojos?", "quiero una persona", "Hola"], "the bot only observes");
    let events = flow.host.events().await;
    let observed: Vec<_> = events.iter().filter(|event| event["type"] == "freshchat.message.observed").collect();
    assert_eq!((observed.len(), &observed[0]["data"]["text"]), (1, &json!("¿hay alguien?")));
    let handed_over = events.iter().filter(|event| event["type"] == "selarti.dialog.handed-over").count();
    assert_eq!((handed_over, flow.deliveries("exhausted").await), (1, vec![]));

    flow.freshchat.resolve(&id);
    flow.until_quiet().await;
    assert!(!flow.is_muted(&id).await, "the bot has it back");
    assert!(flow.freshchat.attempts().iter().all(|attempt| attempt.is_accepted()));
}

/// Both calls between the question and the answer are cut off, once before they are carried out and once after it.
#[tokio::test]
async fn what_was_on_its_way_when_the_host_was_killed_is_answered_once_or_listed() {
    use freshchat::Fault;
    let mut flow = Flow::start().await;
    let conversations: Vec<_> = (0..5).map(|_| flow.freshchat.start_conversation()).collect();
    let ask = |flow: &Flow, at: usize, text: &str| drop(flow.freshchat.customer_says(&conversations[at], text));
    ask(&flow, 4, "before");
    flow.freshchat.until(|freshchat| freshchat.messages(&conversations[4]).len() == 1).await;
    flow.until_quiet().await;
    for (at, fault, text) in [(0, Fault::Hang, "not asked"), (1, Fault::HangAfter, "asked")] {
        let before = flow.selarti.requests().len();
        flow.selarti.fail_sends(fault, 1);
        ask(&flow, at, text);
        flow.selarti.asked(before + 1).await;
    }
    // The answer to the one that was asked has come by now, and been handed on.
    flow.freshchat.until(|freshchat| freshchat.messages(&conversations[1]).len() == 1).await;
    for (at, fault, text) in [(2, Fault::Hang, "not answered"), (3, Fault::HangAfter, "answered")] {
        let before = flow.freshchat.requests().len();
        flow.freshchat.fail_on("POST", fault, 1);
        ask(&flow, at, text);
        flow.freshchat.asked(before + 1).await;
    }
    // Selarti is not kept waiting for a messenger that does not answer.
    flow.selarti.until_delivered().await;
    assert!(flow.selarti.attempts().iter().all(|attempt| attempt.status == Some(200)));
    flow.host.kill().await;
    ask(&flow, 4, "meanwhile");
    flow.come_back().await;
    flow.until_quiet().await;

    let texts: Vec<_> = conversations.iter().map(|id| flow.freshchat.texts(id)).collect();
    let answered = |text: &str| vec![format!("AI: {text}")];
    let both = vec!["AI: before".to_owned(), "AI: meanwhile".to_owned()];
    assert_eq!(texts, [vec![], answered("asked"), vec![], answered("answered"), both]);
    let expected =
        [("answered", "answer"), ("asked", "ask-the-ai"), ("not answered", "answer"), ("not asked", "ask-the-ai")];
    let expected = expected.map(|(text, subscription)| (text.to_owned(), vec![subscription.to_owned()]));
    assert_eq!(flow.given_up().await, BTreeMap::from(expected));
    let mut asked: Vec<_> = flow.selarti.sent().into_iter().map(|sent| sent.text).collect();
    asked.sort_unstable();
    assert_eq!(asked, ["answered", "asked", "before", "meanwhile", "not answered"], "nobody was asked twice");
}

/// Customers write on while the host is killed again and again.
#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_no_message_of_a_customer_and_answer_none_twice() {
    const KILLS: usize = 4;
    const CONVERSATIONS: usize = 6;
    const MESSAGES: usize = 4;
    let mut flow = Flow::start().await;
    let conversations: Vec<_> = (0..CONVERSATIONS).map(|_| flow.freshchat.start_conversation()).collect();
    let mut written = Vec::new();
    for round in 0..=KILLS {
        let before: usize = conversations.iter().map(|id| flow.freshchat.messages(id).len()).sum();
        for number in 0..MESSAGES {
            for (at, id) in conversations.iter().enumerate() {
                let text = format!("{round}/{number}/{at}");
                flow.freshchat.customer_says(id, &text);
                written.push((id.clone(), text));
            }
        }
        if round < KILLS {
            // In the midst of it: another share of them each time.
            let enough = before + 1 + round * CONVERSATIONS * MESSAGES / (KILLS + 1);
            let answers =
                |fake: &freshchat::Fake| conversations.iter().map(|id| fake.messages(id).len()).sum::<usize>();
            flow.freshchat.until(|fake| answers(fake) >= enough).await;
            flow.kill().await;
        }
    }
    flow.until_quiet().await;
    let (given_up, mut unanswered) = (flow.given_up().await, 0);
    for (id, text) in &written {
        let answers = flow.freshchat.texts(id).iter().filter(|answer| **answer == format!("AI: {text}")).count();
        assert!(answers <= 1, "{text} was answered {answers} times");
        assert!(answers == 1 || given_up.contains_key(text), "{text} is lost");
        unanswered += usize::from(answers == 0);
    }
    let all: usize = conversations.iter().map(|id| flow.freshchat.messages(id).len()).sum();
    assert_eq!(all + unanswered, written.len(), "nothing else was said");
    let mut asked: Vec<_> = flow.selarti.sent().into_iter().map(|sent| sent.text).collect();
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
