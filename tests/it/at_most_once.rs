//! An action with an `Idempotency-Key` keeps its promise when the host is killed in the middle of it.

use std::collections::{BTreeMap, BTreeSet};

use hookyard_tests::guests;
use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};
use tokio::sync::Mutex;

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");

async fn host(provider: &Provider) -> HostProcess {
    let config = format!(
        "[connections.bot]\nplugin = \"echo\"\nconfig = {{ base = \"{}\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
        provider.base()
    );
    HostProcess::start_with(BINARY, guests::ECHO, &config, "warn").await
}

fn post(provider: &Provider, path: &str) -> Value {
    json!({ "do": [
        { "fetch": { "url": format!("{}{path}", provider.base()), "method": "POST" } },
        { "emit": { "data": path } },
    ]})
}

/// Calls an action, and kills the host once the provider was asked.
async fn kill_in_the_middle(host: &mut HostProcess, provider: &Provider, action: &str, path: &str) {
    let input = post(provider, path);
    tokio::select! {
        reply = host.call_as("order-7", "bot", action, &input) => panic!("answered before the kill: {reply:?}"),
        () = provider.asked("/gate", 1) => {}
    }
    host.kill().await;
    host.start_again().await;
}

fn code(reply: &Reply) -> String {
    reply.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_action_that_is_not_idempotent_never_runs_again_and_says_that_its_outcome_is_not_known() {
    let provider = Provider::start().await;
    let mut host = host(&provider).await;
    kill_in_the_middle(&mut host, &provider, "do", "/gate").await;
    provider.open();
    for _ in 0..3 {
        let reply = host.call_as("order-7", "bot", "do", &post(&provider, "/gate")).await.expect("an answer");
        assert_eq!((reply.status(), code(&reply)), (502, "outcome-unknown".to_owned()));
        assert_eq!(reply.header("idempotency-replayed"), "true");
    }
    assert_eq!(provider.times_asked("/gate"), 1);
    assert!(host.events().await.is_empty());
}

#[tokio::test]
async fn an_idempotent_action_runs_again_and_says_so() {
    let provider = Provider::start().await;
    let mut host = host(&provider).await;
    kill_in_the_middle(&mut host, &provider, "do-again", "/gate").await;
    provider.open();
    let input = post(&provider, "/gate");
    let again = host.call_as("order-7", "bot", "do-again", &input).await.expect("an answer");
    assert_eq!((again.status(), &again.json()["attempt"]), (200, &json!(2)), "{}", again.text());
    let repeated = host.call_as("order-7", "bot", "do-again", &input).await.expect("an answer");
    assert_eq!((repeated.text(), repeated.header("idempotency-replayed")), (again.text(), "true"));
    assert_eq!((provider.times_asked("/gate"), host.events().await.len()), (2, 1));
}

/// Clients call on while the host is killed again and again; each repeats its last call, with its key, until it is answered.
#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_let_no_call_run_twice_and_lose_no_answer() {
    const KILLS: usize = 5;
    const CLIENTS: usize = 8;
    let provider = Provider::start().await;
    let mut host = host(&provider).await;
    let answered = Mutex::new(BTreeMap::new());
    let unanswered = Mutex::new(BTreeSet::new());
    for round in 0..KILLS {
        let clients =
            (0..CLIENTS).map(|client| call_until_killed(&host, &provider, (round, client), &answered, &unanswered));
        let clients = futures_util::future::join_all(clients);
        let kill = async {
            while answered.lock().await.len() < (round + 1) * 40 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { _ = clients => {}, () = kill => {} }
        host.kill().await;
        host.start_again().await;
    }
    let cut_off = unanswered.lock().await.clone();
    assert!(!cut_off.is_empty(), "the kills met calls in flight");
    let mut unknown = 0;
    for path in &cut_off {
        let reply = host.call_as(path, "bot", "do", &post(&provider, path)).await.expect("an answer");
        match reply.status() {
            200 => assert!(answered.lock().await.insert(path.clone(), reply.text()).is_none()),
            502 => unknown += usize::from(code(&reply) == "outcome-unknown"),
            _ => panic!("{}", reply.text()),
        }
    }
    let answered = answered.lock().await.clone();
    for (path, text) in &answered {
        let again = host.call_as(path, "bot", "do", &post(&provider, path)).await.expect("an answer");
        assert_eq!((again.status(), &again.text()), (200, text), "the answer of {path} is repeated");
    }
    let said: Vec<_> = host.events().await.iter().map(|event| event["data"].as_str().map(str::to_owned)).collect();
    for path in answered.keys().chain(&cut_off) {
        assert!(provider.times_asked(path) <= 1, "{path} was sent twice");
        let events = said.iter().filter(|said| said.as_ref() == Some(path)).count();
        assert_eq!(events, usize::from(answered.contains_key(path)), "the effects of {path}");
    }
    println!("{} calls, {} cut off by {KILLS} kills, {unknown} of unknown outcome", answered.len(), cut_off.len());
}

type Answers = Mutex<BTreeMap<String, String>>;

/// Each call has a path of its own at the provider, which is its key as well.
async fn call_until_killed(
    host: &HostProcess,
    provider: &Provider,
    (round, client): (usize, usize),
    answered: &Answers,
    unanswered: &Mutex<BTreeSet<String>>,
) {
    for number in 0.. {
        let path = format!("/{round}-{client}-{number}");
        unanswered.lock().await.insert(path.clone());
        match host.call_as(&path, "bot", "do", &post(provider, &path)).await {
            Ok(reply) if reply.status() == 200 => {
                unanswered.lock().await.remove(&path);
                answered.lock().await.insert(path, reply.text());
            }
            Ok(reply) => panic!("{}: {}", reply.status(), reply.text()),
            Err(_) => return,
        }
    }
}

#[tokio::test]
async fn the_command_line_runs_an_action_and_says_what_is_wrong_with_a_call() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let hookyard = |arguments: &[&str]| {
        let output = std::process::Command::new(BINARY).args(arguments).current_dir(host.directory()).output();
        let output = output.expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, stdout, stderr) = hookyard(&["call", "bot", "echo", r#"{"n": 1.50}"#]);
    assert_eq!((code, stdout.as_str()), (Some(0), "{\"n\": 1.50}\n"), "{stderr}");
    let (code, _, stderr) = hookyard(&["call", "bot", "typed", "{}"]);
    assert!(code == Some(1) && stderr.contains("/count"), "{stderr}");
    assert_eq!(hookyard(&["call", "bot", "echo", "{"]).0, Some(2), "wrong usage");
    let (code, stdout, stderr) = hookyard(&["connections", "check", "bot"]);
    assert!(code == Some(1) && stderr.contains("unhealthy"), "the provider answers 404: {stdout}{stderr}");
    assert_eq!(hookyard(&["call", "bot", "do", r#"{"do": []}"#, "--idempotency-key", "k"]).0, Some(0));
}
